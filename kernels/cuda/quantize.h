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
NNCPP_HD constexpr int64_t PaddedDepth(int64_t depth) {
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

// Where rows of gradients go: each, times fold[k], stochastically; row r takes
// the noise of row first_row + r. The norm of a row is at most
// GradientNorm(*most_squares).
struct GradientOperand {
  Operand out = {};  // without q: nowhere
  const float* fold = nullptr;
  const unsigned long long* most_squares = nullptr;
  DeviceNoise noise = {};
  int64_t first_row = 0;
};

// `heads` such matrices side by side, of x.cols columns each; number h takes
// the noise of tensor h 2^16 further, its part of fold and its most_squares,
// and is number h of a batch.
void QuantizeGradientRows(ConstMatrix x, int64_t heads,
                          const GradientOperand& to, cudaStream_t stream);

// Where matrices of a batch lie: number i of them `Offset(i)` floats after the
// first.
struct Batch {
  int64_t count = 1;
  int64_t inner = 1;  // consecutive ones `inner_step` apart, then `outer_step`
  int64_t inner_step = 0, outer_step = 0;

  NNCPP_HD int64_t Offset(int64_t i) const {
    return i / inner * outer_step + i % inner * inner_step;
  }
};

// The columns of a batch of matrices like x. With a band, element (r, c) is 0
// unless 0 <= r - c < band, and is not looked at then.
struct Columns {
  ConstMatrix x;
  int64_t band = 0;
  Batch batch = {};
};

// Each column; stochastically when `noise` is not null, where number i of a
// batch takes the noise of tensor i 2^16 further. out.rows is that of one
// matrix; those of a batch follow one another.
void QuantizeColumns(const Columns& in, const DeviceNoise* noise,
                     const Operand& out, int multiprocessors,
                     cudaStream_t stream);

// to = the integers of `from` transposed, without scales; to.rows is the depth
// of `from`. Then *most_squares = max over rows of `to` of the sum of squares.
// The same for each of a batch.
void Transpose(const Operand& from, const Operand& to, int64_t batch,
               unsigned long long* most_squares, cudaStream_t stream);

}  // namespace nncpp::cuda
