// src/base/part_file.h -- an output that a later run can go on with.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "src/base/file.h"
#include "src/base/hash.h"
#include "src/base/stream.h"
#include "src/base/unfinished.h"

namespace nncpp {

// Writes PATH.part, readable by its owner alone, and renames it to PATH at the
// end. Without Commit it stays if Preserve was called, and goes if not. One run
// at a time may have it open.
class PartFile : public Sink {
 public:
  enum class Start {
    kNew,       // refuses to replace a PATH.part
    kReplace,   // replaces one
    kContinue,  // goes on with one
  };

  // Refuses before any work is done: Error(kUsage) when PATH exists and
  // `overwrite` is false, when it is the file `input` or no regular file, when
  // PATH.part exists, is missing or is in use; Error(kIo).
  PartFile(const std::string& path, bool overwrite, Start start,
           const std::optional<FileIdentity>& input);

  void Write(std::span<const uint8_t> bytes) override;

  // Hands the first `bytes` bytes to `hasher` and cuts off the rest. Throws
  // Error(kUsage) when there are fewer. REQUIRES: kContinue, and called before
  // anything is written.
  void Cut(int64_t bytes, StreamHasher& hasher);

  // Makes all that was written durable. Throws Error(kIo).
  void Sync();

  // From now on the file stays, whatever happens.
  void Preserve() { unfinished_.Keep(); }

  // As OutputFile::Commit.
  void Commit(const std::optional<FileAttributes>& attributes);

  const std::string& part_path() const { return part_path_; }

 private:
  void Open(Start start);
  void Lock();

  std::string path_;
  std::string part_path_;
  bool overwrite_;
  Unfinished unfinished_;  // holds PATH.part until Preserve
  Descriptor file_;
};

}  // namespace nncpp
