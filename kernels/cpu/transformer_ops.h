// kernels/cpu/transformer_ops.h -- the Transformer's work on one row.
//
// One table per instruction set, compiled from the same source
// (transformer_ops_simd.cc); all return equal bits. Contracts:
// kernels/backend.h and docs/numerics.md.
#pragma once

#include <cstdint>

#include "kernels/numerics.h"

namespace nncpp::cpu {

struct TransformerTable {
  // normed = x s, y = gain normed, all of n elements; returns s.
  float (*rms_norm)(const float* x, const float* gain, int64_t n, float* normed,
                    float* y);
  // dx of n elements from dy.
  void (*rms_norm_backward)(const float* dy, const float* gain,
                            const float* normed, float s, int64_t n, float* dx);

  // y of n elements from u of 2 n, and du from dy.
  void (*gate)(const float* u, int64_t n, float* y);
  void (*gate_backward)(const float* u, const float* dy, int64_t n, float* du);

  // Law 1 on one row of a head: q[0, padded) with |q| <= kOperandMax, or
  // kKeyMax where `key`; to nearest, or with the noise u (n floats). Returns
  // the scale, which is 0 for a row of zeros.
  float (*quantize_head)(const float* x, const float* u, bool key, int64_t n,
                         int64_t padded, int16_t* q);

  // Law 1 on the weights of a sum over n positions: x[i] * fold[i] becomes
  // q[0, n) with a sum of |q| within kWeightSum; returns the scale. u: n
  // floats of noise or null; scratch: n floats.
  float (*quantize_weights)(const float* x, const float* fold, const float* u,
                            int64_t n, float* scratch, int16_t* q);

  // weights = softmax((products + relative) * scale) over a window of n
  // positions. products is overwritten.
  void (*attend)(float* products, const float* relative, float scale, int64_t n,
                 float* weights);
  // dscores = (weights * (dweights - dot)) * scale, saturated.
  void (*attend_backward)(const float* weights, const float* dweights,
                          float dot, float scale, int64_t n, float* dscores);

  // The sum of x[i] * y[i] in lane order.
  float (*dot)(const float* x, const float* y, int64_t n);

  // x = Clamp(x, +-limit)
  void (*saturate)(float limit, int64_t n, float* x);

  // u: the noise of elements [0, 128 blocks) of a row.
  void (*noise)(const NoiseKey& key, uint32_t row, int64_t blocks, float* u);
};

extern const TransformerTable kTransformerScalar;
#if defined(__x86_64__)
extern const TransformerTable kTransformerAvx2;
extern const TransformerTable kTransformerAvx512;
#endif

}  // namespace nncpp::cpu
