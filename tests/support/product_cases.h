// tests/support/product_cases.h -- integer products against a naive loop.
//
// To test another form: TestForward, TestBackward and TestGradient with its
// table; they compare bits over all shapes below.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/product.h"

namespace nncpp::testing {

// Memory of exactly the promised size and alignment, so that the address
// sanitizer sees every read beyond it.
struct FreeArray {
  void operator()(int16_t* p) const { std::free(p); }
};
using Int16Array = std::unique_ptr<int16_t[], FreeArray>;

inline Int16Array NewInt16Array(int64_t count) {
  const uint64_t bytes = static_cast<uint64_t>(count + 31) / 32 * 64;
  auto* p = static_cast<int16_t*>(std::aligned_alloc(64, bytes));
  std::memset(p, 0, bytes);
  return Int16Array(p);
}

// What the integers of a matrix are, along the axis that is added over.
enum class Fill {
  kRandom,   // of either sign, all of about the same size
  kExtreme,  // 2048, 2047 and so on, to the last unit that the norm allows
};

inline std::vector<int16_t> FillAxis(int64_t depth, Fill fill,
                                     std::mt19937_64& random) {
  std::vector<int16_t> q(static_cast<size_t>(depth));
  int64_t budget = int64_t{2896} * 2896;
  if (fill == Fill::kExtreme) {
    const bool negative = random() % 2 != 0;
    int64_t size = 2048;
    for (auto it = q.rbegin(); it != q.rend(); ++it) {
      while (size * size > budget) --size;
      *it = static_cast<int16_t>(negative ? -size : size);
      budget -= size * size;
    }
    return q;
  }
  int64_t most = 2048;
  while (most * most * depth > budget) --most;
  for (int16_t& v : q) {
    v = static_cast<int16_t>(
        static_cast<int64_t>(random() % static_cast<uint64_t>(2 * most + 1)) -
        most);
  }
  return q;
}

// rows x cols integers with a power of two for each row or each column.
struct Integers {
  int64_t rows = 0, cols = 0;
  std::vector<int16_t> q;
  std::vector<float> scale;

  int16_t at(int64_t r, int64_t c) const {
    return q[static_cast<size_t>(r * cols + c)];
  }
};

// The vectors that are added over are the rows, or the columns.
inline Integers MakeIntegers(int64_t rows, int64_t cols, bool along_rows,
                             Fill fill, uint64_t seed) {
  std::mt19937_64 random(seed);
  Integers m{
      rows, cols, std::vector<int16_t>(static_cast<size_t>(rows * cols)), {}};
  for (int64_t i = 0; i < (along_rows ? rows : cols); ++i) {
    const auto axis = FillAxis(along_rows ? cols : rows, fill, random);
    for (int64_t j = 0; j < (along_rows ? cols : rows); ++j) {
      m.q[static_cast<size_t>(along_rows ? i * cols + j : j * cols + i)] =
          axis[static_cast<size_t>(j)];
    }
    // Exponents in [-63, 50], as the quantisation has them.
    m.scale.push_back(std::ldexp(1.0f, static_cast<int>(random() % 114) - 63));
  }
  return m;
}

struct Rows {
  explicit Rows(const Integers& m)
      : q(NewInt16Array(m.rows * cpu::PaddedColumns(m.cols))) {
    const int64_t stride = cpu::PaddedColumns(m.cols);
    for (int64_t r = 0; r < m.rows; ++r) {
      for (int64_t c = 0; c < m.cols; ++c) q[r * stride + c] = m.at(r, c);
    }
    view = {q.get(), m.scale.data(), m.rows, m.cols, stride};
  }
  Int16Array q;
  cpu::RowOperand view;
};

struct Columns {
  explicit Columns(const Integers& m)
      : q(NewInt16Array((m.rows + 1) / 2 * 2 * cpu::PaddedColumns(m.cols))) {
    const int64_t stride = cpu::PaddedColumns(m.cols);
    for (int64_t r = 0; r < m.rows; ++r) {
      for (int64_t c = 0; c < m.cols; ++c) {
        q[r / 2 * 2 * stride + 2 * c + r % 2] = m.at(r, c);
      }
    }
    view = {q.get(), m.scale.data(), m.rows, m.cols, stride};
  }
  Int16Array q;
  cpu::ColumnOperand view;
};

// A result matrix inside larger memory, all of it set to one strange value, so
// that a stray write anywhere shows. Compared as bits.
class Output {
 public:
  static constexpr int64_t kMargin = 40;
  static constexpr float kUntouched = -0x1.234568p99f;

  Output(int64_t rows, int64_t cols)
      : rows_(rows),
        stride_(cols + 3),
        values_(static_cast<size_t>(2 * kMargin + rows * stride_), kUntouched) {
  }
  float* data() { return values_.data() + kMargin; }
  int64_t stride() const { return stride_; }
  int64_t rows() const { return rows_; }
  float& at(int64_t r, int64_t c) { return data()[r * stride_ + c]; }

  bool operator==(const Output& other) const {
    return values_.size() == other.values_.size() &&
           std::memcmp(values_.data(), other.values_.data(),
                       values_.size() * sizeof(float)) == 0;
  }

 private:
  int64_t rows_;
  int64_t stride_;
  std::vector<float> values_;
};

struct Shape {
  int64_t m, n, k;
};

// Awkward sizes all against all, then some beyond every block of the kernels.
inline std::vector<Shape> AwkwardShapes() {
  std::vector<Shape> shapes;
  for (const int64_t m : {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 33}) {
    for (const int64_t n : {1, 31, 32, 33, 64, 100, 320}) {
      for (const int64_t k : {1, 31, 32, 33, 64, 100, 320}) {
        shapes.push_back({m, n, k});
      }
    }
  }
  for (const int64_t m : {1, 2, 4, 11, 33}) {
    shapes.push_back({m, 13, 1100});
    shapes.push_back({m, 1101, 45});
    shapes.push_back({m, 600, 105});
    shapes.push_back({m, 5, 17000});
  }
  shapes.push_back({515, 37, 70});
  return shapes;
}

// Cuts [0, size) in four at multiples of `step`, one part perhaps empty.
inline std::vector<int64_t> OddCuts(int64_t size, int64_t step) {
  const int64_t a = size / 3 / step * step;
  const int64_t b = size * 3 / 5 / step * step;
  const int64_t c = b + step < size ? b + step : b;
  return {0, a, b, c, size};
}

// Holds `expected`, with every element written, against `product` called for
// the whole range, in parts, and for a part of it.
template <typename Product>
void CompareRanges(const Product& product, int64_t rows, int64_t cols,
                   bool range_is_rows, int64_t step, Output& expected) {
  const int64_t size = range_is_rows ? rows : cols;
  Output whole(rows, cols), parts(rows, cols), middle(rows, cols);
  product(whole, 0, size);
  ASSERT_TRUE(whole == expected) << "whole range";

  const auto cuts = OddCuts(size, step);
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    product(parts, cuts[i], cuts[i + 1]);
  }
  ASSERT_TRUE(parts == expected) << "range in parts";

  product(middle, cuts[1], cuts[2]);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; ++c) {
      const int64_t i = range_is_rows ? r : c;
      if (i < cuts[1] || i >= cuts[2]) expected.at(r, c) = Output::kUntouched;
    }
  }
  ASSERT_TRUE(middle == expected) << "outside of a range";
}

inline void TestForward(const cpu::ProductTable& table, const Shape& s,
                        Fill fill) {
  const Integers a = MakeIntegers(s.m, s.k, true, fill, 1);
  const Integers w = MakeIntegers(s.n, s.k, true, fill, 2);
  const Rows qa(a), qw(w);
  Output expected(s.m, s.n);
  for (int64_t m = 0; m < s.m; ++m) {
    for (int64_t n = 0; n < s.n; ++n) {
      int64_t sum = 0;
      for (int64_t k = 0; k < s.k; ++k) sum += a.at(m, k) * w.at(n, k);
      expected.at(m, n) =
          static_cast<float>(sum) * (qa.view.scale[m] * qw.view.scale[n]);
    }
  }
  CompareRanges(
      [&](Output& y, int64_t begin, int64_t end) {
        table.forward(qa.view, qw.view, y.data(), y.stride(), begin, end);
      },
      s.m, s.n, /*range_is_rows=*/false, /*step=*/1, expected);
}

inline void TestBackward(const cpu::ProductTable& table, const Shape& s,
                         Fill fill) {
  const Integers d = MakeIntegers(s.m, s.n, true, fill, 3);
  const Integers w = MakeIntegers(s.n, s.k, false, fill, 4);
  const Rows qd(d), qw(w);
  Output expected(s.m, s.k);
  for (int64_t m = 0; m < s.m; ++m) {
    for (int64_t k = 0; k < s.k; ++k) {
      int64_t sum = 0;
      for (int64_t n = 0; n < s.n; ++n) sum += d.at(m, n) * w.at(n, k);
      expected.at(m, k) = static_cast<float>(sum) * qd.view.scale[m];
    }
  }
  CompareRanges(
      [&](Output& y, int64_t begin, int64_t end) {
        table.backward(qd.view, qw.view, y.data(), y.stride(), begin, end);
      },
      s.m, s.k, /*range_is_rows=*/false, cpu::kOperandPad, expected);
}

// The rows that are added over are s.m.
inline void TestGradient(const cpu::ProductTable& table, const Shape& s,
                         Fill fill) {
  const Integers d = MakeIntegers(s.m, s.n, false, fill, 5);
  const Integers x = MakeIntegers(s.m, s.k, false, fill, 6);
  const Columns qd(d), qx(x);
  Output expected(s.n, s.k);
  for (int64_t n = 0; n < s.n; ++n) {
    for (int64_t k = 0; k < s.k; ++k) {
      int64_t sum = 0;
      for (int64_t r = 0; r < s.m; ++r) sum += d.at(r, n) * x.at(r, k);
      expected.at(n, k) =
          static_cast<float>(sum) * (qd.view.scale[n] * qx.view.scale[k]);
    }
  }
  CompareRanges(
      [&](Output& g, int64_t begin, int64_t end) {
        table.gradient(qd.view, qx.view, g.data(), g.stride(), begin, end);
      },
      s.n, s.k, /*range_is_rows=*/true, /*step=*/1, expected);
}

// One product of one form, at all shapes and with both kinds of integers.
inline void TestAllShapes(const cpu::ProductTable& table,
                          void (*test)(const cpu::ProductTable&, const Shape&,
                                       Fill)) {
  for (const Shape& s : AwkwardShapes()) {
    for (const Fill fill : {Fill::kRandom, Fill::kExtreme}) {
      SCOPED_TRACE(::testing::Message()
                   << "M " << s.m << " N " << s.n << " K " << s.k
                   << (fill == Fill::kRandom ? " random" : " extreme"));
      test(table, s, fill);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace nncpp::testing
