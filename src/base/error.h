// src/base/error.h -- the only exception the program throws on purpose.
#pragma once

#include <stdexcept>
#include <string>

namespace nncpp {

// main turns a kind into an exit status (docs/cli.md): 1 for the command line
// and the environment, 2 for the archive, 4 for arithmetic; 3 is a bug of ours.
enum class ErrorKind {
  kUsage,        // the command line makes no sense
  kIo,           // the system refused a read, a write or a rename
  kMemory,       // needs more than there is, or more than the limit
  kNoDevice,     // no GPU here that this build can use
  kDevice,       // CUDA or one of its libraries reported a failure
  kFormat,       // the archive is damaged, or is not ours
  kUnsupported,  // a sound archive that this build cannot read
  kNumerics,     // a sound archive, but this machine computes other bits
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message)
      : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace nncpp
