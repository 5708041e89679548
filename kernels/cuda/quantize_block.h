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

// A thread's elements of a row of n: each calls run(i, noise) for i = t, t +
// threads, ...
struct PlainRow {
  int64_t n;

  template <typename Run>
  __device__ __forceinline__ void Each(Run run) const {
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) run(i, 0.0f);
  }
};
// or for those of counters t, t + threads, ... of a row of noise.
struct NoisyRow {
  int64_t n;
  NoiseKey key;
  int64_t row;

  template <typename Run>
  __device__ __forceinline__ void Each(Run run) const {
    for (int64_t c = threadIdx.x; c < CountersOf(n); c += blockDim.x) {
      const Noise noise(key, c, row);
      for (int j = 0; j < kPerCounter; ++j) {
        const int64_t i = ElementOf(c, j);
        if (i < n) run(i, noise[j]);
      }
    }
  }
};

// Row `row` of out = value(i) plus noise, quantised, with a norm of at most
// `norm`. Maxima and sums of squares are of integers, so no result depends on
// an order.
template <typename Elements, typename Value>
__device__ __forceinline__ void QuantizeInBlock(const Elements& elements,
                                                int64_t norm,
                                                const Operand& out, int64_t row,
                                                RowScratch& scratch,
                                                Value value) {
  HalfBits* q = out.q + row * out.stride;
  uint32_t most = 0;
  elements.Each([&](int64_t i, float) {
    most = Larger()(most, BitsFromFloat(Abs(value(i))));
  });
  most = OverBlock(most, scratch.most, Larger());
  int32_t e = most == 0 ? 0 : OperandExponent(most);
  for (;;) {
    const float inverse = PowerOfTwo(-e);
    int64_t squares = 0;
    elements.Each([&](int64_t i, float noise) {
      const int32_t rounded = RoundToInt(value(i) * inverse + noise);
      squares += rounded * rounded;
      q[i] = HalfFromInteger(rounded);
    });
    squares = OverBlock(squares, scratch.squares, Plus());
    const int32_t shift = NormShift(squares, norm);
    if (shift == 0) break;
    e += shift;
  }
  if (threadIdx.x == 0) out.scale[row] = PowerOfTwo(e);
  for (int64_t i = elements.n + threadIdx.x; i < out.stride; i += blockDim.x) {
    q[i] = 0;
  }
}

// To nearest; value(i) is asked for by thread i modulo those of the block.
template <typename Value>
__device__ __forceinline__ void QuantizeRowInBlock(int64_t n,
                                                   const Operand& out,
                                                   int64_t row,
                                                   RowScratch& scratch,
                                                   Value value) {
  QuantizeInBlock(PlainRow{n}, kOperandNorm, out, row, scratch, value);
}

}  // namespace nncpp::cuda
