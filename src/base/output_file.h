// src/base/output_file.h -- an output that appears complete or not at all.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "src/base/file.h"
#include "src/base/stream.h"
#include "src/base/unfinished.h"

namespace nncpp {

// Writes into the temporary PATH.part-XXXXXX beside PATH, readable by its
// owner alone, and renames it at the end. Without Commit the temporary goes
// and whatever PATH was before stays.
//
// A symbolic link at PATH counts as existing; overwriting replaces the link and
// leaves the file that it points to. A PATH that is no regular file (a device,
// a FIFO) can only be written in place, and is when overwriting is allowed.
class OutputFile : public Sink {
 public:
  // Refuses before any work is done: Error(kUsage) when PATH exists and
  // `overwrite` is false, or when it is the file `input`; Error(kIo) when it is
  // a directory or its directory takes no file.
  OutputFile(const std::string& path, bool overwrite,
             const std::optional<FileIdentity>& input);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void Write(std::span<const uint8_t> bytes) override;

  // The same past the system's cache, where that works: it leaves the processor
  // to others. Memory that begins at a multiple of 4096. REQUIRES: the first
  // and only writing.
  void WriteDirectly(std::span<const uint8_t> bytes);

  // Syncs, sets mode and time of modification (without attributes: the mode
  // that a newly created file gets, and now), renames, syncs the directory.
  // Throws Error(kIo), or Error(kUsage) when PATH has come to exist meanwhile
  // and must not be replaced; nothing has changed then.
  // REQUIRES: called at most once, and no Write after it.
  void Commit(const std::optional<FileAttributes>& attributes);

  // All of Commit that comes before the renaming; Commit then does the rest.
  // Another thread may do it, if this one waits for it before it goes on.
  void Seal(const std::optional<FileAttributes>& attributes);

  // The same under another name in the same folder. REQUIRES: not written in
  // place.
  void CommitAs(const std::string& path,
                const std::optional<FileAttributes>& attributes);

  int64_t bytes_written() const { return bytes_; }
  bool in_place() const { return !temporary_.holds(); }

  // Removes the temporaries that runs that were killed left beside PATH. One
  // that writes it at this moment loses its own and says so.
  static void RemoveAbandoned(const std::string& path);

 private:
  void OpenTemporary();

  std::string path_;
  bool overwrite_;
  int64_t bytes_ = 0;
  Unfinished temporary_;  // holds nothing when written in place
  Descriptor file_;
};

}  // namespace nncpp
