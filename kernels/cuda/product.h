// kernels/cuda/product.h -- exact integer matrix products on a device.
#pragma once

#include <limits>

#include "kernels/backend.h"
#include "kernels/cuda/quantize.h"

namespace nncpp::cuda {

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
  float limit = std::numeric_limits<float>::infinity();  // of a product

  // What becomes of a product.
  __device__ __forceinline__ void Store(float product, int64_t col,
                                        float* at) const {
    float value = Clamp(product, -limit, limit);
    if (bias != nullptr) value = value + bias[col];
    *at = add ? *at + value : value;
  }
};
void MultiplyTiles(const Operand& a, const Operand& b, const Results& c,
                   int multiprocessors, cudaStream_t stream);

// The same for the few rows of one step, bound by reading the weights once.
// REQUIRES: a.rows <= kMostSkinnyRows, and no batch; a holds the activations,
// b the weights.
inline constexpr int64_t kMostSkinnyRows = 64;
void MultiplySkinny(const Operand& a, const Operand& b, const Results& c,
                    cudaStream_t stream);

}  // namespace nncpp::cuda
