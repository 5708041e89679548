// kernels/cuda/quantize_block.h -- law 1 on one row, by one block.
#pragma once

#include "kernels/cuda/noise.h"
#include "kernels/cuda/quantize.h"
#include "kernels/cuda/reduce.h"

namespace nncpp::cuda {

union RowScratch {
  uint32_t most[kMostWarps];
  int64_t squares[kMostWarps];
};

// Row `row` of out = value(i), i < n, quantised; value(i) is asked for by
// thread i modulo those of the block. Maxima and sums of squares are of
// integers, so no result depends on an order.
template <typename Value>
__device__ __forceinline__ void QuantizeRowInBlock(int64_t n,
                                                   const Operand& out,
                                                   int64_t row,
                                                   RowScratch& scratch,
                                                   Value value) {
  HalfBits* q = out.q + row * out.stride;
  uint32_t most = 0;
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    most = Larger()(most, BitsFromFloat(Abs(value(i))));
  }
  most = OverBlock(most, scratch.most, Larger());
  int32_t e = most == 0 ? 0 : OperandExponent(most);
  for (;;) {
    const float inverse = PowerOfTwo(-e);
    int64_t squares = 0;
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
      const int32_t rounded = RoundToInt(value(i) * inverse);
      squares += rounded * rounded;
      q[i] = HalfFromInteger(rounded);
    }
    squares = OverBlock(squares, scratch.squares, Plus());
    const int32_t shift = NormShift(squares, kOperandNorm);
    if (shift == 0) break;
    e += shift;
  }
  if (threadIdx.x == 0) out.scale[row] = PowerOfTwo(e);
  for (int64_t i = n + threadIdx.x; i < out.stride; i += blockDim.x) q[i] = 0;
}

// The same stochastically: row `row` of out = value(i), asked for by any
// thread, with the noise of row `noise_row` and a norm of at most `norm`.
// Thread t works on the elements of counters t, t + threads, ...
template <typename Value>
__device__ __forceinline__ void QuantizeGradientRowInBlock(
    int64_t n, int64_t norm, const NoiseKey& key, int64_t noise_row,
    const Operand& out, int64_t row, RowScratch& scratch, Value value) {
  HalfBits* q = out.q + row * out.stride;
  const int64_t counters = CountersOf(n);
  // Calls run(i, j) for each element i, the j-th of its counter.
  const auto each = [&](int64_t counter, auto run) {
    for (int j = 0; j < kPerCounter; ++j) {
      const int64_t i = ElementOf(counter, j);
      if (i < n) run(i, j);
    }
  };

  uint32_t most = 0;
  for (int64_t c = threadIdx.x; c < counters; c += blockDim.x) {
    each(c, [&](int64_t i, int) {
      most = Larger()(most, BitsFromFloat(Abs(value(i))));
    });
  }
  most = OverBlock(most, scratch.most, Larger());
  int32_t e = most == 0 ? 0 : OperandExponent(most);
  for (;;) {
    const float inverse = PowerOfTwo(-e);
    int64_t squares = 0;
    for (int64_t c = threadIdx.x; c < counters; c += blockDim.x) {
      const Noise noise(key, c, noise_row);
      each(c, [&](int64_t i, int j) {
        const int32_t rounded = RoundToInt(value(i) * inverse + noise[j]);
        squares += rounded * rounded;
        q[i] = HalfFromInteger(rounded);
      });
    }
    squares = OverBlock(squares, scratch.squares, Plus());
    const int32_t shift = NormShift(squares, norm);
    if (shift == 0) break;
    e += shift;
  }
  if (threadIdx.x == 0) out.scale[row] = PowerOfTwo(e);
  for (int64_t i = n + threadIdx.x; i < out.stride; i += blockDim.x) q[i] = 0;
}

}  // namespace nncpp::cuda
