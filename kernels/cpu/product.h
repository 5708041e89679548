// kernels/cpu/product.h -- exact integer matrix products on one core.
//
// Source: docs/numerics.md, law 1. Every partial sum of a product, over any
// subset of its terms in any order, is an integer of magnitude at most 2^23,
// so each form below returns the same bits.
#pragma once

#include <cstdint>

namespace nncpp::cpu {

// Storage of a quantised operand: |q| <= 2048. Rows are padded with zeros to
// a multiple of kOperandPad columns, so that no kernel needs a tail along K.
inline constexpr int64_t kOperandPad = 32;
constexpr int64_t PaddedColumns(int64_t cols) {
  return (cols + kOperandPad - 1) / kOperandPad * kOperandPad;
}

// rows x cols integers; value (r, c) is q[r * stride + c] * scale[r], where
// scale[r] is a power of two. stride = PaddedColumns(cols); the padding is 0.
struct RowOperand {
  const int16_t* q = nullptr;    // 64-byte aligned
  const float* scale = nullptr;  // rows
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t stride = 0;
};

// The same matrix quantised along its columns, rows interleaved in pairs:
// value (r, c) is q[(r / 2) * 2 * stride + 2 * c + r % 2] * scale[c]. An odd
// last row is paired with zeros; columns are padded with zeros to stride.
struct ColumnOperand {
  const int16_t* q = nullptr;
  const float* scale = nullptr;  // cols
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t stride = 0;
};

// One set of products per instruction set; they return equal bits. Ranges
// [begin, end) let threads share a product: each element is written by
// exactly one call.
struct ProductTable {
  // y[m][n] = (sum over k of a.q[m][k] * w.q[n][k]) * (a.scale[m] * w.scale[n])
  // for n in [begin, end). y: a.rows x w.rows, rows y_stride apart.
  void (*forward)(const RowOperand& a, const RowOperand& w, float* y,
                  int64_t y_stride, int64_t begin, int64_t end);

  // y[m][k] = (sum over n of d.q[m][n] * w.q[n][k]) * d.scale[m]
  // for k in [begin, end), both multiples of kOperandPad or end = w.cols.
  // w's scales were folded into d before d was quantised. y: d.rows x w.cols.
  void (*backward)(const RowOperand& d, const RowOperand& w, float* y,
                   int64_t y_stride, int64_t begin, int64_t end);

  // g[n][k] = (sum over r of d.q[r][n] * x.q[r][k]) * (d.scale[n] * x.scale[k])
  // for n in [begin, end). g: d.cols x x.cols, rows g_stride apart.
  void (*gradient)(const ColumnOperand& d, const ColumnOperand& x, float* g,
                   int64_t g_stride, int64_t begin, int64_t end);
};

extern const ProductTable kProductScalar;
#if defined(__x86_64__)
extern const ProductTable kProductAvx2;    // needs AVX2
extern const ProductTable kProductAvx512;  // needs AVX-512 F, BW, DQ, VL, VNNI
#endif

}  // namespace nncpp::cpu
