// tests/preproc/fixed_log_test.cc -- logarithms in integers.
#include "preproc/fixed_log.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

namespace nncpp {
namespace {

TEST(FixedLog2, IsExactForPowersOfTwo) {
  for (int i = 0; i < 64; ++i) {
    EXPECT_EQ(FixedLog2(uint64_t{1} << i), i * 1024);
  }
}

TEST(FixedLog2, StaysWithinTwoUnitsOfTheLogarithm) {
  for (uint64_t x = 1; x < uint64_t{1} << 62; x += x / 7 + 1) {
    EXPECT_NEAR(static_cast<double>(FixedLog2(x)),
                1024 * std::log2(static_cast<double>(x)), 2)
        << x;
  }
}

TEST(FixedLog2, NeverFalls) {
  for (uint64_t x = 1; x < 20000; ++x) {
    ASSERT_LE(FixedLog2(x), FixedLog2(x + 1)) << x;
  }
}

}  // namespace
}  // namespace nncpp
