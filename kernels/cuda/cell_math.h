// kernels/cuda/cell_math.h -- an LSTM cell, element by element; source:
// kernels/backend_types.h, LstmCell
#pragma once

#include "kernels/backend_types.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/reduce.h"

namespace nncpp::cuda {

inline constexpr int kCoupledGates = 3, kClassicGates = 4;

template <typename T>
__device__ __forceinline__ T* Row(const MatrixRef<T>& m, int64_t row) {
  return m.data == nullptr ? nullptr : m.data + row * m.stride;
}

// value[g] = the cell's gate g of gates of n.
template <int kGates>
__device__ __forceinline__ void Load(const float* from, int64_t n,
                                     float (&value)[kGates]) {
  NNCPP_UNROLL
  for (int g = 0; g < kGates; ++g) value[g] = from[g * n];
}

// (from_below + recurrent) + embedding; there may be nothing below.
__device__ __forceinline__ float GateSum(const float* below, float recurrent,
                                         const float* embedding, int64_t i) {
  const float sum = below == nullptr ? recurrent : below[i] + recurrent;
  return sum + embedding[i];
}

// Law 3, by one warp: the squares of a gate's n sums, and what they give.
__device__ __forceinline__ float GateSquares(const float* x, int64_t n) {
  return WarpLaneSum(n, [x](int64_t i) { return x[i] * x[i]; });
}
__device__ __forceinline__ float InverseRms(float squares, int64_t n) {
  return 1.0f / Sqrt(squares / static_cast<float>(n) + kNormEpsilon);
}

__device__ __forceinline__ float Activation(int64_t gate, float y) {
  return gate == 1 ? Tanh(y) : Sigmoid(y);
}

// A cell's gates: forget, candidate, output, and the input of a classic one.
struct CellOutput {
  float c, h;
};

__device__ __forceinline__ CellOutput Output(const float (&gate)[kCoupledGates],
                                             float c_before) {
  const float c = gate[0] * c_before + (1.0f - gate[0]) * gate[1];
  return {c, gate[2] * Tanh(c)};
}

__device__ __forceinline__ CellOutput Output(const float (&gate)[kClassicGates],
                                             float c_before) {
  const float c =
      Clamp(gate[0] * c_before + gate[3] * gate[1], -kStateLimit, kStateLimit);
  return {c, gate[2] * Tanh(c)};
}

__device__ __forceinline__ void PutOutput(const LstmCell& cell, int64_t b,
                                          int64_t i, const CellOutput& output) {
  Row(cell.c, b)[i] = output.c;
  Row(cell.h, b)[i] = output.h;
}

__device__ __forceinline__ float LimitedGradient(float x) {
  return Clamp(x, -kGradientLimit, kGradientLimit);
}

// d = the gradients of what the gates are of, for dh, that of h. `carried` is
// the gradient of c, then that of c_before.
__device__ __forceinline__ void Gradients(const float (&gate)[kCoupledGates],
                                          float c_before, float c, float dh,
                                          float& carried,
                                          float (&d)[kCoupledGates]) {
  const float f = gate[0], g = gate[1], o = gate[2];
  const float t = Tanh(c);
  const float dc = carried + (dh * o) * (1.0f - t * t);
  d[0] = (dc * (c_before - g)) * (f * (1.0f - f));
  d[1] = (dc * (1.0f - f)) * (1.0f - g * g);
  d[2] = (dh * t) * (o * (1.0f - o));
  carried = LimitedGradient(dc * f);
}

__device__ __forceinline__ void Gradients(const float (&gate)[kClassicGates],
                                          float c_before, float c, float dh,
                                          float& carried,
                                          float (&d)[kClassicGates]) {
  const float f = gate[0], g = gate[1], o = gate[2], in = gate[3];
  const float t = Tanh(c);
  const float dc = carried + (dh * o) * (1.0f - t * t);
  d[0] = LimitedGradient((dc * c_before) * (f * (1.0f - f)));
  d[1] = LimitedGradient((dc * in) * (1.0f - g * g));
  d[2] = LimitedGradient((dh * t) * (o * (1.0f - o)));
  d[3] = LimitedGradient((dc * g) * (in * (1.0f - in)));
  carried = LimitedGradient(dc * f);
}

// Where a gate was normalised: what its n gradients have in common, by one
// warp, and the gradient of each of its sums.
__device__ __forceinline__ float GateDot(const float* d, const float* gain,
                                         const float* normed, int64_t n) {
  return WarpLaneSum(n,
                     [=](int64_t i) { return (d[i] * gain[i]) * normed[i]; });
}
__device__ __forceinline__ float SumGradient(float d, float gain, float normed,
                                             float inverse_rms, float mean) {
  return LimitedGradient(inverse_rms * (d * gain - normed * mean));
}

}  // namespace nncpp::cuda
