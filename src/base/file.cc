// src/base/file.cc -- contract: file.h
#include "src/base/file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/base/io_error.h"

namespace nncpp {
namespace {

constexpr const char* kStandardInput = "standard input";

// One call of read or write moves at most this much (Linux stops at 2 GiB).
constexpr size_t kMaxTransfer = size_t{1} << 30;

// The status of a regular file, empty for anything else.
std::optional<struct stat> RegularFile(int fd) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return status;
}

std::optional<FileIdentity> IdentityOf(int fd) {
  const auto status = RegularFile(fd);
  if (!status) return {};
  return FileIdentity{status->st_dev, status->st_ino};
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int Descriptor::Release() { return std::exchange(fd_, -1); }

void Descriptor::Reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

mode_t ModeForOtherGroup(mode_t mode) {
  const mode_t both = (mode >> 3) & mode & 07;
  return (mode & 0700) | (both << 3) | both;
}

FileSource::FileSource(const std::string& path)
    : name_(path == "-" ? kStandardInput : path),
      file_(path == "-"
                ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {
  if (file_.get() < 0) ThrowIoError(name_, "open", errno);
  struct stat status = {};
  if (::fstat(file_.get(), &status) != 0) ThrowIoError(name_, "open", errno);
  if (S_ISDIR(status.st_mode)) {
    throw Error(ErrorKind::kIo,
                name_ + ": is a directory; name a file, or pack it with tar");
  }
}

int64_t FileSource::Read(std::span<uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size() && !ended_) {
    Wait();
    const ssize_t count = ::read(file_.get(), bytes.data() + done,
                                 std::min(bytes.size() - done, kMaxTransfer));
    ended_ = count == 0;
    if (count >= 0) {
      done += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      ThrowIoError(name_, "read", errno);
    }
  }
  return static_cast<int64_t>(done);
}

void FileSource::WakeBy(int wake, std::function<void()> act) {
  wake_ = wake;
  act_ = std::move(act);
}

// Returns when there is something to read, or an end or error to be told.
void FileSource::Wait() {
  if (wake_ < 0) return;
  pollfd waited[] = {{file_.get(), POLLIN, 0}, {wake_, POLLIN, 0}};
  while (::poll(waited, 2, -1) < 0) {
    if (errno != EINTR) ThrowIoError(name_, "wait for", errno);
  }
  if ((waited[1].revents & POLLIN) != 0) {
    act_();
    NNCPP_CHECK(false);
  }
}

int64_t FileSource::SizeHint() const {
  const auto status = RegularFile(file_.get());
  if (!status) return -1;
  // Standard input may stand in the middle of a file.
  const off_t position = ::lseek(file_.get(), 0, SEEK_CUR);
  if (position < 0) return -1;
  return std::max<int64_t>(0, status->st_size - position);
}

std::optional<FileAttributes> FileSource::Attributes() const {
  const auto status = RegularFile(file_.get());
  if (!status) return {};
  return FileAttributes{status->st_mode & 0777, status->st_mtim,
                        status->st_gid};
}

std::optional<FileIdentity> FileSource::Identity() const {
  return IdentityOf(file_.get());
}

FileSink::FileSink(int fd, const std::string& name,
                   const std::optional<FileIdentity>& input)
    : name_(name), file_(fd) {
  if (input && IdentityOf(fd) == input) {
    throw Error(ErrorKind::kUsage,
                name_ + ": is the input file; choose another output");
  }
}

void FileSink::Write(std::span<const uint8_t> bytes) {
  WriteFully(file_.get(), bytes, name_);
}

void FileSink::Finish() {
  SyncFully(file_.get(), name_);
  CloseFully(file_, name_);
}

void WriteFully(int fd, std::span<const uint8_t> bytes,
                const std::string& name) {
  NNCPP_CHECK(fd >= 0);
  while (!bytes.empty()) {
    const ssize_t count =
        ::write(fd, bytes.data(), std::min(bytes.size(), kMaxTransfer));
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      ThrowIoError(name, "write", errno);
    }
  }
}

void SyncFully(int fd, const std::string& name) {
  while (::fsync(fd) != 0) {
    // What pipes, terminals and some file systems answer.
    if (errno == EINVAL || errno == ENOTSUP || errno == EROFS) return;
    if (errno != EINTR) ThrowIoError(name, "write to the disk", errno);
  }
}

void CloseFully(Descriptor& file, const std::string& name) {
  // Linux has closed the descriptor also when it answers EINTR.
  if (::close(file.Release()) != 0 && errno != EINTR) {
    ThrowIoError(name, "close", errno);
  }
}

}  // namespace nncpp
