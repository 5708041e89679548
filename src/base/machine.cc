// src/base/machine.cc -- contract: src/base/machine.h
#include "src/base/machine.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace nncpp {

int64_t MemoryOfMachine() {
  const int64_t pages = ::sysconf(_SC_PHYS_PAGES);
  const int64_t bytes = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && bytes > 0 ? pages * bytes
                                : std::numeric_limits<int64_t>::max();
}

int64_t StackLimit() {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  rlimit limit = {};
  if (::getrlimit(RLIMIT_STACK, &limit) != 0) return kNone;
  return static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, kNone));
}

void ReturnFreedMemory() {
#ifdef M_MMAP_THRESHOLD
  (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

}  // namespace nncpp
