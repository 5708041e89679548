// kernels/cuda/product.h -- exact integer matrix products on a device.
#pragma once

#include <limits>

#include "kernels/backend.h"
#include "kernels/cuda/quantize.h"

namespace nncpp::cuda {

inline constexpr float kNoLimit = std::numeric_limits<float>::infinity();

// c[i][j] = (sum over k of a.q[i][k] * b.q[j][k]) * (a.scale[i] * b.scale[j]),
// by tensor cores: halves with float accumulators. By law 1 every partial sum
// is an integer of at most 2^23, so any order of addition gives these bits.
// Then what Results say. REQUIRES: a.stride == b.stride. c.first: a.rows x
// b.rows. Operands of a batch follow one another.
struct Results {
  Matrix first;
  const float* bias = nullptr;  // is added to each row, if there is one
  bool add = false;             // to what is there
  Batch batch = {};
  float limit = kNoLimit;  // of a product

  // What becomes of a product.
  __device__ __forceinline__ void Store(float product, int64_t col,
                                        float* at) const {
    float value = Clamp(product, -limit, limit);
    if (bias != nullptr) value = value + bias[col];
    *at = add ? *at + value : value;
  }
};

// Which products MultiplyTiles leaves to MultiplyWgmma: those with enough work
// for it, or (for tests) all of them.
enum class UseOfWgmma { kNever, kLarge, kAlways };

// What the choice between forms of a kernel depends on.
struct Processor {
  int multiprocessors = 1;
  int64_t shared_bytes = kMostSharedBytes;  // a block can have
  UseOfWgmma wgmma = UseOfWgmma::kNever;
};
void MultiplyTiles(const Operand& a, const Operand& b, const Results& c,
                   const Processor& processor, cudaStream_t stream);

// The same by wgmma, in tiles of 128 x 256 or 128 x 128. REQUIRES: compute
// capability 9.0; no side of the product and no batch is empty.
void MultiplyWgmma(const Operand& a, const Operand& b, const Results& c,
                   int multiprocessors, cudaStream_t stream);

// The same for the few rows of one step, bound by reading the weights once.
// REQUIRES: a.rows <= kMostSkinnyRows, and no batch; a holds the activations,
// b the weights.
inline constexpr int64_t kMostSkinnyRows = 64;
void MultiplySkinny(const Operand& a, const Operand& b, const Results& c,
                    cudaStream_t stream);

// ---- what its kernels share

__device__ __forceinline__ float ScaleOf(const Operand& x, int64_t row) {
  return x.scale == nullptr ? 1.0f : x.scale[row];
}

// The output for a sum. A sum of zeros may come from a tensor core as -0; the
// addition makes it +0, as an integer's would be.
__device__ __forceinline__ float Scaled(float sum, float a, float b) {
  return (sum + 0.0f) * (a * b);
}

// Makes x number `batch` of the operands that follow it.
__device__ __forceinline__ void MoveTo(int64_t batch, Operand& x) {
  x.q += batch * x.rows * x.stride;
  if (x.scale != nullptr) x.scale += batch * x.rows;
}

}  // namespace nncpp::cuda
