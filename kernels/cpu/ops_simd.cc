// kernels/cpu/ops_simd.cc -- contract: kernels/cpu/ops.h
//
// Compiled once per instruction set with NNCPP_FORM naming it. Loops are
// written for the vectoriser: no branches, no calls, one array element per
// iteration. Only the table has a name outside this file, so that no copy of
// a function compiled for a newer processor can be linked into older code.
#include <cstdint>

#include "kernels/cpu/ops.h"
#include "kernels/cpu/quantize.h"
#include "kernels/numerics.h"

#define NNCPP_TABLE_(form) kOps##form
#define NNCPP_TABLE(form) NNCPP_TABLE_(form)

namespace nncpp::cpu {
namespace {

// The sums are (from_below + recurrent) + embedding, in that order.
void CellForward(const CellRow& row) {
  const int64_t n = row.cells;
  for (int gate = 0; gate < 3; ++gate) {
    const int64_t at = gate * n;
    float* x = row.normed + at;
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

void CellBackward(const CellGradientRow& row) {
  constexpr int64_t kChunk = 64;
  const int64_t n = row.cells;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = begin + kChunk < n ? kChunk : n - begin;
    const float* f = row.gates + begin;
    const float* g = row.gates + n + begin;
    const float* o = row.gates + 2 * n + begin;
    const float* c_before = row.c_before + begin;
    float dh[kChunk], dc[kChunk], t[kChunk], d[3][kChunk];
    for (int64_t i = 0; i < count; ++i) dh[i] = row.dh_above[begin + i];
    if (row.dh_recurrent != nullptr) {
      const float* next = row.dh_recurrent + begin;
      for (int64_t i = 0; i < count; ++i) dh[i] = dh[i] + next[i];
    }
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

void SumRows(const float* const* rows, const float* const* factors,
             int64_t count, int64_t begin, int64_t end, float* out) {
  constexpr int64_t kWidth = 64;
  for (int64_t c = begin; c < end; c += kWidth) {
    const int64_t width = c + kWidth < end ? kWidth : end - c;
    int32_t most[kWidth] = {};
    float term[kWidth];
    for (int64_t r = 0; r < count; ++r) {
      const float* x = rows[r] + c;
      if (factors == nullptr) {
        for (int64_t i = 0; i < width; ++i) term[i] = x[i];
      } else {
        const float* y = factors[r] + c;
        for (int64_t i = 0; i < width; ++i) term[i] = x[i] * y[i];
      }
      for (int64_t i = 0; i < width; ++i) {
        const int32_t bits = static_cast<int32_t>(BitsFromFloat(Abs(term[i])));
        most[i] = most[i] < bits ? bits : most[i];
      }
    }
    float inverse[kWidth], unit[kWidth];
    for (int64_t i = 0; i < width; ++i) {
      const int32_t e = ColumnExponent(static_cast<uint32_t>(most[i]));
      inverse[i] = PowerOfTwo(-e);
      unit[i] = PowerOfTwo(e);
    }
    int64_t sum[kWidth] = {};
    for (int64_t r = 0; r < count; ++r) {
      const float* x = rows[r] + c;
      if (factors == nullptr) {
        for (int64_t i = 0; i < width; ++i) {
          sum[i] += RoundToInt(x[i] * inverse[i]);
        }
      } else {
        const float* y = factors[r] + c;
        for (int64_t i = 0; i < width; ++i) {
          sum[i] += RoundToInt((x[i] * y[i]) * inverse[i]);
        }
      }
    }
    for (int64_t i = 0; i < width; ++i) {
      out[c + i] = static_cast<float>(sum[i]) * unit[i];
    }
  }
}

uint64_t Frequencies(const float* logits, int64_t symbols, float* scratch,
                     uint64_t* frequency) {
  float most = logits[0];
  {
    float lane[kLanes];
    for (int l = 0; l < kLanes; ++l) lane[l] = logits[0];
    int64_t i = 0;
    for (; i + kLanes <= symbols; i += kLanes) {
      for (int l = 0; l < kLanes; ++l) lane[l] = Max(lane[l], logits[i + l]);
    }
    for (; i < symbols; ++i) lane[0] = Max(lane[0], logits[i]);
    for (int l = 0; l < kLanes; ++l) most = Max(most, lane[l]);
  }
  for (int64_t i = 0; i < symbols; ++i) scratch[i] = Exp(logits[i] - most);
  // e <= 1: the cast is in range. Truncated, since only the size matters.
  uint64_t sum = 0;
  for (int64_t i = 0; i < symbols; ++i) {
    sum += static_cast<uint64_t>(static_cast<int32_t>(scratch[i] * 0x1p30f));
  }
  const int32_t shift = FrequencyShift(sum, static_cast<uint64_t>(symbols));
  const double unit = static_cast<double>(PowerOfTwo(shift));
  uint64_t total = 0;
  for (int64_t i = 0; i < symbols; ++i) {
    // Adding 2^52 leaves the rounded integer in the mantissa's low bits.
    const double shifted = static_cast<double>(scratch[i]) * unit + 0x1p52;
    const uint64_t f = __builtin_bit_cast(uint64_t, shifted) -
                       uint64_t{0x4330000000000000u} + 1;
    frequency[i] = f;
    total += f;
  }
  return total;
}

void SoftmaxBackward(const uint64_t* frequency, uint64_t total, int64_t symbols,
                     int64_t target, float* dlogits) {
  const double inverse = 1.0 / static_cast<double>(total);
  for (int64_t i = 0; i < symbols; ++i) {
    const double f =
        __builtin_bit_cast(double, frequency[i] | 0x4330000000000000u) - 0x1p52;
    dlogits[i] = static_cast<float>(f * inverse);
  }
  dlogits[target] -= 1.0f;
}

// Clamps stand in loops of their own: next to arithmetic the compiler turns
// them into branches, and no longer vectorises.
void Adam(const AdamConstants& constants, const float* __restrict gradient,
          float* __restrict weight, float* __restrict second, int64_t n) {
  constexpr int64_t kChunk = 64;
  const AdamConstants step = constants;
  const float fresh = 1.0f - step.beta2;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = begin + kChunk < n ? kChunk : n - begin;
    float g[kChunk];
    float* w = weight + begin;
    float* v = second + begin;
    for (int64_t i = 0; i < count; ++i) {
      g[i] = Clamp(gradient[begin + i], -kGradientLimit, kGradientLimit);
    }
    for (int64_t i = 0; i < count; ++i) {
      v[i] = step.beta2 * v[i] + fresh * (g[i] * g[i]);
      const float root = Sqrt(v[i] * step.correction) + step.epsilon;
      g[i] = g[i] / root;
    }
    for (int64_t i = 0; i < count; ++i) {
      g[i] = Clamp(g[i], -step.clip, step.clip);
    }
    for (int64_t i = 0; i < count; ++i) w[i] = w[i] - step.rate * g[i];
    for (int64_t i = 0; i < count; ++i) {
      w[i] = Clamp(w[i], -kWeightLimit, kWeightLimit);
    }
  }
}

void Dropout(const float* x, int64_t n, const NoiseKey& noise, uint32_t row,
             float least, float scale, float* y) {
  for (int64_t begin = 0; begin < n; begin += kNoiseBlock) {
    const int64_t left = n - begin;
    const int64_t count = left < kNoiseBlock ? left : kNoiseBlock;
    float u[kNoiseBlock];
    NoiseBlock(noise, row, static_cast<uint32_t>(begin / kNoiseBlock), u);
    for (int64_t i = 0; i < count; ++i) {
      y[begin + i] = u[i] >= least ? x[begin + i] * scale : 0.0f;
    }
  }
}

void Add(const float* x, int64_t n, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = y[i] + x[i];
}

}  // namespace

extern const OpsTable NNCPP_TABLE(NNCPP_FORM) = {
    QuantizeRow,     QuantizeGradientRow,
    QuantizeColumns, ColumnSquares,
    CellForward,     CellBackward,
    SumRows,         Frequencies,
    SoftmaxBackward, Adam,
    Dropout,         Add};

}  // namespace nncpp::cpu
