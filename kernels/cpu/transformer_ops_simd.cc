// kernels/cpu/transformer_ops_simd.cc -- contract: transformer_ops.h
//
// Compiled once per instruction set with NNCPP_FORM naming it; loops for the
// vectoriser, and no name but the table's leaves this file (see ops_simd.cc).
#include <cstdint>

#include "kernels/cpu/noise.h"
#include "kernels/cpu/transformer_ops.h"
#include "kernels/numerics.h"

#define NNCPP_TABLE_(form) kTransformer##form
#define NNCPP_TABLE(form) NNCPP_TABLE_(form)

namespace nncpp::cpu {
namespace {

// Clamps stand in loops of their own: next to arithmetic the compiler turns
// them into branches, and no longer vectorises.
void Saturate(float limit, int64_t n, float* x) {
  for (int64_t i = 0; i < n; ++i) x[i] = Clamp(x[i], -limit, limit);
}

float Dot(const float* x, const float* y, int64_t n) {
  return LaneSum(n, [=](int64_t i) { return x[i] * y[i]; });
}

float RmsNorm(const float* x, const float* gain, int64_t n, float* normed,
              float* y) {
  const float mean = Dot(x, x, n) / static_cast<float>(n);
  const float s = 1.0f / Sqrt(mean + kNormEpsilon);
  for (int64_t i = 0; i < n; ++i) normed[i] = x[i] * s;
  for (int64_t i = 0; i < n; ++i) y[i] = gain[i] * normed[i];
  return s;
}

void RmsNormBackward(const float* dy, const float* gain, const float* normed,
                     float s, int64_t n, float* __restrict dx) {
  const float dot =
      LaneSum(n, [=](int64_t i) { return (dy[i] * gain[i]) * normed[i]; });
  const float mean = dot / static_cast<float>(n);
  for (int64_t i = 0; i < n; ++i) {
    dx[i] = s * (dy[i] * gain[i] - normed[i] * mean);
  }
  Saturate(kGradientLimit, n, dx);
}

void Gate(const float* u, int64_t n, float* __restrict y) {
  for (int64_t i = 0; i < n; ++i) {
    y[i] = (u[i] * Sigmoid(u[i])) * u[n + i];
  }
  Saturate(kActivationLimit, n, y);
}

void GateBackward(const float* u, const float* dy, int64_t n,
                  float* __restrict du) {
  for (int64_t i = 0; i < n; ++i) {
    const float s = Sigmoid(u[i]);
    du[i] = (dy[i] * u[n + i]) * (s + (u[i] * s) * (1.0f - s));
    du[n + i] = dy[i] * (u[i] * s);
  }
  Saturate(kGradientLimit, 2 * n, du);
}

uint32_t MaxBits(const float* x, int64_t n) {
  int32_t most = 0;
  for (int64_t i = 0; i < n; ++i) {
    const int32_t bits = static_cast<int32_t>(BitsFromFloat(Abs(x[i])));
    most = most < bits ? bits : most;
  }
  return static_cast<uint32_t>(most);
}

void Round(const float* x, const float* u, int32_t e, int64_t n, int16_t* q) {
  const float inverse = PowerOfTwo(-e);
  if (u == nullptr) {
    for (int64_t i = 0; i < n; ++i) {
      q[i] = static_cast<int16_t>(RoundToInt(x[i] * inverse));
    }
  } else {
    for (int64_t i = 0; i < n; ++i) {
      q[i] = static_cast<int16_t>(RoundToInt(x[i] * inverse + u[i]));
    }
  }
}

float QuantizeHead(const float* x, const float* u, bool key, int64_t n,
                   int64_t padded, int16_t* q) {
  const uint32_t most = MaxBits(x, n);
  for (int64_t i = most == 0 ? 0 : n; i < padded; ++i) q[i] = 0;
  if (most == 0) return 0.0f;
  int32_t e = OperandExponent(most) + (key ? 1 : 0);
  for (;;) {
    Round(x, u, e, n, q);
    int64_t squares = 0;
    for (int64_t i = 0; i < n; ++i) squares += int32_t{q[i]} * q[i];
    const int32_t shift = NormShift(squares, kOperandNorm);
    if (shift == 0) return PowerOfTwo(e);
    e += shift;
  }
}

float QuantizeWeights(const float* x, const float* fold, const float* u,
                      int64_t n, float* scratch, int16_t* q) {
  for (int64_t i = 0; i < n; ++i) scratch[i] = x[i] * fold[i];
  const uint32_t most = MaxBits(scratch, n);
  if (most == 0) {
    for (int64_t i = 0; i < n; ++i) q[i] = 0;
    return 0.0f;
  }
  int32_t e = OperandExponent(most);
  for (;;) {
    Round(scratch, u, e, n, q);
    int32_t sum = 0;  // at most 2^19 positions fit
    for (int64_t i = 0; i < n; ++i) {
      const int32_t value = q[i];
      sum += value < 0 ? -value : value;
    }
    if (sum <= kWeightSum) return PowerOfTwo(e);
    while (sum > kWeightSum) {
      sum = (sum + 1) / 2;
      ++e;
    }
  }
}

void Attend(float* products, const float* relative, float scale, int64_t n,
            float* __restrict weights) {
  for (int64_t i = 0; i < n; ++i) {
    products[i] = (products[i] + relative[i]) * scale;
  }
  float lane[kLanes];
  for (int l = 0; l < kLanes; ++l) lane[l] = products[0];
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int l = 0; l < kLanes; ++l) lane[l] = Max(lane[l], products[i + l]);
  }
  for (; i < n; ++i) lane[0] = Max(lane[0], products[i]);
  float most = products[0];
  for (int l = 0; l < kLanes; ++l) most = Max(most, lane[l]);
  for (i = 0; i < n; ++i) weights[i] = Exp(products[i] - most);
  const float sum = LaneSum(n, [=](int64_t j) { return weights[j]; });
  for (i = 0; i < n; ++i) weights[i] = weights[i] / sum;
}

void AttendBackward(const float* weights, const float* dweights, float dot,
                    float scale, int64_t n, float* __restrict dscores) {
  for (int64_t i = 0; i < n; ++i) {
    dscores[i] = (weights[i] * (dweights[i] - dot)) * scale;
  }
  Saturate(kGradientLimit, n, dscores);
}

void Noise(const NoiseKey& key, uint32_t row, int64_t blocks, float* u) {
  for (int64_t g = 0; g < blocks; ++g) {
    FillNoise(key, row, static_cast<uint32_t>(g), u + 128 * g);
  }
}

}  // namespace

extern const TransformerTable NNCPP_TABLE(NNCPP_FORM) = {
    RmsNorm, RmsNormBackward, Gate, GateBackward, QuantizeHead, QuantizeWeights,
    Attend,  AttendBackward,  Dot,  Saturate,     Noise};

}  // namespace nncpp::cpu
