// src/base/io_error.cc -- contract: io_error.h
#include "src/base/io_error.h"

#include <cerrno>
#include <system_error>

#include "src/base/error.h"

namespace nncpp {
namespace {

const char* Advice(int code) {
  switch (code) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
      return "check the name";
    case EACCES:
    case EPERM:
      return "check the permissions";
    case EROFS:
      return "write somewhere else";
    case ENOSPC:
    case EDQUOT:
      return "make room or write somewhere else";
    case EFBIG:
      return "raise the limit on file sizes or write somewhere else";
    case EMFILE:
    case ENFILE:
      return "close other files";
    case EPIPE:
      return "keep the reading program running until the end";
    default:
      return "check the disk or device";
  }
}

}  // namespace

void ThrowIoError(const std::string& file, const std::string& act, int code) {
  throw Error(ErrorKind::kIo, file + ": cannot " + act + ": " +
                                  std::generic_category().message(code) + "; " +
                                  Advice(code));
}

}  // namespace nncpp
