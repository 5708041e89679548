// tests/kernels/random_test.cc -- counter-based random numbers and noise.
#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/numerics.h"

namespace nncpp {
namespace {

using Words = std::array<uint32_t, 4>;

Words Philox(const Words& counter, uint64_t key) {
  uint32_t c[4][1] = {{counter[0]}, {counter[1]}, {counter[2]}, {counter[3]}};
  PhiloxWords(c, key);
  return {c[0][0], c[1][0], c[2][0], c[3][0]};
}

std::vector<float> Noise(const NoiseKey& key, uint32_t row, uint32_t g) {
  std::vector<float> u(128);
  NoiseBlock(key, row, g, u.data());
  return u;
}

// Source: the known answers that come with Random123 [salmon2011].
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(Philox({0, 0, 0, 0}, 0),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const uint32_t ones = 0xffffffff;
  EXPECT_EQ(Philox({ones, ones, ones, ones}, ~uint64_t{0}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                   0x299f31d0a4093822),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, TreatsEachCounterAlone) {
  uint32_t c[4][3] = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}};
  PhiloxWords(c, 42);
  for (uint32_t l = 0; l < 3; ++l) {
    EXPECT_EQ((Words{c[0][l], c[1][l], c[2][l], c[3][l]}),
              Philox({1 + l, 4 + l, 7 + l, 10 + l}, 42));
  }
}

TEST(NoiseBlock, TakesTheHalvesOfItsCountersInTheWrittenOrder) {
  const NoiseKey key = {0x123456789abcdef0, 17, 23};
  const std::vector<float> u = Noise(key, 5, 3);
  for (uint32_t l = 0; l < 16; ++l) {
    const Words words = Philox({16 * 3 + l, 5, 17, 23}, key.key);
    for (uint32_t j = 0; j < 8; ++j) {
      const uint32_t half = words[j / 2] >> (j % 2 * 16) & 0xffff;
      EXPECT_EQ(u[16 * j + l], (static_cast<float>(half) - 32767.5f) / 65536);
    }
  }
}

TEST(NoiseBlock, LiesStrictlyWithinAHalf) {
  for (uint32_t row = 0; row < 1000; ++row) {
    for (const float u : Noise({1, 2, 3}, row, 0)) {
      ASSERT_GT(u, -0.5f);
      ASSERT_LT(u, 0.5f);
    }
  }
}

// The mean of n uniform numbers has the deviation sqrt(1 / (12 n)), that of
// their squares sqrt(1 / (180 n)); five deviations are one test in a million.
TEST(NoiseBlock, IsUniform) {
  double sum = 0, squares = 0;
  const int blocks = 4000, n = 128 * blocks;
  for (int row = 0; row < blocks; ++row) {
    for (const float u : Noise({7, 0, 0}, static_cast<uint32_t>(row), 0)) {
      sum += double{u};
      squares += double{u} * double{u};
    }
  }
  EXPECT_NEAR(sum / n, 0, 5 * std::sqrt(1.0 / (12.0 * n)));
  EXPECT_NEAR(squares / n, 1.0 / 12, 5 * std::sqrt(1.0 / (180.0 * n)));
}

TEST(NoiseBlock, DiffersWithEveryPartOfItsName) {
  const std::set<std::vector<float>> all = {
      Noise({1, 2, 3}, 4, 5),
      Noise({0, 2, 3}, 4, 5),
      Noise({1, 0, 3}, 4, 5),
      Noise({1, 2, 0}, 4, 5),
      Noise({1, 2, 3}, 0, 5),
      Noise({1, 2, 3}, 4, 0),
      Noise({uint64_t{1} << 32 | 1, 2, 3}, 4, 5)};
  EXPECT_EQ(all.size(), 7u);
}

// A product of two independent uniform numbers has the deviation 1 / 12.
TEST(NoiseBlock, OfOneNameSaysNothingOfTheNext) {
  double rows = 0, updates = 0, tensors = 0, blocks = 0;
  const int count = 1000, n = 128 * count;
  for (int r = 0; r < count; ++r) {
    const auto row = static_cast<uint32_t>(r);
    const std::vector<float> u = Noise({9, 1, 1}, row, 0);
    const std::vector<float> below = Noise({9, 1, 1}, row + 1, 0);
    const std::vector<float> later = Noise({9, 2, 1}, row, 0);
    const std::vector<float> other = Noise({9, 1, 2}, row, 0);
    const std::vector<float> right = Noise({9, 1, 1}, row, 1);
    for (size_t i = 0; i < 128; ++i) {
      rows += double{u[i]} * double{below[i]};
      updates += double{u[i]} * double{later[i]};
      tensors += double{u[i]} * double{other[i]};
      blocks += double{u[i]} * double{right[i]};
    }
  }
  for (const double sum : {rows, updates, tensors, blocks}) {
    EXPECT_NEAR(sum / n, 0, 5.0 / 12 / std::sqrt(n));
  }
}

}  // namespace
}  // namespace nncpp
