// tests/model/context_mixing/bit_history_test.cc -- what a history keeps
#include "src/model/context_mixing/bit_history.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace nncpp {
namespace {

uint8_t After(std::initializer_list<int> bits) {
  uint8_t history = 0;
  for (const int bit : bits) history = kBitHistories.next[history][bit];
  return history;
}

int Zeros(uint8_t history) { return kBitHistories.zeros[history]; }
int Ones(uint8_t history) { return kBitHistories.ones[history]; }

TEST(BitHistories, CountTheFirstBits) {
  EXPECT_EQ(Zeros(0) + Ones(0), 0);
  const uint8_t history = After({1, 0, 1});
  EXPECT_EQ(Zeros(history), 1);
  EXPECT_EQ(Ones(history), 2);
}

TEST(BitHistories, KnowWhichBitCameLast) {
  EXPECT_NE(After({0, 1}), After({1, 0}));
  EXPECT_NE(After({0, 0, 1, 1}), After({1, 1, 0, 0}));
}

TEST(BitHistories, CutALongRunThatIsContradicted) {
  uint8_t history = 0;
  for (int i = 0; i < 30; ++i) history = kBitHistories.next[history][0];
  EXPECT_EQ(Zeros(history), 30);
  history = kBitHistories.next[history][1];
  EXPECT_EQ(Ones(history), 1);
  EXPECT_LT(Zeros(history), 8);
  EXPECT_GT(Zeros(history), 2);
}

TEST(BitHistories, LeadToOneAnotherAndCountWhatCame) {
  EXPECT_LE(kBitHistories.states, 256);
  EXPECT_GT(kBitHistories.states, 200);
  for (int s = 0; s < kBitHistories.states; ++s) {
    for (int bit = 0; bit < 2; ++bit) {
      const uint8_t next = kBitHistories.next[s][bit];
      ASSERT_LT(next, kBitHistories.states);
      EXPECT_GE(bit == 1 ? Ones(next) : Zeros(next), 1);
    }
    // The other bit mirrors it.
    const uint8_t zero = kBitHistories.next[s][0];
    EXPECT_GE(Zeros(zero) + 1, Zeros(static_cast<uint8_t>(s)));
  }
}

}  // namespace
}  // namespace nncpp
