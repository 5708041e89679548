// kernels/cpu/quantize.h -- law 1 on rows and columns; part of ops_simd.cc.
//
// Included there alone, once per instruction set, hence the unnamed namespace.
#pragma once

#include <cstdint>

#include "kernels/cpu/noise.h"
#include "kernels/numerics.h"

namespace nncpp::cpu {
namespace {

constexpr int64_t kNoiseBlock = 128;  // elements a NoiseBlock covers

uint32_t MaxBits(const float* x, int64_t n) {
  int32_t most = 0;
  for (int64_t i = 0; i < n; ++i) {
    const int32_t bits = static_cast<int32_t>(BitsFromFloat(Abs(x[i])));
    most = most < bits ? bits : most;
  }
  return static_cast<uint32_t>(most);
}

int64_t SumSquares(const int16_t* q, int64_t n) {
  constexpr int64_t kChunk = 256;  // 256 * 2048^2 = 2^30
  int64_t total = 0;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t end = begin + kChunk < n ? begin + kChunk : n;
    int32_t sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += int32_t{q[i]} * q[i];
    total += sum;
  }
  return total;
}

// q = round(x * 2^-e + u); u may be null. REQUIRES: |x * 2^-e| < 2048.
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

float Quantize(const float* x, const float* u, int64_t n, int64_t padded,
               int64_t norm, int16_t* q) {
  for (int64_t i = n; i < padded; ++i) q[i] = 0;
  const uint32_t most = MaxBits(x, n);
  if (most == 0) {
    for (int64_t i = 0; i < n; ++i) q[i] = 0;
    return 1.0f;
  }
  int32_t e = OperandExponent(most);
  for (;;) {
    Round(x, u, e, n, q);
    const int32_t shift = NormShift(SumSquares(q, n), norm);
    if (shift == 0) return PowerOfTwo(e);
    e += shift;
  }
}

float QuantizeRow(const float* x, int64_t n, int64_t padded, int16_t* q) {
  return Quantize(x, nullptr, n, padded, kOperandNorm, q);
}

float QuantizeGradientRow(const float* x, const float* fold, int64_t n,
                          int64_t padded, int64_t norm, const NoiseKey& noise,
                          uint32_t row, float* scratch, int16_t* q) {
  const int64_t blocks = (n + kNoiseBlock - 1) / kNoiseBlock;
  float* folded = scratch;
  float* u = scratch + blocks * kNoiseBlock;
  for (int64_t i = 0; i < n; ++i) folded[i] = x[i] * fold[i];
  for (int64_t g = 0; g < blocks; ++g) {
    FillNoise(noise, row, static_cast<uint32_t>(g), u + g * kNoiseBlock);
  }
  return Quantize(folded, u, n, padded, norm, q);
}

// One row of up to kNoiseBlock columns, rounded.
void RoundAcross(const float* x, const float* inverse, const NoiseKey* noise,
                 int64_t row, int64_t block, int64_t width, int32_t* out) {
  if (noise == nullptr) {
    for (int64_t i = 0; i < width; ++i) out[i] = RoundToInt(x[i] * inverse[i]);
    return;
  }
  float u[kNoiseBlock];
  FillNoise(*noise, static_cast<uint32_t>(row), static_cast<uint32_t>(block),
            u);
  for (int64_t i = 0; i < width; ++i) {
    out[i] = RoundToInt(x[i] * inverse[i] + u[i]);
  }
}

// Rounds up to kNoiseBlock columns in pairs of rows; sum[i] becomes the sum of
// squares of column i.
void RoundPairs(const float* x, int64_t rows, int64_t x_stride,
                const float* inverse, const NoiseKey* noise, int64_t block,
                int64_t width, int64_t stride, int16_t* q, int64_t* sum) {
  constexpr int64_t kPairs = 128;  // 256 * 2048^2 = 2^30 fits a partial sum
  for (int64_t i = 0; i < width; ++i) sum[i] = 0;
  for (int64_t from = 0; from < rows; from += 2 * kPairs) {
    const int64_t to = from + 2 * kPairs < rows ? from + 2 * kPairs : rows;
    int32_t partial[kNoiseBlock];
    for (int64_t i = 0; i < width; ++i) partial[i] = 0;
    for (int64_t r = from; r < to; r += 2) {
      int32_t even[kNoiseBlock], odd[kNoiseBlock];
      RoundAcross(x + r * x_stride, inverse, noise, r, block, width, even);
      if (r + 1 < rows) {
        RoundAcross(x + (r + 1) * x_stride, inverse, noise, r + 1, block, width,
                    odd);
      } else {
        for (int64_t i = 0; i < width; ++i) odd[i] = 0;
      }
      // A pair is one 32-bit word, the even row in its low half.
      auto* out = reinterpret_cast<uint32_t*>(q + r * stride);
      for (int64_t i = 0; i < width; ++i) {
        out[i] = (static_cast<uint32_t>(odd[i]) << 16) |
                 (static_cast<uint32_t>(even[i]) & 0xffffu);
        partial[i] += even[i] * even[i] + odd[i] * odd[i];
      }
    }
    for (int64_t i = 0; i < width; ++i) sum[i] += partial[i];
  }
}

void QuantizeColumns(const float* x, int64_t rows, int64_t x_stride,
                     int64_t cols, int64_t begin, int64_t end,
                     const NoiseKey* noise, int64_t stride, int16_t* q,
                     float* scale) {
  for (int64_t c = begin; c < end; c += kNoiseBlock) {
    const int64_t padded = c + kNoiseBlock < end ? kNoiseBlock : end - c;
    const int64_t left = cols - c;
    const int64_t width = left < 0 ? 0 : left < padded ? left : padded;
    int32_t most[kNoiseBlock];
    for (int64_t i = 0; i < width; ++i) most[i] = 0;
    for (int64_t r = 0; r < rows; ++r) {
      const float* in = x + r * x_stride + c;
      for (int64_t i = 0; i < width; ++i) {
        const int32_t bits = static_cast<int32_t>(BitsFromFloat(Abs(in[i])));
        most[i] = most[i] < bits ? bits : most[i];
      }
    }
    int32_t e[kNoiseBlock];
    for (int64_t i = 0; i < width; ++i) {
      e[i] = most[i] == 0 ? 0 : OperandExponent(static_cast<uint32_t>(most[i]));
    }
    for (bool done = false; !done;) {
      float inverse[kNoiseBlock];
      int64_t sum[kNoiseBlock];
      for (int64_t i = 0; i < width; ++i) inverse[i] = PowerOfTwo(-e[i]);
      RoundPairs(x + c, rows, x_stride, inverse, noise, c / kNoiseBlock, width,
                 stride, q + 2 * c, sum);
      int64_t largest = 0;
      for (int64_t i = 0; i < width; ++i) {
        largest = largest < sum[i] ? sum[i] : largest;
      }
      done = largest <= kOperandNorm * kOperandNorm;
      if (done) break;
      for (int64_t i = 0; i < width; ++i) {
        e[i] += NormShift(sum[i], kOperandNorm);
      }
    }
    for (int64_t i = 0; i < width; ++i) scale[c + i] = PowerOfTwo(e[i]);
    for (int64_t i = width; i < padded; ++i) {
      scale[c + i] = 0.0f;
      for (int64_t r = 0; r < rows; r += 2) {
        q[r * stride + 2 * (c + i)] = 0;
        q[r * stride + 2 * (c + i) + 1] = 0;
      }
    }
  }
}

void ColumnSquares(const int16_t* q, int64_t rows, int64_t stride,
                   int64_t begin, int64_t end, int64_t* out) {
  constexpr int64_t kWidth = 64, kChunk = 512;  // 512 * 2048^2 = 2^31
  for (int64_t c = begin; c < end; c += kWidth) {
    const int64_t width = c + kWidth < end ? kWidth : end - c;
    for (int64_t from = 0; from < rows; from += kChunk) {
      const int64_t to = from + kChunk < rows ? from + kChunk : rows;
      uint32_t sum[kWidth] = {};
      for (int64_t r = from; r < to; ++r) {
        const int16_t* in = q + r * stride + c;
        for (int64_t i = 0; i < width; ++i) {
          sum[i] += static_cast<uint32_t>(int32_t{in[i]} * in[i]);
        }
      }
      for (int64_t i = 0; i < width; ++i) out[c + i] += sum[i];
    }
  }
}

}  // namespace
}  // namespace nncpp::cpu
