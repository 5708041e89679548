// tests/kernels/quantize_test.cc -- law 1 on rows and columns, every form.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/ops.h"
#include "kernels/cpu/product.h"
#include "tests/support/numbers.h"

namespace nncpp {
namespace {

using ::nncpp::cpu::OpsTable;
using ::nncpp::cpu::PaddedColumns;
using ::nncpp::testing::AwkwardSizes;
using ::nncpp::testing::ExpectEqualForms;
using ::nncpp::testing::RandomFloats;

struct Row {
  std::vector<int16_t> q;  // padded; beyond n once a mark, to see it cleared
  float scale = 0;
  bool operator==(const Row&) const = default;
};

Row QuantizeRow(const OpsTable& ops, const std::vector<float>& x) {
  const int64_t n = std::ssize(x), padded = PaddedColumns(n);
  Row row{std::vector<int16_t>(static_cast<size_t>(padded), 99), 0};
  row.scale = ops.quantize_row(x.data(), n, padded, row.q.data());
  return row;
}

Row QuantizeGradient(const OpsTable& ops, const std::vector<float>& x,
                     const std::vector<float>& fold, int64_t norm,
                     const NoiseKey& key, uint32_t row_number) {
  const int64_t n = std::ssize(x), padded = PaddedColumns(n);
  Row row{std::vector<int16_t>(static_cast<size_t>(padded), 99), 0};
  std::vector<float> scratch(static_cast<size_t>(2 * (n + 128)));
  row.scale =
      ops.quantize_gradient_row(x.data(), fold.data(), n, padded, norm, key,
                                row_number, scratch.data(), row.q.data());
  return row;
}

struct Columns {
  std::vector<int16_t> q;  // pairs of rows, as product.h has them
  std::vector<float> scale;
  int64_t stride = 0;
  bool operator==(const Columns&) const = default;
  int64_t At(int64_t r, int64_t c) const {
    return q[static_cast<size_t>(r / 2 * 2 * stride + 2 * c + r % 2)];
  }
};

Columns QuantizeColumns(const OpsTable& ops, const std::vector<float>& x,
                        int64_t rows, int64_t cols, const NoiseKey* key) {
  Columns out;
  out.stride = PaddedColumns(cols);
  out.q.assign(static_cast<size_t>((rows + 1) / 2 * 2 * out.stride), 99);
  out.scale.assign(static_cast<size_t>(out.stride), 99.0f);
  ops.quantize_columns(x.data(), rows, cols, cols, 0, out.stride, key,
                       out.stride, out.q.data(), out.scale.data());
  return out;
}

int64_t SumSquares(const std::vector<int16_t>& q) {
  int64_t sum = 0;
  for (const int16_t v : q) sum += int64_t{v} * v;
  return sum;
}

bool IsPowerOfTwoInRange(float scale) {
  int e = 0;
  return std::frexp(scale, &e) == 0.5f && e - 1 >= kExponentMin &&
         e - 1 <= kExponentMax + 12;
}

// Rows that a careless rule would get wrong.
std::vector<std::vector<float>> HostileRows() {
  std::vector<std::vector<float>> rows;
  for (const int64_t n : AwkwardSizes()) {
    const auto size = static_cast<size_t>(n);
    for (const float x : {1.0f, 0x1.fffffep0f, 0x1.ffep-1f, 0x1.fffffep60f,
                          0x1p-63f, 0x1p-74f, 0x1p-126f, 1e-45f, 0.0f}) {
      rows.emplace_back(size, x);
      std::vector<float> spike(size, x * 0x1p-12f), alternating(size, x);
      spike[size / 2] = -x;
      for (size_t i = 1; i < size; i += 2) alternating[i] = -x;
      rows.push_back(spike);
      rows.push_back(alternating);
    }
    std::vector<float> zeros(size, 0.0f);
    for (size_t i = 0; i < size; i += 2) zeros[i] = -0.0f;
    rows.push_back(zeros);
    rows.push_back(RandomFloats(n, 1));
    rows.push_back(RandomFloats(n, 2, 1e-30f));
    rows.push_back(RandomFloats(n, 3, 1e17f));
  }
  rows.push_back(std::vector<float>(8192, 1.5f));
  return rows;
}

TEST(QuantizeRow, MatchesAHandComputedRow) {
  // The largest is 1.5, so the unit is 2^-10 and 1.5 becomes 1536; 2^-11 is a
  // tie and goes to 0, 3 * 2^-11 one that goes to 2.
  const Row row = QuantizeRow(cpu::kOpsScalar,
                              {1.5f, -0.25f, 0x1p-11f, 0x3p-11f, -0x1p-10f});
  EXPECT_EQ(row.scale, 0x1p-10f);
  EXPECT_EQ(std::vector<int16_t>(row.q.begin(), row.q.begin() + 6),
            (std::vector<int16_t>{1536, -256, 0, 2, -1, 0}));
}

TEST(QuantizeRow, KeepsItsBoundsForHostileRows) {
  for (const std::vector<float>& x : HostileRows()) {
    const Row row = QuantizeRow(cpu::kOpsScalar, x);
    ASSERT_TRUE(IsPowerOfTwoInRange(row.scale)) << x.size() << " " << x[0];
    ASSERT_LE(SumSquares(row.q), kOperandNorm * kOperandNorm);
    for (size_t i = 0; i < row.q.size(); ++i) {
      ASSERT_LE(std::abs(row.q[i]), kOperandMax);
      if (i >= x.size()) {
        ASSERT_EQ(row.q[i], 0);
      }
    }
  }
}

TEST(QuantizeRow, RoundsToTheNearestUnit) {
  for (const std::vector<float>& x : HostileRows()) {
    const Row row = QuantizeRow(cpu::kOpsScalar, x);
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_LE(std::abs(double{x[i]} - row.q[i] * double{row.scale}),
                0.5 * double{row.scale});
    }
  }
}

// The norm costs at most the bits it must: 2 |x| / norm bounds the unit, but
// where the exponent stands at its lower limit.
TEST(QuantizeRow, WastesNoMoreThanOneBit) {
  for (const std::vector<float>& x : HostileRows()) {
    const Row row = QuantizeRow(cpu::kOpsScalar, x);
    double most = 0, squares = 0;
    for (const float v : x) {
      most = std::max(most, std::abs(double{v}));
      squares += double{v} * double{v};
    }
    if (most < 0x1p-52) continue;
    const double needed = std::max(most / 1024, 2 * std::sqrt(squares) / 2895);
    ASSERT_LE(double{row.scale}, needed * 1.001) << x.size() << " " << x[0];
  }
}

TEST(QuantizeRow, IsTheSameInEveryForm) {
  ExpectEqualForms([](const OpsTable& ops) {
    std::vector<Row> rows;
    for (const auto& x : HostileRows()) rows.push_back(QuantizeRow(ops, x));
    return rows;
  });
}

TEST(QuantizeGradientRow, KeepsItsBoundsAndTheNormItWasGiven) {
  uint32_t number = 0;
  for (const std::vector<float>& x : HostileRows()) {
    const std::vector<float> fold(x.size(), 0.5f);
    for (const int64_t norm : {int64_t{90}, int64_t{1000}, kOperandNorm}) {
      const Row row =
          QuantizeGradient(cpu::kOpsScalar, x, fold, norm, {1, 2, 3}, ++number);
      ASSERT_LE(SumSquares(row.q), norm * norm);
      for (const int16_t q : row.q) ASSERT_LE(std::abs(q), kOperandMax);
      for (size_t i = 0; i < row.q.size(); ++i) {
        const double value = i < x.size() ? double{x[i]} * 0.5 : 0;
        ASSERT_LE(std::abs(value - row.q[i] * double{row.scale}),
                  double{row.scale});
      }
    }
  }
}

TEST(QuantizeGradientRow, IsTheSameInEveryForm) {
  ExpectEqualForms([](const OpsTable& ops) {
    std::vector<Row> rows;
    for (const auto& x : HostileRows()) {
      rows.push_back(QuantizeGradient(ops, x, RandomFloats(std::ssize(x), 5),
                                      kOperandNorm, {4, 5, 6},
                                      static_cast<uint32_t>(rows.size())));
    }
    return rows;
  });
}

// Each element's rounding error lies within one unit with a deviation of at
// most 1/2, so the mean of n errors has one of 1 / (2 sqrt n) at most. The
// noise has steps of 2^-16: that much more may be systematic.
double UnbiasedWithin(int trials) {
  return 5 * 0.5 / std::sqrt(trials) + 0x1p-16;
}

TEST(QuantizeGradientRow, IsUnbiased) {
  const int64_t n = 200;
  const int trials = 4000;
  const std::vector<float> x = RandomFloats(n, 7), fold = RandomFloats(n, 8);
  std::vector<double> error(x.size());
  for (int t = 0; t < trials; ++t) {
    const Row row = QuantizeGradient(cpu::kOpsScalar, x, fold, kOperandNorm,
                                     {9, static_cast<uint32_t>(t), 1}, 0);
    for (size_t i = 0; i < x.size(); ++i) {
      error[i] += row.q[i] - double{x[i] * fold[i]} / double{row.scale};
    }
  }
  for (const double e : error) {
    EXPECT_LE(std::abs(e / trials), UnbiasedWithin(trials));
  }
}

std::vector<float> MixedColumns(int64_t rows, int64_t cols) {
  std::vector<float> x = RandomFloats(rows * cols, 11);
  for (int64_t c = 0; c < cols; ++c) {
    for (int64_t r = 0; r < rows; ++r) {
      float& v = x[static_cast<size_t>(r * cols + c)];
      if (c % 5 == 1) v = 1.75f;
      if (c % 5 == 2) v = r == rows / 2 ? -1.0f : v * 0x1p-30f;
      if (c % 5 == 3) v = r % 2 == 0 ? 0.0f : -0.0f;
      if (c % 5 == 4) v *= 1e-43f;
    }
  }
  return x;
}

TEST(QuantizeColumns, KeepsItsBoundsToNearestAndWithNoise) {
  const NoiseKey key = {1, 2, 3};
  for (const int64_t rows : {1, 2, 7, 64, 333}) {
    for (const int64_t cols : AwkwardSizes()) {
      const std::vector<float> x = MixedColumns(rows, cols);
      for (const NoiseKey* noise :
           {static_cast<const NoiseKey*>(nullptr), &key}) {
        const Columns out =
            QuantizeColumns(cpu::kOpsScalar, x, rows, cols, noise);
        const double most_error = noise == nullptr ? 0.5 : 1.0;
        for (int64_t c = 0; c < out.stride; ++c) {
          const double scale = double{out.scale[static_cast<size_t>(c)]};
          int64_t squares = 0;
          for (int64_t r = 0; r < rows + rows % 2; ++r) {
            const int64_t q = out.At(r, c);
            squares += q * q;
            ASSERT_LE(std::abs(q), kOperandMax);
            const double value =
                r < rows && c < cols
                    ? double{x[static_cast<size_t>(r * cols + c)]}
                    : 0;
            ASSERT_LE(std::abs(value - static_cast<double>(q) * scale),
                      most_error * scale);
          }
          ASSERT_LE(squares, kOperandNorm * kOperandNorm);
        }
      }
    }
  }
}

TEST(QuantizeColumns, GivesTheSameBitsInEveryFormAndInPieces) {
  const NoiseKey key = {4, 5, 6};
  for (const int64_t cols : AwkwardSizes()) {
    const int64_t rows = 37;
    const std::vector<float> x = MixedColumns(rows, cols);
    ExpectEqualForms([&](const OpsTable& ops) {
      return std::vector<Columns>{QuantizeColumns(ops, x, rows, cols, nullptr),
                                  QuantizeColumns(ops, x, rows, cols, &key)};
    });
    const Columns whole = QuantizeColumns(cpu::kOpsScalar, x, rows, cols, &key);
    Columns pieces = whole;
    std::fill(pieces.q.begin(), pieces.q.end(), int16_t{99});
    for (int64_t c = 0; c < whole.stride; c += 128) {
      cpu::kOpsScalar.quantize_columns(
          x.data(), rows, cols, cols, c, std::min(c + 128, whole.stride), &key,
          whole.stride, pieces.q.data(), pieces.scale.data());
    }
    EXPECT_EQ(pieces, whole);
  }
}

TEST(QuantizeColumns, IsUnbiased) {
  const int64_t rows = 9, cols = 33;
  const int trials = 4000;
  const std::vector<float> x = RandomFloats(rows * cols, 12);
  std::vector<double> error(x.size());
  for (int t = 0; t < trials; ++t) {
    const NoiseKey key = {13, static_cast<uint32_t>(t), 1};
    const Columns out = QuantizeColumns(cpu::kOpsScalar, x, rows, cols, &key);
    for (size_t i = 0; i < x.size(); ++i) {
      const int64_t r = static_cast<int64_t>(i) / cols;
      const int64_t c = static_cast<int64_t>(i) % cols;
      error[i] += static_cast<double>(out.At(r, c)) -
                  double{x[i]} / double{out.scale[static_cast<size_t>(c)]};
    }
  }
  for (const double e : error) {
    EXPECT_LE(std::abs(e / trials), UnbiasedWithin(trials));
  }
}

TEST(ColumnSquares, AddsExactlyInEveryForm) {
  const int64_t rows = 1300, stride = 96;
  std::vector<int16_t> q(static_cast<size_t>(rows * stride));
  std::vector<int64_t> expected(static_cast<size_t>(stride), 5);
  for (size_t i = 0; i < q.size(); ++i) {
    const auto word = static_cast<int64_t>(i * 2654435761u % 4097) - 2048;
    q[i] = static_cast<int16_t>(i % 96 == 0 ? -2048 : word);
    expected[i % 96] += int64_t{q[i]} * q[i];
  }
  for (const cpu::Form& form : cpu::AvailableForms()) {
    std::vector<int64_t> sum(static_cast<size_t>(stride), 5);
    form.ops->column_squares(q.data(), rows, stride, 0, 32, sum.data());
    form.ops->column_squares(q.data(), rows, stride, 32, stride, sum.data());
    EXPECT_EQ(sum, expected) << form.name;
  }
}

}  // namespace
}  // namespace nncpp
