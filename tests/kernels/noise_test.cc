// tests/kernels/noise_test.cc -- stochastic rounding favours neither side.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_backend.h"

namespace nncpp {
namespace {

constexpr int64_t kRows = 6, kOutputs = 9, kInputs = 5;
constexpr int kDraws = 4000;

// Small integers, which quantisation to nearest leaves as they are.
std::vector<float> Integers(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> x;
  for (int64_t i = 0; i < count; ++i) {
    x.push_back(static_cast<float>(random() % 7) - 3.0f);
  }
  return x;
}

// Gradients of many magnitudes, the small ones far below one unit.
std::vector<float> Gradients(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> x;
  for (int64_t i = 0; i < count; ++i) {
    const float u = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
    x.push_back(std::ldexp(u, -static_cast<int>(random() % 20)));
  }
  return x;
}

// The mean of what `draw` returns, with five times its standard error.
template <typename Draw>
void ExpectMean(const std::vector<double>& expected, const Draw& draw) {
  std::vector<double> sum(expected.size()), squares(expected.size());
  for (int i = 0; i < kDraws; ++i) {
    const std::vector<float> x = draw(static_cast<uint32_t>(i));
    for (size_t j = 0; j < x.size(); ++j) {
      const double off = static_cast<double>(x[j]) - expected[j];
      sum[j] += off;
      squares[j] += off * off;
    }
  }
  double noise = 0;
  for (size_t j = 0; j < expected.size(); ++j) {
    const double mean = sum[j] / kDraws;
    const double sigma =
        std::sqrt((squares[j] / kDraws - mean * mean) / kDraws);
    EXPECT_LE(std::abs(mean), 5 * sigma + 1e-6) << j;
    noise = std::max(noise, sigma);
  }
  EXPECT_GT(noise, 1e-6);  // there is something to average
}

TEST(Noise, AProductBackwardIsRightOnAverage) {
  cpu::CpuBackend backend(cpu::AvailableForms().back(), 1);
  const auto w = Integers(kOutputs * kInputs, 1);
  const auto dy = Gradients(kRows * kOutputs, 2);
  const auto weights = backend.NewWeights(kOutputs, kInputs);
  backend.QuantizeWeights({w.data(), kOutputs, kInputs}, *weights);
  std::vector<double> expected(kRows * kInputs);
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t n = 0; n < kOutputs; ++n) {
      for (size_t k = 0; k < kInputs; ++k) {
        expected[r * kInputs + k] += static_cast<double>(dy[r * kOutputs + n]) *
                                     static_cast<double>(w[n * kInputs + k]);
      }
    }
  }
  ExpectMean(expected, [&](uint32_t draw) {
    std::vector<float> dx(kRows * kInputs);
    backend.ProductBackward({dy.data(), kRows, kOutputs}, *weights,
                            {7, draw, 3}, 0, {dx.data(), kRows, kInputs});
    return dx;
  });
}

TEST(Noise, AProductGradientIsRightOnAverage) {
  cpu::CpuBackend backend(cpu::AvailableForms().back(), 1);
  const auto x = Integers(kRows * kInputs, 3);
  const auto dy = Gradients(kRows * kOutputs, 4);
  std::vector<double> expected(kOutputs * kInputs);
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t n = 0; n < kOutputs; ++n) {
      for (size_t k = 0; k < kInputs; ++k) {
        expected[n * kInputs + k] += static_cast<double>(dy[r * kOutputs + n]) *
                                     static_cast<double>(x[r * kInputs + k]);
      }
    }
  }
  ExpectMean(expected, [&](uint32_t draw) {
    std::vector<float> dw(kOutputs * kInputs);
    backend.ProductGradient({dy.data(), kRows, kOutputs},
                            {x.data(), kRows, kInputs}, {7, draw, 3},
                            {dw.data(), kOutputs, kInputs});
    return dw;
  });
}

}  // namespace
}  // namespace nncpp
