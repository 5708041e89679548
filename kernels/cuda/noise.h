// kernels/cuda/noise.h -- the noise of docs/numerics.md, a counter at a time.
#pragma once

#include "kernels/cuda/device.h"

namespace nncpp::cuda {

// A counter gives eight elements, kNoiseStride apart, of a block of
// kNoiseBlock.
inline constexpr int kNoiseStride = 16, kPerCounter = 8;
inline constexpr int kNoiseBlock = kNoiseStride * kPerCounter;

NNCPP_HD int64_t CountersOf(int64_t elements) {
  return (elements + kNoiseBlock - 1) / kNoiseBlock * kNoiseStride;
}

// A NoiseKey whose `update` lies in device memory: recorded work takes what is
// there when it is done.
struct DeviceNoise {
  uint64_t key = 0;
  const uint32_t* update = nullptr;
  uint32_t tensor = 0;

  __device__ operator NoiseKey() const { return {key, *update, tensor}; }
};

// The eight elements' numbers, relative to those of the others of their row.
__device__ __forceinline__ int64_t ElementOf(int64_t counter, int j) {
  return counter / kNoiseStride * kNoiseBlock + counter % kNoiseStride +
         j * kNoiseStride;
}

// The noise of the eight elements of one counter.
struct Noise {
  uint32_t word[4][1];

  __device__ Noise(const NoiseKey& key, int64_t counter, int64_t row)
      : word{{static_cast<uint32_t>(counter)},
             {static_cast<uint32_t>(row)},
             {key.update},
             {key.tensor}} {
    PhiloxWords(word, key.key);
  }
  __device__ float operator[](int j) const {
    const uint32_t w = word[j / 2][0];
    return CentredHalf(j % 2 == 0 ? w & 0xffffu : w >> 16);
  }
};

// Threads of a block that shares out the counters of a row.
inline unsigned CounterThreads(int64_t elements, int64_t most) {
  return Threads((elements + kPerCounter - 1) / kPerCounter, kLanes, most);
}

}  // namespace nncpp::cuda
