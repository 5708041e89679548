// bench/product_operands.h -- operands for product_bench.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "kernels/cpu/ops.h"
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

struct Rows {
  explicit Rows(const Floats& x)
      : q(NewInt16Array(x.rows() * cpu::PaddedColumns(x.cols()))),
        scale(static_cast<size_t>(x.rows())) {
    view = {q.get(), scale.data(), x.rows(), x.cols(),
            cpu::PaddedColumns(x.cols())};
    Quantise(cpu::kOpsScalar, x);
  }
  void Quantise(const cpu::OpsTable& ops, const Floats& x) {
    for (int64_t r = 0; r < x.rows(); ++r) {
      scale[static_cast<size_t>(r)] = ops.quantize_row(
          x.row(r), x.cols(), view.stride, q.get() + r * view.stride);
    }
  }
  Int16Array q;
  std::vector<float> scale;
  cpu::RowOperand view;
};

struct Columns {
  explicit Columns(const Floats& x)
      : q(NewInt16Array((x.rows() + 1) / 2 * 2 * cpu::PaddedColumns(x.cols()))),
        scale(static_cast<size_t>(cpu::PaddedColumns(x.cols()))) {
    const int64_t stride = cpu::PaddedColumns(x.cols());
    cpu::kOpsScalar.quantize_columns(x.data(), x.rows(), x.cols(), x.cols(), 0,
                                     stride, /*noise=*/nullptr, stride, q.get(),
                                     scale.data());
    view = {q.get(), scale.data(), x.rows(), x.cols(), stride};
  }
  Int16Array q;
  std::vector<float> scale;
  cpu::ColumnOperand view;
};

}  // namespace nncpp::bench
