// src/base/huge_pages.cc -- contract: src/base/huge_pages.h
#include "src/base/huge_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace nncpp {

void* AllocateHugePages(size_t alignment, size_t bytes) {
  constexpr size_t kHugePage = size_t{1} << 21;
  const bool huge = bytes >= kHugePage;
  const size_t grain =
      std::max({alignment, alignof(std::max_align_t), huge ? kHugePage : 1});
  if (bytes > SIZE_MAX - grain) return nullptr;
  const size_t rounded = (bytes + grain - 1) / grain * grain;
  void* p = std::aligned_alloc(grain, rounded);
#ifdef MADV_HUGEPAGE
  // A system without them says no, and the memory is as good.
  if (huge && p != nullptr) (void)madvise(p, rounded, MADV_HUGEPAGE);
#endif
  return p;
}

}  // namespace nncpp
