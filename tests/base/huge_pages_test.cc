// tests/base/huge_pages_test.cc -- memory for large tables.
#include "src/base/huge_pages.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <new>

namespace nncpp {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

size_t Misalignment(const void* p, size_t alignment) {
  return reinterpret_cast<uintptr_t>(p) % alignment;
}

TEST(HugePages, AreAlignedFromOnePageOn) {
  for (const size_t bytes : {size_t{1}, size_t{100}, kHugePage - 1}) {
    void* p = AllocateHugePages(64, bytes);
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(Misalignment(p, 64), 0u) << bytes;
    std::free(p);
  }
  for (const size_t bytes : {kHugePage, kHugePage + 1, 5 * kHugePage + 77}) {
    auto* p = static_cast<uint8_t*>(AllocateHugePages(64, bytes));
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(Misalignment(p, kHugePage), 0u) << bytes;
    p[0] = p[bytes - 1] = 1;
    std::free(p);
  }
}

TEST(HugePages, AreRefusedWhereThereIsNoMemory) {
  EXPECT_EQ(AllocateHugePages(64, SIZE_MAX), nullptr);
  HugePageAllocator<uint32_t> allocator;
  EXPECT_THROW((void)allocator.allocate(SIZE_MAX / 4), std::bad_alloc);
}

TEST(HugePages, TablesAreZeroAndCopied) {
  Table<uint32_t> table(kHugePage);
  EXPECT_EQ(Misalignment(table.data(), kHugePage), 0u);
  for (const uint32_t entry : table) ASSERT_EQ(entry, 0u);
  table[12345] = 7;
  const Table<uint32_t> copy = table;
  EXPECT_NE(copy.data(), table.data());
  EXPECT_EQ(copy, table);
}

}  // namespace
}  // namespace nncpp
