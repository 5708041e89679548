// src/base/io_error.h -- what the system refused, in words.
#pragma once

#include <string>

namespace nncpp {

// Throws Error(kIo) "<file>: cannot <act>: <reason>; <what to do>", where the
// reason and the advice follow from the errno value `code`.
[[noreturn]] void ThrowIoError(const std::string& file, const std::string& act,
                               int code);

}  // namespace nncpp
