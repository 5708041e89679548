// src/base/rename.cc -- contract: rename.h
#include "src/base/rename.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "src/base/error.h"
#include "src/base/io_error.h"

namespace nncpp {
namespace {

constexpr unsigned kRenameNoReplace = 1;  // RENAME_NOREPLACE of linux/fs.h

// Each returns 0 or the errno value of the failure.
int TryNoReplace(const char* from, const char* to) {
#ifdef SYS_renameat2
  // By number, since not every C library has a function for it.
  if (::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to,
                kRenameNoReplace) == 0) {
    return 0;
  }
  return errno;
#else
  (void)from, (void)to;
  return ENOSYS;
#endif
}

int TryLink(const char* from, const char* to) {
  if (::link(from, to) != 0) return errno;
  ::unlink(from);  // a second name that stays behind loses nothing
  return 0;
}

int TryLookFirst(const char* from, const char* to) {
  struct stat status = {};
  if (::lstat(to, &status) == 0) return EEXIST;
  return std::rename(from, to) == 0 ? 0 : errno;
}

bool IsMissingOperation(int code) {
  return code == ENOSYS || code == EINVAL || code == EPERM || code == ENOTSUP ||
         code == EMLINK;
}

}  // namespace

void RenameToFreeName(const std::string& from, const std::string& to,
                      RenameWay first) {
  int code = ENOSYS;
  if (first == RenameWay::kNoReplace) {
    code = TryNoReplace(from.c_str(), to.c_str());
  }
  if (IsMissingOperation(code) && first != RenameWay::kLookFirst) {
    code = TryLink(from.c_str(), to.c_str());
  }
  if (IsMissingOperation(code)) code = TryLookFirst(from.c_str(), to.c_str());
  if (code == EEXIST) ThrowExists(to);
  if (code != 0) ThrowIoError(to, "take its name", code);
}

void ThrowExists(const std::string& path) {
  throw Error(ErrorKind::kUsage,
              path + ": exists already; use -f to overwrite it");
}

}  // namespace nncpp
