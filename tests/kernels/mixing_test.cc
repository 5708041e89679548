// tests/kernels/mixing_test.cc -- sums, steps, and all forms alike
#include "kernels/cpu/mixing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/cpu/cpu_backend.h"
#include "src/base/hash.h"

namespace nncpp {
namespace {

// Integers in [-limit, limit], with both ends among them.
std::vector<int16_t> Integers(int64_t n, int32_t limit, uint64_t seed) {
  std::vector<int16_t> x(static_cast<size_t>(n));
  for (size_t i = 0; i < x.size(); ++i) {
    const auto at = static_cast<uint8_t>(i),
               more = static_cast<uint8_t>(i >> 8);
    const uint8_t bytes[] = {at, more};
    const uint64_t random = HashBytes64(bytes, seed);
    x[i] = static_cast<int16_t>(
        static_cast<int64_t>(random % static_cast<uint64_t>(2 * limit + 1)) -
        limit);
  }
  x.front() = static_cast<int16_t>(limit);
  x.back() = static_cast<int16_t>(-limit);
  return x;
}

TEST(Mixing, AddsProductsByPairs) {
  std::vector<int16_t> x(16), w(16);
  x[0] = 100, w[0] = 1000, x[1] = 1, w[1] = 3;
  x[14] = -1, w[14] = 1;
  const int16_t* weights[] = {w.data()};
  int32_t sum = 0;
  cpu::kMixingScalar.dots(x.data(), 16, weights, 1, &sum);
  EXPECT_EQ(sum, (100'003 >> 8) - 1);
}

TEST(Mixing, RoundsAndSaturatesAStep) {
  std::vector<int16_t> x(16), w(16);
  x[0] = 3, x[1] = 4000, x[2] = -4000;
  w[1] = 32767, w[2] = -32768, w[3] = 5;
  int16_t* weights[] = {w.data()};
  const int16_t error = 16384;  // a half
  cpu::kMixingScalar.train(x.data(), 16, &error, 1, weights);
  EXPECT_EQ(w[0], 2);  // 1.5 rounds up
  EXPECT_EQ(w[1], 32767);
  EXPECT_EQ(w[2], -32768);
  EXPECT_EQ(w[3], 5);
}

TEST(Mixing, GivesTheSameBitsInEveryForm) {
  for (const cpu::Form& form : cpu::AvailableForms()) {
    for (const int64_t n : {16, 32, 48, 112, 256}) {
      const std::vector<int16_t> x = Integers(n, 4095, 1);
      std::vector<int16_t> one = Integers(n, 32767, 2);
      std::vector<int16_t> two = Integers(n, 32767, 3);
      std::vector<int16_t> one_scalar = one, two_scalar = two;
      int16_t* weights[] = {one.data(), two.data()};
      int16_t* scalar[] = {one_scalar.data(), two_scalar.data()};
      for (int round = 0; round < 20; ++round) {
        int32_t sums[2], expected[2];
        form.mixing->dots(x.data(), n, weights, 2, sums);
        cpu::kMixingScalar.dots(x.data(), n, scalar, 2, expected);
        ASSERT_EQ(sums[0], expected[0]) << form.name;
        ASSERT_EQ(sums[1], expected[1]) << form.name;
        const int16_t errors[] = {static_cast<int16_t>(round * 3000 - 30000),
                                  static_cast<int16_t>(32767 - round)};
        form.mixing->train(x.data(), n, errors, 2, weights);
        cpu::kMixingScalar.train(x.data(), n, errors, 2, scalar);
        ASSERT_EQ(one, one_scalar) << form.name;
        ASSERT_EQ(two, two_scalar) << form.name;
      }
    }
  }
}

// Rates and logits of no meaning, by which a wrong index shows.
struct Tables {
  Tables() : stretch(kStretchEntries), rates(1 << kCountBits) {
    for (size_t i = 0; i < stretch.size(); ++i) {
      stretch[i] = static_cast<int16_t>(i * 31 % 8191 - 4095);
    }
    for (size_t i = 0; i < rates.size(); ++i) {
      rates[i] = static_cast<int32_t>(i * 40503 % 65536);
    }
  }
  std::vector<int16_t> stretch;
  std::vector<int32_t> rates;
};

// Probabilities at both ends of each range of Stretch, with counts between.
std::vector<uint32_t> Cells() {
  std::vector<uint32_t> cells;
  for (const uint32_t p : {0u, 15u, 16u, 65535u, 65536u, 66559u, 2097151u,
                           2097152u, 4128767u, 4128768u, 4194288u, 4194303u}) {
    for (const uint32_t count : {0u, 1u, 254u, 255u, 256u, 1023u}) {
      cells.push_back(p << kCountBits | count);
    }
  }
  return cells;
}

TEST(Cells, GiveTheInputsOfTheirProbabilities) {
  const Tables tables;
  const std::vector<uint32_t> cells = Cells();
  const auto n = static_cast<int64_t>(cells.size());
  ASSERT_EQ(n % kCellGrain, 0);
  std::vector<uint8_t> seen(cells.size());
  for (size_t i = 0; i < seen.size(); ++i) {
    seen[i] = i % 5 == 0 ? 0 : i % 2 == 0 ? kKnown : kKnown | kAgreed;
  }
  for (const cpu::Form& form : cpu::AvailableForms()) {
    std::vector<int16_t> inputs(2 * cells.size(), 99);
    form.mixing->cell_inputs(cells.data(), seen.data(), n,
                             tables.stretch.data(), inputs.data());
    for (size_t i = 0; i < cells.size(); ++i) {
      const uint32_t p = cells[i] >> kCountBits;
      int logit = tables.stretch[4096 + (p >> 10)];
      if (p < 65536) logit = tables.stretch[p >> 4];
      if (p >= 4194304 - 65536) logit = -tables.stretch[(4194303 - p) >> 4];
      const size_t count = cells.size();
      EXPECT_EQ(inputs[i], seen[i] != 0 ? logit : 0) << form.name << p;
      EXPECT_EQ(inputs[count + i], (seen[i] & kAgreed) != 0 ? logit : 0);
    }
  }
}

TEST(Cells, LearnTheSameInEveryForm) {
  const Tables tables;
  for (const cpu::Form& form : cpu::AvailableForms()) {
    std::vector<uint32_t> cells = Cells();
    const auto n = static_cast<int64_t>(cells.size());
    for (int round = 0; round < 40; ++round) {
      const int bit = round * round / 3 % 2;
      std::vector<uint32_t> expected = cells;
      for (uint32_t& cell : expected) {
        const uint32_t count = cell & 1023;
        const int64_t p = cell >> 10, target = bit != 0 ? 4194303 : 0;
        const int64_t moved = p + ((target - p) * tables.rates[count] >> 16);
        cell = static_cast<uint32_t>(moved) << 10 | std::min(count + 1, 255u);
      }
      form.mixing->train_cells(cells.data(), n, bit, 255, tables.rates.data());
      ASSERT_EQ(cells, expected) << form.name << " round " << round;
    }
  }
}

}  // namespace
}  // namespace nncpp
