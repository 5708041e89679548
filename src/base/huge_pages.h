// src/base/huge_pages.h -- memory for large tables that are read at random.
//
// A table in pages of 4 KiB costs a walk through the page tables at almost
// every read; pages of 2 MiB, where the system has them, spare it.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace nncpp {

// Memory for std::free, aligned to `alignment` (a power of two) at least, or
// null. From 2 MiB on it is aligned to that and asks for huge pages.
void* AllocateHugePages(size_t alignment, size_t bytes);

template <typename T>
class HugePageAllocator {
 public:
  using value_type = T;

  HugePageAllocator() = default;
  template <typename U>
  HugePageAllocator(const HugePageAllocator<U>&) {}

  T* allocate(size_t count) {
    void* p = AllocateHugePages(alignof(T), count * sizeof(T));
    if (p == nullptr) throw std::bad_alloc();
    return static_cast<T*>(p);
  }
  void deallocate(T* p, size_t) { std::free(p); }

  bool operator==(const HugePageAllocator&) const { return true; }
};

template <typename T>
using Table = std::vector<T, HugePageAllocator<T>>;

}  // namespace nncpp
