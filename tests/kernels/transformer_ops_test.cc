// tests/kernels/transformer_ops_test.cc -- norms, gates, rounding of heads.
#include "kernels/cpu/transformer_ops.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_backend.h"
#include "tests/support/numbers.h"

namespace nncpp {
namespace {

using ::nncpp::cpu::TransformerTable;
using ::nncpp::testing::AwkwardSizes;
using ::nncpp::testing::Bits;
using ::nncpp::testing::RandomFloats;

const TransformerTable& Plain() { return cpu::kTransformerScalar; }

// Expects that run(TransformerTable) gives the same from every form.
template <typename Run>
void ExpectEqualForms(const Run& run) {
  const auto expected = run(Plain());
  for (const cpu::Form& form : cpu::AvailableForms()) {
    EXPECT_TRUE(run(*form.transformer) == expected) << form.name << " differs";
  }
}

std::vector<float> Zeros(int64_t n) {
  return std::vector<float>(static_cast<size_t>(n));
}

TEST(RmsNorm, MatchesAHandComputedRow) {
  const std::vector<float> x = {3, 4}, gain = {1, 2};  // mean square 12.5
  std::vector<float> normed = Zeros(2), y = Zeros(2);
  const float s =
      Plain().rms_norm(x.data(), gain.data(), 2, normed.data(), y.data());
  EXPECT_NEAR(double{s}, 1 / std::sqrt(12.5 + 1e-5), 1e-7);
  EXPECT_EQ(normed[1], 4 * s);
  EXPECT_EQ(y[1], 2 * (4 * s));
}

// dx is orthogonal to x but for epsilon, and a central difference agrees.
TEST(RmsNormBackward, AgreesWithDifferencesInDouble) {
  for (const int64_t n : AwkwardSizes()) {
    const std::vector<float> x = RandomFloats(n, 1), gain = RandomFloats(n, 2);
    const std::vector<float> dy = RandomFloats(n, 3);
    std::vector<float> normed = Zeros(n), y = Zeros(n), dx = Zeros(n);
    const float s =
        Plain().rms_norm(x.data(), gain.data(), n, normed.data(), y.data());
    Plain().rms_norm_backward(dy.data(), gain.data(), normed.data(), s, n,
                              dx.data());
    const auto loss = [&](size_t at, double shift) {
      double squares = 0, sum = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        const double v = double{x[i]} + (i == at ? shift : 0);
        squares += v * v;
      }
      const double rms = std::sqrt(squares / static_cast<double>(n) +
                                   static_cast<double>(kNormEpsilon));
      for (size_t i = 0; i < x.size(); ++i) {
        const double v = double{x[i]} + (i == at ? shift : 0);
        sum += double{dy[i]} * double{gain[i]} * v / rms;
      }
      return sum;
    };
    for (size_t i = 0; i < x.size(); i += 1 + x.size() / 7) {
      const double expected = (loss(i, 1e-6) - loss(i, -1e-6)) / 2e-6;
      EXPECT_NEAR(double{dx[i]}, expected, 1e-5 + 1e-5 * std::abs(expected));
    }
  }
}

TEST(Gate, AgreesWithItsFormulaAndDifferencesInDouble) {
  const int64_t n = 77;
  const std::vector<float> u = RandomFloats(2 * n, 1, 6.0f);
  const std::vector<float> dy = RandomFloats(n, 2);
  std::vector<float> y = Zeros(n), du = Zeros(2 * n);
  Plain().gate(u.data(), n, y.data());
  Plain().gate_backward(u.data(), dy.data(), n, du.data());
  const auto gate = [](double g, double v) {
    return g / (1 + std::exp(-g)) * v;
  };
  for (size_t i = 0; i < y.size(); ++i) {
    const double g = double{u[i]}, v = double{u[y.size() + i]};
    EXPECT_NEAR(double{y[i]}, gate(g, v), 1e-5);
    const double dg = (gate(g + 1e-5, v) - gate(g - 1e-5, v)) / 2e-5;
    EXPECT_NEAR(double{du[i]}, double{dy[i]} * dg, 1e-5);
    EXPECT_NEAR(double{du[y.size() + i]}, double{dy[i]} * gate(g, 1), 1e-5);
  }
}

TEST(Gate, SaturatesForHostileSums) {
  for (const float range : {0.0f, 1e-40f, 1e15f, 1e30f}) {
    const std::vector<float> u = RandomFloats(20, 1, range);
    const std::vector<float> dy =
        RandomFloats(10, 2, range < 1e20f ? range : 1);
    std::vector<float> y = Zeros(10), du = Zeros(20);
    Plain().gate(u.data(), 10, y.data());
    Plain().gate_backward(u.data(), dy.data(), 10, du.data());
    for (const float v : y) EXPECT_LE(Abs(v), kActivationLimit);
    for (const float v : du) EXPECT_LE(Abs(v), kGradientLimit);
  }
}

// Within the bounds that law 1 gives keys, and one unit from the value.
TEST(QuantizeHead, KeepsLawOne) {
  for (const int64_t n : AwkwardSizes()) {
    for (const bool key : {false, true}) {
      const std::vector<float> x = RandomFloats(n, 9, 3.0f);
      const std::vector<float> u = RandomFloats(n, 10, 0.5f);
      std::vector<int16_t> q(static_cast<size_t>(n + 40), int16_t{1});
      const float scale =
          Plain().quantize_head(x.data(), u.data(), key, n, n + 40, q.data());
      int64_t squares = 0;
      for (size_t i = 0; i < q.size(); ++i) {
        const bool padding = i >= x.size();
        squares += int64_t{q[i]} * q[i];
        EXPECT_LE(std::abs(q[i]), key ? kKeyMax : kOperandMax);
        EXPECT_NEAR(static_cast<double>(q[i]) * double{scale},
                    padding ? 0.0 : double{x[i]}, double{scale});
      }
      EXPECT_LE(squares, kOperandNorm * kOperandNorm);
    }
  }
}

TEST(QuantizeHead, GivesARowOfZerosNoScale) {
  const std::vector<float> x = {0.0f, -0.0f};
  std::vector<int16_t> q = {5, 5, 5, 5};
  EXPECT_EQ(Plain().quantize_head(x.data(), nullptr, true, 2, 4, q.data()),
            0.0f);
  EXPECT_EQ(q, (std::vector<int16_t>{0, 0, 0, 0}));
}

TEST(QuantizeWeights, KeepsTheSumOfMagnitudesAndTheValues) {
  for (const int64_t n : AwkwardSizes()) {
    for (const bool noisy : {false, true}) {
      const std::vector<float> x = RandomFloats(n, 1);
      const std::vector<float> fold = RandomFloats(n, 2, 0.01f);
      const std::vector<float> u = RandomFloats(n, 3, 0.5f);
      std::vector<float> scratch = Zeros(n);
      std::vector<int16_t> q(static_cast<size_t>(n));
      const float scale = Plain().quantize_weights(x.data(), fold.data(),
                                                   noisy ? u.data() : nullptr,
                                                   n, scratch.data(), q.data());
      int64_t sum = 0, largest = 0;
      for (size_t i = 0; i < q.size(); ++i) {
        sum += std::abs(q[i]);
        largest = std::max(largest, int64_t{std::abs(q[i])});
        EXPECT_LE(std::abs(q[i]), kOperandMax);
        EXPECT_NEAR(static_cast<double>(q[i]) * double{scale},
                    double{x[i]} * double{fold[i]}, double{scale});
      }
      EXPECT_LE(sum, kWeightSum);
      // No coarser than it must be: half the units would break a bound.
      EXPECT_TRUE(largest >= kOperandMax / 2 || sum + n >= kWeightSum / 2);
    }
  }
}

TEST(Attend, GivesWeightsThatSumToOne) {
  for (const int64_t n : AwkwardSizes()) {
    std::vector<float> products = RandomFloats(n, 1, 30.0f);
    const std::vector<float> relative = RandomFloats(n, 2, 30.0f);
    std::vector<float> weights = Zeros(n);
    Plain().attend(products.data(), relative.data(), 0.5f, n, weights.data());
    double sum = 0;
    for (const float w : weights) sum += double{w};
    EXPECT_NEAR(sum, 1.0, 1e-5);
  }
}

TEST(TransformerOps, GiveTheSameBitsInEveryForm) {
  for (const int64_t n : AwkwardSizes()) {
    for (const float range : {0.0f, 1e-42f, 2.0f, 1e12f}) {
      const std::vector<float> x = RandomFloats(2 * n, 1, range);
      const std::vector<float> y = RandomFloats(n, 2, range);
      const std::vector<float> u = RandomFloats(n, 3, 0.5f);
      ExpectEqualForms([&](const TransformerTable& ops) {
        std::vector<float> a = Zeros(n), b = Zeros(n), c = Zeros(2 * n);
        std::vector<float> d = Zeros(n), products = x, e = Zeros(n);
        std::vector<int16_t> q(static_cast<size_t>(2 * n));
        std::vector<float> scalars;
        scalars.push_back(
            ops.rms_norm(x.data(), y.data(), n, a.data(), b.data()));
        ops.rms_norm_backward(y.data(), x.data(), a.data(), scalars[0], n,
                              d.data());
        ops.gate(x.data(), n, e.data());
        ops.gate_backward(x.data(), y.data(), n, c.data());
        std::vector<float> all = a;
        for (const auto* v : {&b, &c, &d, &e}) {
          all.insert(all.end(), v->begin(), v->end());
        }
        scalars.push_back(
            ops.quantize_head(x.data(), u.data(), true, n, n, q.data()));
        scalars.push_back(ops.quantize_weights(x.data(), u.data(), u.data(), n,
                                               a.data(), q.data() + n));
        ops.attend(products.data(), y.data(), 0.3f, n, a.data());
        ops.attend_backward(a.data(), x.data(), 0.1f, 0.3f, n, b.data());
        scalars.push_back(ops.dot(x.data(), y.data(), n));
        for (const auto* v : {&a, &b, &scalars}) {
          all.insert(all.end(), v->begin(), v->end());
        }
        all.insert(all.end(), q.begin(), q.end());
        return Bits(all);
      });
    }
  }
}

}  // namespace
}  // namespace nncpp
