// tests/kernels/ops_test.cc -- sums, softmax and Adam, every form.
#include "kernels/cpu/ops.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/numbers.h"

namespace nncpp {
namespace {

using ::nncpp::cpu::AdamConstants;
using ::nncpp::cpu::OpsTable;
using ::nncpp::testing::AwkwardSizes;
using ::nncpp::testing::Bits;
using ::nncpp::testing::ExpectEqualForms;
using ::nncpp::testing::RandomFloats;

constexpr float kMost = 0x1p20f;

using Rows = std::vector<std::vector<float>>;

std::vector<float> SumRows(const OpsTable& ops, const Rows& x, const Rows& y) {
  std::vector<const float*> rows, factors;
  for (const auto& row : x) rows.push_back(row.data());
  for (const auto& row : y) factors.push_back(row.data());
  const int64_t cols = std::ssize(x[0]);
  std::vector<float> out(static_cast<size_t>(cols), 99.0f);
  ops.sum_rows(rows.data(), factors.empty() ? nullptr : factors.data(),
               std::ssize(rows), 0, cols, out.data());
  return out;
}

Rows RandomRows(int64_t count, int64_t cols, uint64_t seed, float range) {
  Rows rows;
  for (int64_t i = 0; i < count; ++i) {
    rows.push_back(RandomFloats(cols, seed + static_cast<uint64_t>(i), range));
  }
  return rows;
}

TEST(SumRows, IsExactForIntegers) {
  const Rows x = {{3, -5, 0, 0x1p20f}, {4, 5, -0.0f, 1}, {-9, 7, 0, -0x1p20f}};
  EXPECT_EQ(SumRows(cpu::kOpsScalar, x, {}), (std::vector<float>{-2, 7, 0, 1}));
  EXPECT_EQ(SumRows(cpu::kOpsScalar, x, x),
            (std::vector<float>{106, 99, 0, 0x1p41f}));
}

// Each term is rounded to a unit of 2^-21 of the power of two below the
// column's largest, and the sum once more.
TEST(SumRows, StaysWithinItsUnitsOfDoublePrecision) {
  for (const int64_t cols : AwkwardSizes()) {
    for (const float range : {1.0f, 1e-20f, kMost}) {
      const Rows x = RandomRows(40, cols, 1, range);
      const Rows y = RandomRows(40, cols, 50, 1.0f);
      const std::vector<float> sum = SumRows(cpu::kOpsScalar, x, {});
      const std::vector<float> products = SumRows(cpu::kOpsScalar, x, y);
      for (size_t c = 0; c < sum.size(); ++c) {
        double exact = 0, exact_products = 0, most = 0;
        for (size_t r = 0; r < x.size(); ++r) {
          exact += double{x[r][c]};
          exact_products += double{x[r][c]} * double{y[r][c]};
          most = std::max(most, std::abs(double{x[r][c]}));
        }
        const double units = 40 * most * 0x1p-21;  // half of each, twice
        EXPECT_NEAR(double{sum[c]}, exact, units);
        EXPECT_NEAR(double{products[c]}, exact_products, units);
      }
    }
  }
}

TEST(SumRows, DoesNotDependOnTheOrderOfTheRows) {
  Rows x = RandomRows(33, 77, 3, 1.0f);
  const auto forwards = Bits(SumRows(cpu::kOpsScalar, x, {}));
  std::reverse(x.begin(), x.end());
  EXPECT_EQ(Bits(SumRows(cpu::kOpsScalar, x, {})), forwards);
  std::rotate(x.begin(), x.begin() + 7, x.end());
  EXPECT_EQ(Bits(SumRows(cpu::kOpsScalar, x, {})), forwards);
}

TEST(SumRows, GivesZeroForZerosAndDenormals) {
  const Rows x = {{0.0f, -0.0f, 1e-45f, 0x1p-126f}, {0, 0, 1e-45f, 0}};
  EXPECT_EQ(SumRows(cpu::kOpsScalar, x, {}), std::vector<float>(4, 0.0f));
}

TEST(SumRows, IsTheSameInEveryForm) {
  for (const int64_t cols : AwkwardSizes()) {
    for (const float range : {1.0f, 1e-38f, kMost}) {
      const Rows x = RandomRows(19, cols, 5, range);
      ExpectEqualForms([&](const OpsTable& ops) {
        return std::vector{Bits(SumRows(ops, x, {})), Bits(SumRows(ops, x, x))};
      });
    }
  }
}

struct Softmax {
  std::vector<uint64_t> frequency;
  uint64_t total = 0;
  bool operator==(const Softmax&) const = default;
};

Softmax Frequencies(const OpsTable& ops, const std::vector<float>& logits) {
  Softmax out{std::vector<uint64_t>(logits.size()), 0};
  std::vector<float> scratch(logits.size());
  out.total = ops.frequencies(logits.data(), std::ssize(logits), scratch.data(),
                              out.frequency.data());
  return out;
}

// Logits as they come, and as they must not break anything.
Rows HostileLogits() {
  Rows logits;
  for (const int64_t symbols :
       {2, 3, 31, 32, 33, 77, 256, 4096, 16384, 65535}) {
    const auto size = static_cast<size_t>(symbols);
    logits.push_back(RandomFloats(symbols, 1, 3.0f));
    logits.push_back(RandomFloats(symbols, 2, 1000.0f));
    for (const float x : {0.0f, -0.0f, 1e-45f, 1024.0f, -1024.0f}) {
      logits.emplace_back(size, x);
    }
    std::vector<float> peak(size, -100.0f);
    peak.back() = 100.0f;
    logits.push_back(peak);
    peak.back() = -0.0f;
    peak.front() = 0.0f;
    logits.push_back(peak);
  }
  return logits;
}

TEST(Frequencies, KeepTheLimitsOfLawFive) {
  for (const std::vector<float>& logits : HostileLogits()) {
    const Softmax out = Frequencies(cpu::kOpsScalar, logits);
    EXPECT_GE(*std::min_element(out.frequency.begin(), out.frequency.end()),
              1u);
    EXPECT_EQ(out.total, std::accumulate(out.frequency.begin(),
                                         out.frequency.end(), uint64_t{0}));
    EXPECT_GE(out.total, uint64_t{1} << 30);
    EXPECT_LT(out.total, uint64_t{1} << 48);
  }
}

// Errors: one rounding of the difference of logits (relative 2^-24 times its
// size, at most 87 where anything is left), Exp twice (itself and the sum),
// and up to one and a half units of the total's 2^-45 a symbol.
TEST(Frequencies, StayWithinRoundingOfTheSoftmaxInDoublePrecision) {
  for (const std::vector<float>& logits : HostileLogits()) {
    const Softmax out = Frequencies(cpu::kOpsScalar, logits);
    const double most = double{*std::max_element(logits.begin(), logits.end())};
    double sum = 0;
    for (const float x : logits) sum += std::exp(double{x} - most);
    const double units = 1.5 * 0x1p-45 * static_cast<double>(logits.size());
    for (size_t i = 0; i < logits.size(); ++i) {
      const double p = std::exp(double{logits[i]} - most) / sum;
      const double q = static_cast<double>(out.frequency[i]) /
                       static_cast<double>(out.total);
      ASSERT_NEAR(q, p, p * (87 * 0x1p-24 + 2 * 2.5e-7) + units);
    }
  }
}

TEST(Frequencies, AreTheSameInEveryForm) {
  ExpectEqualForms([](const OpsTable& ops) {
    std::vector<Softmax> all;
    for (const auto& x : HostileLogits()) all.push_back(Frequencies(ops, x));
    return all;
  });
}

std::vector<float> SoftmaxGradient(const OpsTable& ops, const Softmax& softmax,
                                   int64_t target) {
  std::vector<float> dlogits(softmax.frequency.size());
  ops.softmax_backward(softmax.frequency.data(), softmax.total,
                       std::ssize(dlogits), target, dlogits.data());
  return dlogits;
}

TEST(SoftmaxBackward, IsTheProbabilityLessOneAtTheTarget) {
  for (const std::vector<float>& logits : HostileLogits()) {
    const Softmax softmax = Frequencies(cpu::kOpsScalar, logits);
    const int64_t target = std::ssize(logits) / 2;
    const std::vector<float> dlogits =
        SoftmaxGradient(cpu::kOpsScalar, softmax, target);
    for (size_t i = 0; i < logits.size(); ++i) {
      const double p = static_cast<double>(softmax.frequency[i]) /
                       static_cast<double>(softmax.total);
      const bool hit = static_cast<int64_t>(i) == target;
      // One rounding of p, one of the difference.
      ASSERT_NEAR(double{dlogits[i]}, p - hit, (p + hit) * 0x1.01p-24);
    }
  }
}

TEST(SoftmaxBackward, IsTheSameInEveryForm) {
  ExpectEqualForms([](const OpsTable& ops) {
    std::vector<std::vector<uint32_t>> all;
    for (const auto& x : HostileLogits()) {
      all.push_back(Bits(SoftmaxGradient(ops, Frequencies(ops, x), 1)));
    }
    return all;
  });
}

struct AdamState {
  std::vector<float> weight, second;
};

AdamState Adam(const OpsTable& ops, const AdamConstants& step,
               const std::vector<float>& gradient, AdamState state) {
  ops.adam(step, gradient.data(), state.weight.data(), state.second.data(),
           std::ssize(gradient));
  return state;
}

AdamState RandomState(int64_t n) {
  AdamState state{RandomFloats(n, 7), RandomFloats(n, 8, 0.01f)};
  for (float& v : state.second) v = Abs(v);
  return state;
}

// Relative roundings: v three, the root and the quotient three more, halved
// by the root; the step two; the weight one of its own size.
TEST(Adam, StaysWithinRoundingOfDoublePrecision) {
  const AdamConstants step = {3e-3f, 0.999f, 17.0f, 1e-6f, 2.0f};
  for (const int64_t n : AwkwardSizes()) {
    const std::vector<float> gradient = RandomFloats(n, 9, 0.5f);
    const AdamState before = RandomState(n);
    const AdamState after = Adam(cpu::kOpsScalar, step, gradient, before);
    for (size_t i = 0; i < gradient.size(); ++i) {
      const double g = double{gradient[i]}, beta2 = double{step.beta2};
      const double v = beta2 * double{before.second[i]} + (1 - beta2) * g * g;
      const double root =
          std::sqrt(v * double{step.correction}) + double{step.epsilon};
      const double move = std::clamp(g / root, -2.0, 2.0);
      const double w = double{before.weight[i]} - double{step.rate} * move;
      // 1 - beta2 is exact in float; g^2, the products and the sum round.
      EXPECT_NEAR(double{after.second[i]}, v, v * 4 * 0x1p-24);
      EXPECT_NEAR(
          double{after.weight[i]}, w,
          (std::abs(w) + 8 * double{step.rate} * std::abs(move)) * 0x1p-24);
    }
  }
}

TEST(Adam, SaturatesWeightsStepsAndGradients) {
  const AdamConstants wide = {1.0f, 0.0f, 1.0f, 1e-12f, 1e6f};
  const std::vector<float> gradient = {1e30f, -1e30f, 0.0f, -0.0f, 1e-45f};
  const AdamState before = {{64, -64, 1, -1, 0}, std::vector<float>(5, 0.0f)};
  const AdamState after = Adam(cpu::kOpsScalar, wide, gradient, before);
  EXPECT_EQ(after.second[0], 0x1p40f);
  EXPECT_EQ(after.weight[0], 63.0f);
  EXPECT_EQ(after.weight[1], -63.0f);
  EXPECT_EQ(after.weight[2], 1.0f);
  EXPECT_EQ(after.weight[3], -1.0f);
  for (const float w : after.weight) EXPECT_TRUE(std::isfinite(w));
  const AdamConstants far = {1.0f, 0.0f, 1.0f, 1e-12f, 1.0f};
  const AdamState edge = {{-63.5f, 63.5f, 0, 0, 0}, before.second};
  const AdamState over = Adam(cpu::kOpsScalar, far, gradient, edge);
  EXPECT_EQ(over.weight[0], -kWeightLimit);
  EXPECT_EQ(over.weight[1], kWeightLimit);
}

TEST(Adam, IsTheSameInEveryForm) {
  const AdamConstants step = {3e-3f, 0.9999f, 1e4f, 1e-8f, 4.0f};
  for (const int64_t n : AwkwardSizes()) {
    std::vector<float> gradient = RandomFloats(n, 10);
    gradient[0] = -0.0f;
    gradient.back() = 1e-40f;
    ExpectEqualForms([&](const OpsTable& ops) {
      const AdamState after = Adam(ops, step, gradient, RandomState(n));
      return std::vector{Bits(after.weight), Bits(after.second)};
    });
  }
}

TEST(Add, AddsElementByElementInEveryForm) {
  for (const int64_t n : AwkwardSizes()) {
    const std::vector<float> x = RandomFloats(n, 11);
    std::vector<float> expected = RandomFloats(n, 12);
    for (size_t i = 0; i < x.size(); ++i) expected[i] = expected[i] + x[i];
    for (const cpu::Form& form : cpu::AvailableForms()) {
      std::vector<float> y = RandomFloats(n, 12);
      form.ops->add(x.data(), n, y.data());
      EXPECT_EQ(Bits(y), Bits(expected)) << form.name;
    }
  }
}

// ---- dropout

TEST(Dropout, KeepsTheShareItIsAskedFor) {
  const std::vector<float> x(10000, 3.0f);
  for (const float rate : {0.0f, 0.1f, 0.5f, 0.9f}) {
    std::vector<float> y(x.size());
    const float scale = 1.0f / (1.0f - rate);
    cpu::kOpsScalar.dropout(x.data(), std::ssize(x), {5, 6, 7}, 8, rate - 0.5f,
                            scale, y.data());
    const auto kept = std::count(y.begin(), y.end(), 3.0f * scale);
    const auto dropped = std::count(y.begin(), y.end(), 0.0f);
    EXPECT_EQ(kept + dropped, std::ssize(y));
    EXPECT_NEAR(static_cast<double>(dropped), 1e4 * rate, 150) << rate;
  }
}

TEST(Dropout, FormsAgreeAndRowsDiffer) {
  for (const int64_t n : AwkwardSizes()) {
    const std::vector<float> x = RandomFloats(n, 1, 1.0f);
    ExpectEqualForms([&](const OpsTable& ops) {
      std::vector<float> y = x;  // in place
      ops.dropout(y.data(), n, {1, 2, 3}, 4, -0.1f, 1.7f, y.data());
      return Bits(y);
    });
  }
  const std::vector<float> x(500, 1.0f);
  std::vector<float> y(x.size()), z(x.size());
  cpu::kOpsScalar.dropout(x.data(), 500, {1, 2, 3}, 4, 0.0f, 2, y.data());
  cpu::kOpsScalar.dropout(x.data(), 500, {1, 2, 3}, 5, 0.0f, 2, z.data());
  EXPECT_NE(y, z);
}

}  // namespace
}  // namespace nncpp
