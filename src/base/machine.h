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

// From now on blocks of 1 MiB and more go back to the system when they are
// freed; glibc would keep up to 64 MiB of them once it has seen large ones.
void ReturnFreedMemory();

}  // namespace nncpp
