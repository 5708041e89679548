// kernels/cuda/reduce.h -- sums and maxima over the threads of a block.
//
// For integers, and for maxima of floats: what they return has no order.
// Blocks have one dimension and whole warps.
#pragma once

#include "kernels/cuda/device.h"

namespace nncpp::cuda {

inline constexpr int kMostWarps = 32;

struct Plus {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};
struct Larger {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};

// Every lane gets the combination of its warp's values.
template <typename T, typename Combine>
__device__ __forceinline__ T OverWarp(T value, Combine combine) {
  for (int step = kLanes / 2; step > 0; step /= 2) {
    value = combine(value, __shfl_xor_sync(kAllLanes, value, step));
  }
  return value;
}

// Every thread gets the combination of all threads' values. `scratch` is
// shared, of one T for each warp, and free again on return.
template <typename T, typename Combine>
__device__ __forceinline__ T OverBlock(T value, T* scratch, Combine combine) {
  value = OverWarp(value, combine);
  const auto warps = static_cast<int>(blockDim.x) / kLanes;
  const int warp = static_cast<int>(threadIdx.x) / kLanes;
  if (threadIdx.x % kLanes == 0) scratch[warp] = value;
  __syncthreads();
  value = scratch[0];
  for (int w = 1; w < warps; ++w) value = combine(value, scratch[w]);
  __syncthreads();
  return value;
}

// LaneSum of kernels/numerics.h by one warp: term(i) is given by lane i mod 32
// in the order of i. Every lane gets the sum.
template <typename Term>
__device__ __forceinline__ float WarpLaneSum(int64_t n, Term term) {
  float lane = 0.0f;
  for (int64_t i = threadIdx.x % kLanes; i < n; i += kLanes) lane += term(i);
  for (int step = kLanes / 2; step > 0; step /= 2) {
    lane += __shfl_down_sync(kAllLanes, lane, step);
  }
  return __shfl_sync(kAllLanes, lane, 0);
}

}  // namespace nncpp::cuda
