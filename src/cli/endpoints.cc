// src/cli/endpoints.cc -- contract: endpoints.h
#include "src/cli/endpoints.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "src/base/error.h"
#include "src/base/output_path.h"

namespace nncpp {
namespace {

constexpr const char* kStandardOutput = "standard output";

// Control bytes that text does not hold; ESC could command the terminal.
bool IsBinary(uint8_t byte) {
  return (byte < 0x20 && (byte < '\b' || byte > '\r')) || byte == 0x7F;
}

PartFile::Start PartStart(const Options& options) {
  if (options.resume) return PartFile::Start::kContinue;
  return options.force ? PartFile::Start::kReplace : PartFile::Start::kNew;
}

}  // namespace

void ReserveStandardDescriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free descriptor is `fd`. Open the wrong way round, it answers
    // every read or write with EBADF, as a closed one does.
    const int opened =
        ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened != fd) throw Error(ErrorKind::kIo, "cannot open /dev/null");
  }
}

void RefuseTerminalInput(const Options& options) {
  if (options.input != "-" || options.force || ::isatty(STDIN_FILENO) == 0) {
    return;
  }
  throw Error(ErrorKind::kUsage,
              "standard input: is a terminal, which holds no archive; "
              "name a file, or force it with -f");
}

bool DrawsProgress(const Options& options) {
  // The line would run into an original that is written to the terminal.
  const bool shared = options.output == "-" && ::isatty(STDOUT_FILENO) != 0;
  return options.progress && !shared && ::isatty(STDERR_FILENO) != 0;
}

void PrintOut(std::string_view text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  WriteFully(STDOUT_FILENO, {bytes, text.size()}, kStandardOutput);
}

Output::Output(const Options& options, const FileSource& input,
               std::optional<PartFile::Start> start) {
  if (!options.checkpoint.empty()) {
    part_ = std::make_unique<PartFile>(options.output, options.force,
                                       start.value_or(PartStart(options)),
                                       input.Identity());
    return;
  }
  if (options.output != "-") {
    file_ = std::make_unique<OutputFile>(options.output, options.force,
                                         input.Identity());
    if (options.salvage) PrepareSalvage(options, input);
    return;
  }
  const bool guarded = !options.force && ::isatty(STDOUT_FILENO) != 0;
  if (guarded && options.verb == Verb::kCompress) {
    throw Error(ErrorKind::kUsage,
                "standard output: is a terminal, where an archive is no use; "
                "name a file, or force it with -f");
  }
  text_only_ = guarded;
  stream_ = std::make_unique<FileSink>(::dup(STDOUT_FILENO), kStandardOutput,
                                       input.Identity());
}

void Output::PrepareSalvage(const Options& options, const FileSource& input) {
  incomplete_ = options.output + ".incomplete";
  if (file_->in_place()) {
    throw Error(ErrorKind::kUsage,
                options.output + ": is no file to salvage into; name a file");
  }
  CheckOutputPath(incomplete_, options.force, input.Identity());
}

std::string Output::FinishIncomplete() {
  if (incomplete_.empty() || !anything_) return {};
  file_->CommitAs(incomplete_, {});
  return incomplete_;
}

void Output::Write(std::span<const uint8_t> bytes) {
  anything_ = true;
  if (part_) return part_->Write(bytes);
  if (file_) return file_->Write(bytes);
  if (text_only_ && std::any_of(bytes.begin(), bytes.end(), IsBinary)) {
    throw Error(ErrorKind::kUsage,
                "standard output: is a terminal, and the original is not text; "
                "name a file, or force it with -f");
  }
  stream_->Write(bytes);
}

void Output::Seal(const std::optional<FileAttributes>& attributes) {
  file_->Seal(attributes);
}

void Output::Finish(const std::optional<FileAttributes>& attributes) {
  if (part_) {
    part_->Commit(attributes);
  } else if (file_) {
    file_->Commit(attributes);
  } else {
    stream_->Finish();
  }
}

}  // namespace nncpp
