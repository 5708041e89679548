// kernels/cuda/quantize_block.h -- law 1 on one vector, by one block.
#pragma once

#include "kernels/cuda/noise.h"
#include "kernels/cuda/reduce.h"

namespace nncpp::cuda {

union BlockScratch {
  uint32_t most[kMostWarps];
  int64_t sum[kMostWarps];
  float number[kMostWarps];
};

// What an operand's integers must satisfy: a norm of at most kOperandNorm,
struct NormWithin {
  __device__ static int64_t Term(int32_t q) { return q * q; }
  __device__ static int32_t Shift(int64_t sum) {
    return NormShift(sum, kOperandNorm);
  }
};
// or, where the other operand is of keys or values, a sum of magnitudes.
struct SumWithin {
  __device__ static int64_t Term(int32_t q) { return q < 0 ? -q : q; }
  __device__ static int32_t Shift(int64_t sum) {
    int32_t shift = 0;
    for (; sum > kWeightSum; ++shift) sum = (sum + 1) / 2;
    return shift;
  }
};

// Calls store(i, q) with the integers of value(i) + noise(i), i < n, the last
// time with those that count; returns their scale to every thread, 0 if all
// values are. The exponent starts `raise` above that of the largest value.
template <typename Rule, typename Value, typename NoiseOf, typename Store>
__device__ __forceinline__ float QuantizeInBlock(int64_t n, int32_t raise,
                                                 BlockScratch& scratch,
                                                 Value value, NoiseOf noise,
                                                 Store store) {
  uint32_t most = 0;
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    most = Larger()(most, BitsFromFloat(Abs(value(i))));
  }
  most = OverBlock(most, scratch.most, Larger());
  if (most == 0) {
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) store(i, 0);
    return 0.0f;
  }
  int32_t e = OperandExponent(most) + raise;
  for (;;) {
    const float inverse = PowerOfTwo(-e);
    int64_t sum = 0;
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
      const int32_t q = RoundToInt(value(i) * inverse + noise(i));
      sum += Rule::Term(q);
      store(i, q);
    }
    const int32_t shift = Rule::Shift(OverBlock(sum, scratch.sum, Plus()));
    if (shift == 0) return PowerOfTwo(e);
    e += shift;
  }
}

// The noise of one element, and none.
struct ElementNoise {
  NoiseKey key;
  int64_t row, first;

  __device__ float operator()(int64_t i) const {
    const int64_t element = first + i;
    const int64_t within = element % kNoiseBlock;
    const int64_t counter =
        element / kNoiseBlock * kNoiseStride + within % kNoiseStride;
    return Noise(key, counter, row)[static_cast<int>(within / kNoiseStride)];
  }
};
struct NoNoise {
  __device__ float operator()(int64_t) const { return 0.0f; }
};

}  // namespace nncpp::cuda
