// kernels/cpu/product_scalar.h -- the integer product in plain loops.
//
// Included by product_simd.cc only; contract: kernels/cpu/product.h. The loops
// are written so that compilers vectorise them with what every processor has.
#pragma once

#include <cstdint>

#include "kernels/cpu/product.h"

namespace nncpp::cpu {
namespace {

// Columns whose sums are kept at a time, on the stack.
constexpr int64_t kScalarColumns = 512;

void Forward(const RowOperand& a, const RowOperand& w, float* y,
             int64_t y_stride, int64_t begin, int64_t end) {
  for (int64_t n = begin; n < end; ++n) {
    const int16_t* wn = w.q + n * w.stride;
    for (int64_t m = 0; m < a.rows; ++m) {
      const int16_t* am = a.q + m * a.stride;
      int32_t sum = 0;
      for (int64_t k = 0; k < a.cols; ++k) sum += int32_t{am[k]} * wn[k];
      y[m * y_stride + n] = static_cast<float>(sum) * (a.scale[m] * w.scale[n]);
    }
  }
}

void Backward(const RowOperand& d, const RowOperand& w, float* y,
              int64_t y_stride, int64_t begin, int64_t end) {
  int32_t sum[kScalarColumns];
  for (int64_t c = begin; c < end; c += kScalarColumns) {
    const int64_t columns = end - c < kScalarColumns ? end - c : kScalarColumns;
    for (int64_t m = 0; m < d.rows; ++m) {
      for (int64_t k = 0; k < columns; ++k) sum[k] = 0;
      for (int64_t n = 0; n < w.rows; ++n) {
        const int32_t dn = d.q[m * d.stride + n];
        const int16_t* wn = w.q + n * w.stride + c;
        for (int64_t k = 0; k < columns; ++k) sum[k] += dn * wn[k];
      }
      float* out = y + m * y_stride + c;
      for (int64_t k = 0; k < columns; ++k) {
        out[k] = static_cast<float>(sum[k]) * d.scale[m];
      }
    }
  }
}

void Gradient(const ColumnOperand& d, const ColumnOperand& x, float* g,
              int64_t g_stride, int64_t begin, int64_t end) {
  int32_t sum[kScalarColumns];
  for (int64_t c = 0; c < x.cols; c += kScalarColumns) {
    const int64_t columns =
        x.cols - c < kScalarColumns ? x.cols - c : kScalarColumns;
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t k = 0; k < columns; ++k) sum[k] = 0;
      for (int64_t r = 0; r < d.rows; r += 2) {
        const int16_t* dn = d.q + r * d.stride + 2 * n;
        const int32_t d0 = dn[0], d1 = dn[1];
        const int16_t* xr = x.q + r * x.stride + 2 * c;
        for (int64_t k = 0; k < columns; ++k) {
          sum[k] += d0 * xr[2 * k] + d1 * xr[2 * k + 1];
        }
      }
      float* out = g + n * g_stride + c;
      for (int64_t k = 0; k < columns; ++k) {
        out[k] = static_cast<float>(sum[k]) * (d.scale[n] * x.scale[c + k]);
      }
    }
  }
}

}  // namespace
}  // namespace nncpp::cpu
