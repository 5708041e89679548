// tests/preproc/pair_counts_test.cc -- counts against an ordered map.
#include "preproc/pair_counts.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace nncpp {
namespace {

std::map<Pair, uint32_t> Counted(const PairCounts& counts) {
  std::map<Pair, uint32_t> all;
  for (const PairCounts::Entry& entry : counts.entries()) {
    if (entry.count > 0) {
      EXPECT_TRUE(all.emplace(entry.pair, entry.count).second);
    }
  }
  return all;
}

TEST(Pairs, HoldBothSymbols) {
  const Pair pair = MakePair(65534, 7);
  EXPECT_EQ(FirstOf(pair), 65534);
  EXPECT_EQ(SecondOf(pair), 7);
}

TEST(PairCounts, CountAsAMapDoes) {
  std::mt19937 random(1);
  PairCounts counts;
  std::map<Pair, uint32_t> expected;
  for (int i = 0; i < 100000; ++i) {
    // Squares: few pairs are frequent, many rare; the table grows twice.
    const uint32_t x = random() % 200, y = random() % 3;
    const Pair pair = MakePair(static_cast<uint16_t>(x * x),
                               static_cast<uint16_t>(x * y % 100));
    if (random() % 3 == 0 && expected.count(pair) > 0) {
      counts.Decrement(pair);
      if (--expected[pair] == 0) expected.erase(pair);
    } else {
      counts.Increment(pair);
      ++expected[pair];
    }
  }
  EXPECT_EQ(Counted(counts), expected);
}

TEST(PairCounts, HoldThePairOfZeros) {
  PairCounts counts;
  counts.Increment(0);
  EXPECT_EQ(Counted(counts), (std::map<Pair, uint32_t>{{0, 1}}));
  counts.Decrement(0);
  EXPECT_TRUE(Counted(counts).empty());
}

}  // namespace
}  // namespace nncpp
