// tests/coder/binary_test.cc -- bits through the range coder.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "src/coder/range_coder.h"

namespace nncpp {
namespace {

constexpr int kBits = 24;
constexpr uint64_t kOne = uint64_t{1} << kBits;

struct Decision {
  int bit;
  uint64_t one;  // probability of 1
};

// Probabilities from the ends and the middle, bits mostly as they promise.
std::vector<Decision> Decisions(int count) {
  std::mt19937_64 random(/*seed=*/1);
  std::vector<Decision> decisions;
  for (int i = 0; i < count; ++i) {
    const uint64_t one = i % 3 == 0   ? 1 + random() % 4
                         : i % 3 == 1 ? kOne - 1 - random() % 4
                                      : 1 + random() % (kOne - 1);
    decisions.push_back({random() % kOne < one ? 1 : 0, one});
  }
  decisions[7].bit = 1 - decisions[7].bit;
  return decisions;
}

TEST(EncodeBit, IsEncodeWithTwoSymbols) {
  RangeEncoder bits, symbols;
  for (const Decision& d : Decisions(3000)) {
    bits.EncodeBit(d.bit, d.one, kBits);
    symbols.Encode(d.bit != 0 ? 0 : d.one, d.bit != 0 ? d.one : kOne - d.one,
                   kOne);
  }
  EXPECT_EQ(bits.Finish(), symbols.Finish());
}

TEST(DecodeBit, GivesBackWhatWasEncodedAtItsCost) {
  RangeEncoder encoder;
  const std::vector<Decision> decisions = Decisions(3000);
  double cost = 0;
  for (const Decision& d : decisions) {
    encoder.EncodeBit(d.bit, d.one, kBits);
    const double p = static_cast<double>(d.one) / static_cast<double>(kOne);
    cost -= std::log2(d.bit != 0 ? p : 1 - p);
  }
  const std::vector<uint8_t> bytes = encoder.Finish();
  EXPECT_LE(static_cast<double>(bytes.size()), cost / 8 + 2);
  RangeDecoder decoder(bytes);
  for (const Decision& d : decisions) {
    ASSERT_EQ(decoder.DecodeBit(d.one, kBits), d.bit);
  }
  EXPECT_TRUE(decoder.AtEnd());
}

TEST(DecodeBit, TakesAnyBytes) {
  for (const uint8_t byte : {0, 127, 255}) {
    const std::vector<uint8_t> bytes(20, byte);
    RangeDecoder decoder(bytes);
    int ones = 0;
    for (int i = 0; i < 1000; ++i) ones += decoder.DecodeBit(kOne / 2, kBits);
    EXPECT_GE(ones, 0);
  }
}

}  // namespace
}  // namespace nncpp
