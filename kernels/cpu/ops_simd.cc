// kernels/cpu/ops_simd.cc -- contract: kernels/cpu/ops.h
//
// Compiled once per instruction set with NNCPP_FORM naming it. Loops are
// written for the vectoriser: no branches, no calls, one array element per
// iteration. Only the table has a name outside this file, so that no copy of
// a function compiled for a newer processor can be linked into older code.
#include <cstdint>

#include "kernels/cpu/cell.h"
#include "kernels/cpu/noise.h"
#include "kernels/cpu/ops.h"
#include "kernels/cpu/quantize.h"
#include "kernels/numerics.h"

#define NNCPP_TABLE_(form) kOps##form
#define NNCPP_TABLE(form) NNCPP_TABLE_(form)

namespace nncpp::cpu {
namespace {

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
    FillNoise(noise, row, static_cast<uint32_t>(begin / kNoiseBlock), u);
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
