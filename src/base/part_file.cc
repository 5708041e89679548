// src/base/part_file.cc -- contract: part_file.h
#include "src/base/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <vector>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/base/io_error.h"
#include "src/base/output_path.h"
#include "src/base/rename.h"

namespace nncpp {
namespace {

constexpr int64_t kChunkBytes = int64_t{1} << 20;
constexpr mode_t kOwnerOnly = 0600;

int OpenFlags(PartFile::Start start) {
  const int flags = O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW;
  switch (start) {
    case PartFile::Start::kNew:
      return flags | O_CREAT | O_EXCL;
    case PartFile::Start::kReplace:
      return flags | O_CREAT;
    case PartFile::Start::kContinue:
      return flags;
  }
  return flags;
}

}  // namespace

PartFile::PartFile(const std::string& path, bool overwrite, Start start,
                   const std::optional<FileIdentity>& input)
    : path_(path), part_path_(path + ".part"), overwrite_(overwrite) {
  if (CheckOutputPath(path, overwrite, input) == OutputWay::kInPlace) {
    throw Error(ErrorKind::kUsage,
                path +
                    ": is no regular file, which a checkpoint needs; name "
                    "another output");
  }
  Open(start);
}

void PartFile::Open(Start start) {
  const SignalPause pause;
  file_.Reset(::open(part_path_.c_str(), OpenFlags(start), kOwnerOnly));
  if (file_.get() < 0 && errno == EEXIST) ThrowExists(part_path_);
  if (file_.get() < 0 && errno == ENOENT && start == Start::kContinue) {
    throw Error(ErrorKind::kUsage,
                part_path_ +
                    ": is missing, and the checkpoint is of no use without it; "
                    "put it back, or start anew with -f and without --resume");
  }
  if (file_.get() < 0) ThrowIoError(part_path_, "open", errno);
  Lock();
  if (start == Start::kContinue) return;
  unfinished_.Hold(part_path_);
  if (::ftruncate(file_.get(), 0) != 0) {
    ThrowIoError(part_path_, "empty", errno);
  }
}

void PartFile::Lock() {
  const bool taken =
      ::flock(file_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  // Another run may have given the file its final name before this one had
  // the lock.
  struct stat status = {};
  const bool there =
      ::fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode) &&
      IdentityOfPath(part_path_) == FileIdentity{status.st_dev, status.st_ino};
  if (!taken && there) return;
  throw Error(ErrorKind::kUsage,
              part_path_ + ": is being written by another run; wait for it");
}

void PartFile::Write(std::span<const uint8_t> bytes) {
  WriteFully(file_.get(), bytes, part_path_);
}

void PartFile::Cut(int64_t bytes, StreamHasher& hasher) {
  std::vector<uint8_t> chunk(static_cast<size_t>(kChunkBytes));
  for (int64_t done = 0; done < bytes;) {
    const auto want = static_cast<size_t>(std::min(kChunkBytes, bytes - done));
    const ssize_t count = ::read(file_.get(), chunk.data(), want);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) ThrowIoError(part_path_, "read", errno);
    if (count == 0) {
      throw Error(ErrorKind::kUsage,
                  part_path_ +
                      ": is shorter than when the checkpoint was written; "
                      "start anew with -f and without --resume");
    }
    hasher.Update({chunk.data(), static_cast<size_t>(count)});
    done += count;
  }
  if (::ftruncate(file_.get(), bytes) != 0) {
    ThrowIoError(part_path_, "cut", errno);
  }
}

void PartFile::Sync() { SyncFully(file_.get(), part_path_); }

void PartFile::Commit(const std::optional<FileAttributes>& attributes) {
  NNCPP_CHECK(file_.get() >= 0);
  SetAttributes(file_.get(), attributes, path_);
  Sync();
  TakeName(part_path_, path_, overwrite_);
  Preserve();
  CloseFully(file_, path_);
}

}  // namespace nncpp
