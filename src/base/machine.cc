// src/base/machine.cc -- contract: src/base/machine.h
#include "src/base/machine.h"

#include <unistd.h>

#include <limits>

namespace nncpp {

int64_t MemoryOfMachine() {
  const int64_t pages = ::sysconf(_SC_PHYS_PAGES);
  const int64_t bytes = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && bytes > 0 ? pages * bytes
                                : std::numeric_limits<int64_t>::max();
}

}  // namespace nncpp
