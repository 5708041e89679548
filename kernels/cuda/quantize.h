// kernels/cuda/quantize.h -- law 1 on a device: operands as halves.
//
// Every operand of a product lies with its axis of summation contiguous, so
// that one kernel multiplies them all: what is quantised along columns is
// stored transposed, and weights are stored both ways.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/noise.h"

namespace nncpp::cuda {

inline constexpr int64_t kOperandPad = 32;
constexpr int64_t PaddedDepth(int64_t depth) {
  return (depth + kOperandPad - 1) / kOperandPad * kOperandPad;
}

// rows x depth integers as halves; element (r, k) stands for q[r * stride + k]
// times scale[r]. stride = PaddedDepth(depth), the padding is 0. A null scale
// is 1 throughout.
struct Operand {
  HalfBits* q = nullptr;  // 16-byte aligned
  float* scale = nullptr;
  int64_t rows = 0;
  int64_t stride = 0;
};

// All pointers are device memory. out.rows and out.stride are filled in by the
// caller: x.rows and PaddedDepth(x.cols), or of columns, x.cols and
// PaddedDepth(x.rows).

// Each row to nearest.
void QuantizeRows(ConstMatrix x, const Operand& out, cudaStream_t stream);

// Each row, times fold[k], stochastically; row r takes the noise of row
// first_row + r. The norm of a row is at most GradientNorm(*most_squares).
void QuantizeGradientRows(ConstMatrix x, const float* fold,
                          const DeviceNoise& noise, int64_t first_row,
                          const unsigned long long* most_squares,
                          const Operand& out, cudaStream_t stream);

// Each column; stochastically when `noise` is not null.
void QuantizeColumns(ConstMatrix x, const DeviceNoise* noise,
                     const Operand& out, cudaStream_t stream);

// to = the integers of `from` transposed, without scales; to.rows is the depth
// of `from`. Then *most_squares = max over rows of `to` of the sum of squares.
void Transpose(const Operand& from, const Operand& to,
               unsigned long long* most_squares, cudaStream_t stream);

}  // namespace nncpp::cuda
