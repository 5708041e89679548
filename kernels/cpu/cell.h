// kernels/cpu/cell.h -- one row of an LSTM cell; part of ops_simd.cc.
//
// Included there alone, once per instruction set, hence the unnamed namespace.
// A cell without a gain is the classic one of four gates.
#pragma once

#include <cstdint>

#include "kernels/cpu/ops.h"
#include "kernels/numerics.h"

namespace nncpp::cpu {
namespace {

// x = (from_below + recurrent) + embedding, in that order, of one gate.
void GateSums(const CellRow& row, int gate, float* x) {
  const int64_t n = row.cells, at = gate * n;
  const float* recurrent = row.recurrent + at;
  const float* embedding = row.embedding + at;
  if (row.from_below != nullptr) {
    const float* below = row.from_below + at;
    for (int64_t i = 0; i < n; ++i) {
      x[i] = (below[i] + recurrent[i]) + embedding[i];
    }
  } else {
    for (int64_t i = 0; i < n; ++i) x[i] = recurrent[i] + embedding[i];
  }
}

void CoupledForward(const CellRow& row) {
  const int64_t n = row.cells;
  for (int gate = 0; gate < 3; ++gate) {
    const int64_t at = gate * n;
    float* x = row.normed + at;
    GateSums(row, gate, x);
    const float sum = LaneSum(n, [x](int64_t i) { return x[i] * x[i]; });
    const float mean = sum / static_cast<float>(n);
    const float s = 1.0f / Sqrt(mean + kNormEpsilon);
    row.inverse_rms[gate] = s;
    const float* gain = row.gain + at;
    const float* bias = row.bias + at;
    float* out = row.gates + at;
    if (gate == 1) {
      for (int64_t i = 0; i < n; ++i) {
        x[i] = x[i] * s;
        out[i] = Tanh(gain[i] * x[i] + bias[i]);
      }
    } else {
      for (int64_t i = 0; i < n; ++i) {
        x[i] = x[i] * s;
        out[i] = Sigmoid(gain[i] * x[i] + bias[i]);
      }
    }
  }
  const float* f = row.gates;
  const float* g = row.gates + n;
  const float* o = row.gates + 2 * n;
  for (int64_t i = 0; i < n; ++i) {
    const float c = f[i] * row.c_before[i] + (1.0f - f[i]) * g[i];
    row.c[i] = c;
    row.h[i] = o[i] * Tanh(c);
  }
}

void ClassicForward(const CellRow& row) {
  const int64_t n = row.cells;
  for (int gate = 0; gate < 4; ++gate) {
    float* x = row.gates + gate * n;
    const float* bias = row.bias + gate * n;
    GateSums(row, gate, x);
    if (gate == 1) {
      for (int64_t i = 0; i < n; ++i) x[i] = Tanh(x[i] + bias[i]);
    } else {
      for (int64_t i = 0; i < n; ++i) x[i] = Sigmoid(x[i] + bias[i]);
    }
  }
  const float* f = row.gates;
  const float* g = row.gates + n;
  const float* o = row.gates + 2 * n;
  const float* in = row.gates + 3 * n;
  for (int64_t i = 0; i < n; ++i) {
    row.c[i] = f[i] * row.c_before[i] + in[i] * g[i];
  }
  for (int64_t i = 0; i < n; ++i) {
    row.c[i] = Clamp(row.c[i], -kStateLimit, kStateLimit);
  }
  for (int64_t i = 0; i < n; ++i) row.h[i] = o[i] * Tanh(row.c[i]);
}

void CellForward(const CellRow& row) {
  row.gain == nullptr ? ClassicForward(row) : CoupledForward(row);
}

constexpr int64_t kChunk = 64;  // cells at a time

// The gradient of h, of up to kChunk cells.
void HiddenGradient(const CellGradientRow& row, int64_t begin, int64_t count,
                    float* dh) {
  for (int64_t i = 0; i < count; ++i) dh[i] = row.dh_above[begin + i];
  if (row.dh_recurrent == nullptr) return;
  const float* next = row.dh_recurrent + begin;
  for (int64_t i = 0; i < count; ++i) dh[i] = dh[i] + next[i];
}

void CoupledBackward(const CellGradientRow& row) {
  const int64_t n = row.cells;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = begin + kChunk < n ? kChunk : n - begin;
    const float* f = row.gates + begin;
    const float* g = row.gates + n + begin;
    const float* o = row.gates + 2 * n + begin;
    const float* c_before = row.c_before + begin;
    float dh[kChunk], dc[kChunk], t[kChunk], d[3][kChunk];
    HiddenGradient(row, begin, count, dh);
    for (int64_t i = 0; i < count; ++i) t[i] = Tanh(row.c[begin + i]);
    for (int64_t i = 0; i < count; ++i) {
      dc[i] = row.dc[begin + i] + (dh[i] * o[i]) * (1.0f - t[i] * t[i]);
      d[0][i] = (dc[i] * (c_before[i] - g[i])) * (f[i] * (1.0f - f[i]));
      d[1][i] = (dc[i] * (1.0f - f[i])) * (1.0f - g[i] * g[i]);
      d[2][i] = (dh[i] * t[i]) * (o[i] * (1.0f - o[i]));
      dc[i] = dc[i] * f[i];
    }
    for (int gate = 0; gate < 3; ++gate) {
      float* out = row.dnormed + gate * n + begin;
      for (int64_t i = 0; i < count; ++i) out[i] = d[gate][i];
    }
    for (int64_t i = 0; i < count; ++i) {
      row.dc[begin + i] = Clamp(dc[i], -kGradientLimit, kGradientLimit);
    }
  }
  for (int gate = 0; gate < 3; ++gate) {
    const int64_t at = gate * n;
    const float* d = row.dnormed + at;
    const float* x = row.normed + at;
    const float* gain = row.gain + at;
    float* __restrict out = row.dsum + at;
    const float dot =
        LaneSum(n, [=](int64_t i) { return (d[i] * gain[i]) * x[i]; });
    const float mean = dot / static_cast<float>(n);
    const float s = row.inverse_rms[gate];
    for (int64_t i = 0; i < n; ++i) out[i] = s * (d[i] * gain[i] - x[i] * mean);
    for (int64_t i = 0; i < n; ++i) {
      out[i] = Clamp(out[i], -kGradientLimit, kGradientLimit);
    }
  }
}

void ClassicBackward(const CellGradientRow& row) {
  const int64_t n = row.cells;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = begin + kChunk < n ? kChunk : n - begin;
    const float* f = row.gates + begin;
    const float* g = row.gates + n + begin;
    const float* o = row.gates + 2 * n + begin;
    const float* in = row.gates + 3 * n + begin;
    const float* c_before = row.c_before + begin;
    float dh[kChunk], dc[kChunk], t[kChunk], d[4][kChunk];
    HiddenGradient(row, begin, count, dh);
    for (int64_t i = 0; i < count; ++i) t[i] = Tanh(row.c[begin + i]);
    for (int64_t i = 0; i < count; ++i) {
      dc[i] = row.dc[begin + i] + (dh[i] * o[i]) * (1.0f - t[i] * t[i]);
      d[0][i] = (dc[i] * c_before[i]) * (f[i] * (1.0f - f[i]));
      d[1][i] = (dc[i] * in[i]) * (1.0f - g[i] * g[i]);
      d[2][i] = (dh[i] * t[i]) * (o[i] * (1.0f - o[i]));
      d[3][i] = (dc[i] * g[i]) * (in[i] * (1.0f - in[i]));
      dc[i] = dc[i] * f[i];
    }
    for (int gate = 0; gate < 4; ++gate) {
      float* out = row.dsum + gate * n + begin;
      for (int64_t i = 0; i < count; ++i) {
        out[i] = Clamp(d[gate][i], -kGradientLimit, kGradientLimit);
      }
    }
    for (int64_t i = 0; i < count; ++i) {
      row.dc[begin + i] = Clamp(dc[i], -kGradientLimit, kGradientLimit);
    }
  }
}

void CellBackward(const CellGradientRow& row) {
  row.gain == nullptr ? ClassicBackward(row) : CoupledBackward(row);
}

}  // namespace
}  // namespace nncpp::cpu
