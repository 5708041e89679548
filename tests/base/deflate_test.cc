// tests/base/deflate_test.cc -- what zlib makes of bytes.
#include "src/base/deflate.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/support/codec_runs.h"

namespace nncpp {
namespace {

TEST(Deflate, TellsWhatShrinksFromWhatDoesNot) {
  EXPECT_LT(DeflatedBytes(Octets(100'000, 0)), 1'000);
  const int64_t text = DeflatedBytes(Alice(20'000));
  EXPECT_GT(text, 6'000);
  EXPECT_LT(text, 12'000);
  const int64_t noise = DeflatedBytes(RandomOctets(100'000, /*seed=*/1));
  EXPECT_GE(noise, 100'000);
  EXPECT_LT(noise, 100'200);
}

TEST(Deflate, TakesNothing) {
  EXPECT_GT(DeflatedBytes({}), 0);
  EXPECT_LT(DeflatedBytes({}), 20);
}

}  // namespace
}  // namespace nncpp
