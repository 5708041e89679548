// bench/product_operands.h -- operands for product_bench, and its quantiser.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "kernels/cpu/product.h"

namespace nncpp::bench {

inline double Seconds() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

inline double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + std::ssize(values) / 2,
                   values.end());
  return values[values.size() / 2];
}

// rows x cols floats in (-1, 1).
class Floats {
 public:
  Floats(int64_t rows, int64_t cols, uint64_t seed)
      : rows_(rows), cols_(cols), values_(static_cast<size_t>(rows * cols)) {
    std::mt19937_64 random(seed);
    for (float& v : values_) {
      v = static_cast<float>(static_cast<int64_t>(random() >> 40) - (1 << 23)) *
          0x1p-23f;
    }
  }
  const float* data() const { return values_.data(); }
  const float* row(int64_t r) const { return data() + r * cols_; }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }

 private:
  int64_t rows_;
  int64_t cols_;
  std::vector<float> values_;
};

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

// One row as law 1 wants it: integers of at most 2048 whose squares add up to
// at most 2896 squared. Returns the power of two that they are in units of.
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
inline float
QuantiseRow(const float* x, int64_t count, int16_t* q) {
  uint32_t most = 0;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    bits &= 0x7fffffff;
    most = most < bits ? bits : most;
  }
  const auto power_of_two = [](uint32_t biased) {
    const uint32_t bits = biased << 23;
    float f;
    std::memcpy(&f, &bits, sizeof f);
    return f;
  };
  for (uint32_t exponent = most >> 23;; ++exponent) {
    const float scale = power_of_two(254 + 10 - exponent);
    int64_t norm = 0;
    for (int64_t i = 0; i < count; ++i) {
      const float rounded = (x[i] * scale + 0x1.8p23f) - 0x1.8p23f;
      const int32_t integer = static_cast<int32_t>(rounded);
      q[i] = static_cast<int16_t>(integer);
      norm += integer * integer;
    }
    if (norm <= int64_t{2896} * 2896) return power_of_two(exponent - 10);
  }
}

struct Rows {
  explicit Rows(const Floats& x)
      : q(NewInt16Array(x.rows() * cpu::PaddedColumns(x.cols()))),
        scale(static_cast<size_t>(x.rows())) {
    view = {q.get(), scale.data(), x.rows(), x.cols(),
            cpu::PaddedColumns(x.cols())};
    Quantise(x);
  }
  void Quantise(const Floats& x) {
    for (int64_t r = 0; r < x.rows(); ++r) {
      scale[static_cast<size_t>(r)] =
          QuantiseRow(x.row(r), x.cols(), q.get() + r * view.stride);
    }
  }
  Int16Array q;
  std::vector<float> scale;
  cpu::RowOperand view;
};

struct Columns {
  explicit Columns(const Floats& x)
      : q(NewInt16Array((x.rows() + 1) / 2 * 2 *
                        cpu::PaddedColumns(x.cols()))) {
    const int64_t stride = cpu::PaddedColumns(x.cols());
    std::vector<float> column(static_cast<size_t>(x.rows()));
    std::vector<int16_t> integers(column.size());
    for (int64_t c = 0; c < x.cols(); ++c) {
      for (int64_t r = 0; r < x.rows(); ++r) {
        column[static_cast<size_t>(r)] = x.row(r)[c];
      }
      scale.push_back(QuantiseRow(column.data(), x.rows(), integers.data()));
      for (int64_t r = 0; r < x.rows(); ++r) {
        q[r / 2 * 2 * stride + 2 * c + r % 2] =
            integers[static_cast<size_t>(r)];
      }
    }
    view = {q.get(), scale.data(), x.rows(), x.cols(), stride};
  }
  Int16Array q;
  std::vector<float> scale;
  cpu::ColumnOperand view;
};

}  // namespace nncpp::bench
