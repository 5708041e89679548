// tests/kernels/cuda_product_test.cc -- products by wgmma beside a plain loop.
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
// Before kernels/cuda/*, whose sources it also precedes.
#include "tests/support/cuda_emulation.h"
//
#include "kernels/cuda/product.h"

namespace nncpp {
namespace {

using cuda::Operand;
using cuda::Results;

// An operand of a batch, in memory of just its size.
struct Held {
  Held(int64_t batch, int64_t rows, int64_t depth, std::mt19937_64& random)
      : depth(depth),
        stride(cuda::PaddedDepth(depth)),
        integers(static_cast<size_t>(batch * rows * depth)),
        halves(static_cast<size_t>(batch * rows * stride)),
        scale(static_cast<size_t>(batch * rows)),
        view{halves.data(), scale.data(), rows, stride} {
    // So that no sum goes beyond 2^23.
    int64_t most = 2048;
    while (most * most * depth > int64_t{2896} * 2896) --most;
    for (size_t i = 0; i < integers.size(); ++i) {
      const auto places = static_cast<uint64_t>(2 * most + 1);
      integers[i] =
          static_cast<int32_t>(random() % places) - static_cast<int32_t>(most);
      const auto row = static_cast<int64_t>(i) / depth;
      const auto k = static_cast<int64_t>(i) % depth;
      halves[static_cast<size_t>(row * stride + k)] =
          cuda::HalfFromInteger(integers[i]);
    }
    for (float& s : scale) {
      s = FloatFromBits(static_cast<uint32_t>(random() % 114 + 64) << 23);
    }
  }

  int32_t At(int64_t row, int64_t k) const {
    return integers[static_cast<size_t>(row * depth + k)];
  }

  int64_t depth, stride;
  std::vector<int32_t> integers;
  std::vector<cuda::HalfBits> halves;
  std::vector<float> scale;
  Operand view;
};

struct Case {
  int64_t m, n, k;
  int64_t batch = 1;
  int64_t gap = 0;     // floats between rows of the result
  int64_t offset = 0;  // floats before it: whether it is aligned
  bool bias = false, add = false, scales = true;
  float limit = cuda::kNoLimit;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.m << " x " << c.n << " x " << c.k << ", batch " << c.batch;
}

std::vector<uint32_t> BitsOf(const std::vector<float>& values) {
  std::vector<uint32_t> bits;
  for (const float v : values) bits.push_back(BitsFromFloat(v));
  return bits;
}

class Wgmma : public ::testing::TestWithParam<Case> {};

TEST_P(Wgmma, GivesWhatAPlainLoopGivesInEveryOrder) {
  const Case& c = GetParam();
  std::mt19937_64 random(7);
  Held a(c.batch, c.m, c.k, random), b(c.batch, c.n, c.k, random);
  if (!c.scales) a.view.scale = nullptr;
  const auto number = [&random] {
    return static_cast<float>(static_cast<int64_t>(random() % 2001) - 1000);
  };
  std::vector<float> bias(static_cast<size_t>(c.n));
  for (float& v : bias) v = number();
  // The results, with what lies around them.
  const int64_t stride = c.n + c.gap;
  std::vector<float> before(
      static_cast<size_t>(c.offset + c.batch * c.m * stride));
  for (float& v : before) v = number();

  std::vector<float> expected = before;
  Results results;
  if (c.bias) results.bias = bias.data();
  results.add = c.add;
  results.batch = {c.batch, c.batch, c.m * stride, 0};
  results.limit = c.limit;
  for (int64_t row = 0; row < c.batch * c.m; ++row) {
    for (int64_t j = 0; j < c.n; ++j) {
      const int64_t col = row / c.m * c.n + j;
      int64_t sum = 0;
      for (int64_t k = 0; k < c.k; ++k) sum += a.At(row, k) * b.At(col, k);
      const float of_row = c.scales ? a.scale[static_cast<size_t>(row)] : 1.0f;
      results.Store(
          static_cast<float>(sum) *
              (of_row * b.scale[static_cast<size_t>(col)]),
          j, &expected[static_cast<size_t>(c.offset + row * stride + j)]);
    }
  }
  for (const uint64_t seed : {1, 2, 3, 4}) {
    emulation::Seed(seed);
    std::vector<float> found = before;
    results.first = {found.data() + c.offset, c.m, c.n, stride};
    // Two blocks, so that each has several of many tiles.
    cuda::MultiplyWgmma(a.view, b.view, results, /*multiprocessors=*/2,
                        nullptr);
    EXPECT_TRUE(BitsOf(found) == BitsOf(expected)) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Wgmma,
    ::testing::Values(Case{1, 1, 1}, Case{128, 256, 64}, Case{64, 32, 256},
                      Case{129, 257, 65, 1, 3},
                      Case{100, 37, 700, 1, 0, 1, true},
                      Case{256, 512, 320, 1, 0, 0, false, true},
                      Case{387, 260, 96, 1, 1, 0, true, true, false},
                      Case{300, 120, 450},
                      Case{128, 256, 100, 1, 0, 0, true, true, true, 1e20f},
                      Case{130, 70, 33, 3, 2, 2, false, true, false, 1e20f},
                      Case{20, 300, 130, 2, 0, 0, true, false, true, 0x1p70f}));

}  // namespace
}  // namespace nncpp
