// src/base/file.h -- files and the standard streams, for reading and writing.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "src/base/stream.h"

namespace nncpp {

// An open file descriptor, closed with its owner; a failure to close is not
// seen. -1 holds nothing.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&&) = delete;

  int get() const { return fd_; }
  int Release();       // hands the descriptor over, and holds nothing
  void Reset(int fd);  // closes what it holds and takes `fd`

 private:
  int fd_;
};

// What an output inherits from its input.
struct FileAttributes {
  mode_t mode = 0;  // permission bits of user, group and others
  timespec modified = {};
  // That the mode is meant for; -1: whichever the output has.
  gid_t group = static_cast<gid_t>(-1);
};

// What is left of a mode's rights where the file has another group: those that
// both its group and all others had.
mode_t ModeForOtherGroup(mode_t mode);

// Tells whether two descriptors or names mean one file.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

// Reads a file, or standard input for the name "-".
class FileSource : public Source {
 public:
  // Throws Error(kIo) when the file cannot be opened or is a directory.
  explicit FileSource(const std::string& path);

  // Once it has ended it stays so: what a terminal's user types after the end,
  // or another program appends, is not part of it.
  int64_t Read(std::span<uint8_t> bytes) override;
  int64_t SizeHint() const override;

  // From now on a Read that waits for input calls `act` when the descriptor
  // `wake` becomes readable. `act` must throw.
  void WakeBy(int wake, std::function<void()> act);

  const std::string& name() const { return name_; }  // for messages

  // Empty unless the input is a regular file.
  std::optional<FileAttributes> Attributes() const;
  std::optional<FileIdentity> Identity() const;

 private:
  void Wait();

  std::string name_;
  Descriptor file_;
  bool ended_ = false;
  int wake_ = -1;  // -1: nothing to wait for but input
  std::function<void()> act_;
};

// Writes to a descriptor that is already open, standard output above all.
class FileSink : public Sink {
 public:
  // Takes over `fd`. `name` is for messages. Throws Error(kUsage) when `fd` is
  // the regular file `input` (which would be overwritten while it is read).
  FileSink(int fd, const std::string& name,
           const std::optional<FileIdentity>& input);

  // A reader that went away is Error(kIo), provided that SIGPIPE is ignored.
  void Write(std::span<const uint8_t> bytes) override;

  // Syncs and closes; throws Error(kIo) for what the system only tells now.
  // REQUIRES: called at most once, and no Write after it.
  void Finish();

 private:
  std::string name_;
  Descriptor file_;
};

// Writes all of `bytes`, continuing interrupted and short writes. Throws
// Error(kIo) naming `name`.
void WriteFully(int fd, std::span<const uint8_t> bytes,
                const std::string& name);

// fsync, except that files that cannot be synced (pipes, devices) are fine.
void SyncFully(int fd, const std::string& name);

// Closes `file`; throws Error(kIo) when data is lost by that.
void CloseFully(Descriptor& file, const std::string& name);

}  // namespace nncpp
