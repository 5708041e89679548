// kernels/cuda/quantize_warp.h -- law 1 on one vector, by one warp.
#pragma once

#include "kernels/cuda/noise.h"
#include "kernels/cuda/reduce.h"

namespace nncpp::cuda {

// What an operand's integers must satisfy: a norm of at most that,
struct NormWithin {
  int64_t norm = kOperandNorm;

  __device__ static int64_t Term(int32_t q) { return q * q; }
  __device__ int32_t Shift(int64_t sum) const { return NormShift(sum, norm); }
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

// How a warp shares out a vector of n elements: each calls run(i, noise) for
// those of its lane. Without noise, lane l has l, l + 32, ...
struct PlainElements {
  int64_t n;

  template <typename Run>
  __device__ __forceinline__ void Each(Run run) const {
    for (int64_t i = threadIdx.x % kLanes; i < n; i += kLanes) run(i, 0.0f);
  }
};
// Elements [first, first + n) of a row of noise.
struct NoisyElements {
  int64_t n;
  NoiseKey key;
  int64_t row, first;

  template <typename Run>
  __device__ __forceinline__ void Each(Run run) const {
    const int64_t begin = first / kNoiseBlock * kNoiseStride;
    for (int64_t c = begin + threadIdx.x % kLanes; c < CountersOf(first + n);
         c += kLanes) {
      const Noise noise(key, c, row);
      for (int j = 0; j < kPerCounter; ++j) {
        const int64_t i = ElementOf(c, j) - first;
        if (i >= 0 && i < n) run(i, noise[j]);
      }
    }
  }
};

// Calls store(i, q) with the integers of value(i) plus noise, the last time
// with those that count; returns their scale to every lane, 0 if all values
// are. The exponent starts `raise` above that of the largest value. An element
// stays with its lane.
template <typename Rule, typename Elements, typename Value, typename Store>
__device__ __forceinline__ float QuantizeInWarp(const Rule& rule,
                                                const Elements& elements,
                                                int32_t raise, Value value,
                                                Store store) {
  uint32_t most = 0;
  elements.Each([&](int64_t i, float) {
    most = Larger()(most, BitsFromFloat(Abs(value(i))));
  });
  most = OverWarp(most, Larger());
  if (most == 0) {
    elements.Each([&](int64_t i, float) { store(i, 0); });
    return 0.0f;
  }
  int32_t e = OperandExponent(most) + raise;
  for (;;) {
    const float inverse = PowerOfTwo(-e);
    int64_t sum = 0;
    elements.Each([&](int64_t i, float noise) {
      const int32_t q = RoundToInt(value(i) * inverse + noise);
      sum += rule.Term(q);
      store(i, q);
    });
    const int32_t shift = rule.Shift(OverWarp(sum, Plus()));
    if (shift == 0) return PowerOfTwo(e);
    e += shift;
  }
}

}  // namespace nncpp::cuda
