// src/base/output_file.cc -- contract: output_file.h
#include "src/base/output_file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <utility>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/base/io_error.h"
#include "src/base/rename.h"

namespace nncpp {
namespace {

constexpr char kSuffix[] = ".part-XXXXXX";

// The names a signal handler has to unlink. A handler may run at any moment
// and must not allocate: hence a fixed table whose rows are published by an
// atomic flag after they are filled.
struct TemporarySlot {
  std::atomic<bool> used{false};
  std::atomic<bool> live{false};  // `path` is complete
  char path[PATH_MAX] = {};
};
static_assert(std::atomic<bool>::is_always_lock_free);
constexpr int kSlots = 4;  // outputs open at once; a run has one
TemporarySlot g_slots[kSlots];

// Returns the row taken for `path`, or -1 when the table is full or the path
// does not fit: then only a destructor removes the temporary.
int TakeSlot(const std::string& path) {
  if (path.size() >= PATH_MAX) return -1;
  for (int i = 0; i < kSlots; ++i) {
    TemporarySlot& slot = g_slots[i];
    if (slot.used.exchange(true)) continue;
    std::memcpy(slot.path, path.c_str(), path.size() + 1);
    slot.live.store(true);
    return i;
  }
  return -1;
}

void FreeSlot(int index) {
  if (index < 0) return;
  g_slots[index].live.store(false);
  g_slots[index].used.store(false);
}

// Holds back every signal of this thread, so that none comes between the
// creation of a temporary and its entry in the table.
class SignalPause {
 public:
  SignalPause() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalPause() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalPause(const SignalPause&) = delete;
  SignalPause& operator=(const SignalPause&) = delete;

 private:
  sigset_t before_;
};

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string TemporaryPattern(const std::string& path) {
  const size_t slash = path.rfind('/');
  const size_t base = slash == std::string::npos ? 0 : slash + 1;
  // A name may have NAME_MAX bytes; a longer one is cut to make room.
  const size_t room = NAME_MAX - std::strlen(kSuffix);
  return path.substr(0, base) + path.substr(base, room) + kSuffix;
}

// Permissions of a new file under the umask, which can only be read by setting
// it. (No other thread creates files.)
mode_t NewFileMode() {
  const mode_t mask = ::umask(0077);
  ::umask(mask);
  return 0666 & ~mask;
}

// The name just given survives a loss of power only after this. A directory
// that may not be read cannot be synced; the file itself is safe by then.
void SyncDirectoryOf(const std::string& path) {
  Descriptor directory(
      ::open(DirectoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) ::fsync(directory.get());
}

}  // namespace

OutputFile::OutputFile(const std::string& path, bool overwrite,
                       const std::optional<FileIdentity>& input)
    : path_(path), overwrite_(overwrite) {
  if (path.empty()) {
    throw Error(ErrorKind::kUsage, "the output has an empty name; name it");
  }
  struct stat link = {};
  if (::lstat(path.c_str(), &link) != 0) {
    if (errno != ENOENT) ThrowIoError(path_, "create", errno);
    OpenTemporary();
    return;
  }
  struct stat status = link;
  if (::stat(path.c_str(), &status) != 0) status = link;  // a dangling link
  if (S_ISDIR(status.st_mode)) {
    throw Error(ErrorKind::kIo,
                path_ + ": is a directory; name a file to write");
  }
  if (input && *input == FileIdentity{status.st_dev, status.st_ino}) {
    throw Error(ErrorKind::kUsage,
                path_ + ": is the input file; choose another output");
  }
  if (!overwrite) ThrowExists(path_);
  if (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode)) {
    OpenTemporary();
    return;
  }
  file_.Reset(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (file_.get() < 0) ThrowIoError(path_, "open", errno);
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  FreeSlot(slot_);
}

void OutputFile::OpenTemporary() {
  std::string name = TemporaryPattern(path_);
  const SignalPause pause;
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) ThrowIoError(path_, "create", errno);
  file_.Reset(fd);
  temporary_ = std::move(name);
  slot_ = TakeSlot(temporary_);
}

void OutputFile::Write(std::span<const uint8_t> bytes) {
  WriteFully(file_.get(), bytes, path_);
}

void OutputFile::SetAttributes(
    const std::optional<FileAttributes>& attributes) {
  const mode_t mode = attributes ? attributes->mode : NewFileMode();
  if (::fchmod(file_.get(), mode) != 0 && errno != EPERM && errno != ENOTSUP) {
    ThrowIoError(path_, "set the permissions", errno);
  }
  if (!attributes) return;
  const timespec times[2] = {{0, UTIME_NOW}, attributes->modified};
  if (::futimens(file_.get(), times) != 0 && errno != EPERM &&
      errno != ENOTSUP) {
    ThrowIoError(path_, "set the time of modification", errno);
  }
}

void OutputFile::Commit(const std::optional<FileAttributes>& attributes) {
  NNCPP_CHECK(file_.get() >= 0);
  if (!temporary_.empty()) SetAttributes(attributes);
  SyncFully(file_.get(), path_);
  CloseFully(file_, path_);
  if (temporary_.empty()) return;
  if (!overwrite_) {
    RenameToFreeName(temporary_, path_);
  } else if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    ThrowIoError(path_, "take its name", errno);
  }
  FreeSlot(slot_);
  slot_ = -1;
  temporary_.clear();
  SyncDirectoryOf(path_);
}

void UnlinkTemporariesFromSignalHandler() noexcept {
  const int saved = errno;
  for (TemporarySlot& slot : g_slots) {
    if (slot.live.load()) ::unlink(slot.path);
  }
  errno = saved;
}

}  // namespace nncpp
