// src/base/output_path.cc -- contract: output_path.h
#include "src/base/output_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "src/base/error.h"
#include "src/base/io_error.h"
#include "src/base/rename.h"

namespace nncpp {
namespace {

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
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

OutputWay CheckOutputPath(const std::string& path, bool overwrite,
                          const std::optional<FileIdentity>& input) {
  if (path.empty()) {
    throw Error(ErrorKind::kUsage, "the output has an empty name; name it");
  }
  struct stat link = {};
  if (::lstat(path.c_str(), &link) != 0) {
    if (errno != ENOENT) ThrowIoError(path, "create", errno);
    return OutputWay::kBeside;
  }
  struct stat status = link;
  if (::stat(path.c_str(), &status) != 0) status = link;  // a dangling link
  if (S_ISDIR(status.st_mode)) {
    throw Error(ErrorKind::kIo,
                path + ": is a directory; name a file to write");
  }
  if (input && *input == FileIdentity{status.st_dev, status.st_ino}) {
    throw Error(ErrorKind::kUsage,
                path + ": is the input file; choose another output");
  }
  if (!overwrite) ThrowExists(path);
  return S_ISREG(status.st_mode) || S_ISLNK(status.st_mode)
             ? OutputWay::kBeside
             : OutputWay::kInPlace;
}

std::optional<FileIdentity> IdentityOfPath(const std::string& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  return FileIdentity{status.st_dev, status.st_ino};
}

void SetAttributes(int fd, const std::optional<FileAttributes>& attributes,
                   const std::string& path) {
  mode_t mode = attributes ? attributes->mode : NewFileMode();
  if (attributes &&
      ::fchown(fd, static_cast<uid_t>(-1), attributes->group) != 0) {
    mode = ModeForOtherGroup(mode);
  }
  if (::fchmod(fd, mode) != 0 && errno != EPERM && errno != ENOTSUP) {
    ThrowIoError(path, "set the permissions", errno);
  }
  if (!attributes) return;
  const timespec times[2] = {{0, UTIME_NOW}, attributes->modified};
  if (::futimens(fd, times) != 0 && errno != EPERM && errno != ENOTSUP) {
    ThrowIoError(path, "set the time of modification", errno);
  }
}

void TakeName(const std::string& from, const std::string& path,
              bool overwrite) {
  if (!overwrite) {
    RenameToFreeName(from, path);
  } else if (std::rename(from.c_str(), path.c_str()) != 0) {
    ThrowIoError(path, "take its name", errno);
  }
  SyncDirectoryOf(path);
}

}  // namespace nncpp
