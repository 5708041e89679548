// src/base/machine.h -- what this machine has.
#pragma once

#include <cstdint>

namespace nncpp {

// Bytes of memory of the machine, or the largest int64_t when the system does
// not say.
int64_t MemoryOfMachine();

// Bytes that the stack of this process may grow to; the same where there is no
// limit.
int64_t StackLimit();

}  // namespace nncpp
