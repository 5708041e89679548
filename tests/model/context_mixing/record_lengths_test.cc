// tests/model/context_mixing/record_lengths_test.cc -- distances found
#include "src/model/context_mixing/record_lengths.h"

#include <gtest/gtest.h>

#include <random>

namespace nncpp {
namespace {

TEST(RecordLengths, AreTheDistancesAtWhichSymbolsRepeat) {
  std::mt19937_64 random(/*seed=*/1);
  SymbolRing ring(12);
  for (uint64_t i = 0; i < 4096; ++i) {
    // Records of 24 symbols, of which half are their neighbours above.
    ring[i] = static_cast<uint16_t>(i % 2 == 0 && i >= 24 ? ring[i - 24]
                                                          : random() % 256);
  }
  RecordLengths records{};
  records.Measure(ring, 4096);
  EXPECT_GT(records.length[0], 0u);
  EXPECT_EQ(records.length[0] % 24, 0u);
  EXPECT_EQ(records.length[1] % 24, 0u);
}

TEST(RecordLengths, AreNotMeasuredWhereTooFewSymbolsLie) {
  SymbolRing ring(12), small(10);
  RecordLengths records{};
  records.Measure(ring, 2047);
  records.Measure(small, 4096);
  EXPECT_EQ(records.length[0], 0u);
}

}  // namespace
}  // namespace nncpp
