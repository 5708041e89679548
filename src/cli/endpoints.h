// src/cli/endpoints.h -- where the bytes of a run come from and go to, and
// when that is refused.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/file.h"
#include "src/base/output_file.h"
#include "src/base/part_file.h"
#include "src/base/stream.h"
#include "src/cli/options.h"

namespace nncpp {

// Opens descriptors 0, 1 and 2 where the caller had closed them, in a way that
// makes every use of them fail. Otherwise the next file opened would be taken
// for a standard stream.
void ReserveStandardDescriptors();

// Throws Error(kUsage) when an archive would be read from a terminal, unless
// forced.
void RefuseTerminalInput(const Options& options);

// Whether a progress line may be drawn: on a terminal, and wanted.
bool DrawsProgress(const Options& options);

// Writes text to standard output; throws Error(kIo).
void PrintOut(std::string_view text);

// The output of compress and decompress: a file that appears under its name
// only when all is well, or standard output, or a device or pipe by its name.
class Output : public Sink {
 public:
  // Throws Error(kUsage) when the output is the input, exists or is a device
  // and nothing is forced, or is a terminal that an archive would go to.
  // `start` is that of the unfinished output of a run with checkpoints, where
  // it does not follow from the options.
  Output(const Options& options, const FileSource& input,
         std::optional<PartFile::Start> start = {});

  // Throws Error(kUsage) for bytes that do not belong on a terminal.
  void Write(std::span<const uint8_t> bytes) override;

  // Syncs, hands mode and time (of `input`) over and gives the file its name.
  void Finish(const std::optional<FileAttributes>& attributes);
  void Finish(const FileSource& input) { Finish(input.Attributes()); }

  // All of Finish that comes before the renaming; Finish then does the rest.
  // REQUIRES: neither checkpoints nor standard output.
  void Seal(const std::optional<FileAttributes>& attributes);

  // With --salvage, and if anything was written: gives that the name
  // OUT.incomplete and returns it. Otherwise returns an empty string.
  std::string FinishIncomplete();

  // Null unless checkpoints are asked for.
  PartFile* part() { return part_.get(); }

 private:
  void PrepareSalvage(const Options& options, const FileSource& input);

  std::unique_ptr<OutputFile> file_;  // exactly one of these three is set
  std::unique_ptr<PartFile> part_;
  std::unique_ptr<FileSink> stream_;
  std::string incomplete_;  // empty without --salvage
  bool text_only_ = false;
  bool anything_ = false;  // was written
};

}  // namespace nncpp
