// kernels/numerics.h -- the arithmetic that every backend must reproduce.
//
// docs/numerics.md is the normative text; the constants stand in both. Only
// IEEE + - * / sqrt rounded to nearest and integer operations appear here, so
// a value has the same bits from every compiler, instruction set and device.
#pragma once

#include <cstdint>

#include "src/base/host_device.h"

namespace nncpp {

// ---- Law 4: element by element -------------------------------------------

NNCPP_HD float FloatFromBits(uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}
NNCPP_HD uint32_t BitsFromFloat(float x) {
  return __builtin_bit_cast(uint32_t, x);
}

// The only minimum, maximum and clamp: std::max and fmaxf disagree on signed
// zeros between compilers.
NNCPP_HD float Max(float a, float b) { return a < b ? b : a; }
NNCPP_HD float Min(float a, float b) { return b < a ? b : a; }
NNCPP_HD float Clamp(float x, float low, float high) {
  return Min(Max(x, low), high);
}
NNCPP_HD float Sqrt(float x) { return __builtin_sqrtf(x); }
NNCPP_HD float Abs(float x) {
  return FloatFromBits(BitsFromFloat(x) << 1 >> 1);
}

// Nearest integer, ties to even. REQUIRES: |x| <= 2^22.
inline constexpr float kRoundingShift = 0x1.8p23f;
NNCPP_HD float RoundHalfEven(float x) {
  return (x + kRoundingShift) - kRoundingShift;
}
// The same as an integer. The shifted sum holds the integer, two's complement,
// in its lowest 22 bits.
NNCPP_HD int32_t RoundToInt(float x) {
  return static_cast<int32_t>(BitsFromFloat(x + kRoundingShift)) -
         static_cast<int32_t>(0x4B400000);
}

// 2^e. REQUIRES: -126 <= e <= 127.
NNCPP_HD float PowerOfTwo(int32_t e) {
  return FloatFromBits(static_cast<uint32_t>(e + 127) << 23);
}

// e^x: x is clamped to [-87, 88], reduced by n ln 2 with ln 2 in two parts,
// then a polynomial of degree 6 (Taylor's). Relative error at most 2.5e-7.
NNCPP_HD float Exp(float x) {
  x = Clamp(x, -87.0f, 88.0f);
  const float n = RoundHalfEven(x * 0x1.715476p+0f);
  const float r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
  float p = 0x1.6c16c2p-10f;   // 1/720
  p = p * r + 0x1.111112p-7f;  // 1/120
  p = p * r + 0x1.555556p-5f;  // 1/24
  p = p * r + 0x1.555556p-3f;  // 1/6
  p = p * r + 0.5f;
  p = p * (r * r) + r;
  return (p + 1.0f) * PowerOfTwo(RoundToInt(n));
}

// ln x for normal x > 0: mantissa m in [sqrt(1/2), sqrt 2), s = (m-1)/(m+1),
// 2 atanh s as an odd polynomial of degree 9. Absolute error at most 1.2e-7
// plus one rounding of the result.
NNCPP_HD float Log(float x) {
  const uint32_t bits = BitsFromFloat(x);
  const uint32_t shifted = bits - 0x3f3504f3u;  // sqrt(1/2)
  const int32_t e = static_cast<int32_t>(shifted) >> 23;
  const float m = FloatFromBits(bits - (static_cast<uint32_t>(e) << 23));
  const float s = (m - 1.0f) / (m + 1.0f);
  const float z = s * s;
  float p = 0x1.c71c72p-4f;    // 1/9
  p = p * z + 0x1.24924ap-3f;  // 1/7
  p = p * z + 0x1.99999ap-3f;  // 1/5
  p = p * z + 0x1.555556p-2f;  // 1/3
  p = p * z * s;
  const float fraction = 2.0f * (p + s);
  const float n = static_cast<float>(e);
  return n * 0x1.62e4p-1f + (n * 0x1.7f7d1cp-20f + fraction);
}

// 1 / (1 + e^-x). Absolute error at most 1.2e-7.
NNCPP_HD float Sigmoid(float x) { return 1.0f / (1.0f + Exp(-x)); }

// tanh x = sign(x) (1 - t) / (1 + t), t = e^(-2|x|). Absolute error at most
// 1.8e-7; the sign of zero is kept.
NNCPP_HD float Tanh(float x) {
  const float t = Exp(-2.0f * Abs(x));
  const float y = (1.0f - t) / (1.0f + t);
  return FloatFromBits(BitsFromFloat(y) | (BitsFromFloat(x) & 0x80000000u));
}

// ---- Law 3: a float sum within a row has one written order ----------------

inline constexpr int kLanes = 32;

// Returns term(0) + ... + term(n - 1) in lane order: term i goes to lane
// i mod 32, each lane adds left to right, and the lanes fold at distance 16,
// 8, 4, 2, 1. It is the order of one GPU warp, and compilers vectorise it
// without being allowed to reorder anything.
template <typename Term>
NNCPP_HD float LaneSum(int64_t n, Term term) {
  float lane[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int l = 0; l < kLanes; ++l) lane[l] += term(i + l);
  }
  for (int l = 0; i < n; ++i, ++l) lane[l] += term(i);
  for (int step = kLanes / 2; step > 0; step /= 2) {
    for (int l = 0; l < step; ++l) lane[l] += lane[l + step];
  }
  return lane[0];
}

// ---- Law 1: the quantised operands of a product ----------------------------

inline constexpr int32_t kOperandMax = 2048;              // |q|
inline constexpr int64_t kOperandNorm = 2896;             // Euclidean norm of q
inline constexpr int64_t kProductMax = int64_t{1} << 23;  // of partial sums
inline constexpr int32_t kExponentMin = -63;
inline constexpr int32_t kExponentMax = 50;

// Attention: weights of a sum over positions have |q| <= kOperandMax and a sum
// of |q| within kWeightSum; keys and values have |q| <= kKeyMax.
inline constexpr int32_t kKeyMax = 1024;
inline constexpr int64_t kWeightSum = 8192;
static_assert(kKeyMax * kWeightSum == kProductMax);

// The exponent that brings values of magnitude up to `max_bits` (the bits of a
// finite non-negative float) just below kOperandMax: floor(log2 max) - 10,
// within the exponents' range.
NNCPP_HD int32_t OperandExponent(uint32_t max_bits) {
  const int32_t e = static_cast<int32_t>(max_bits >> 23) - 127 - 10;
  return e < kExponentMin ? kExponentMin : e > kExponentMax ? kExponentMax : e;
}

// Least s >= 0 with sum <= 4^s * norm^2.
NNCPP_HD int32_t NormShift(int64_t sum, int64_t norm) {
  int32_t s = 0;
  while (sum > ((norm * norm) << (2 * s))) ++s;
  return s;
}

// The norm N_w of a gradient's rows that meet quantised weights whose columns
// have sums of squares up to `most`: no partial sum exceeds 2^23.
NNCPP_HD int64_t GradientNorm(int64_t most) {
  int64_t root = 0;  // the largest whose square is less than `most`
  for (int64_t bit = int64_t{1} << 31; bit > 0; bit >>= 1) {
    if ((root + bit) * (root + bit) < most) root += bit;
  }
  return root < kOperandNorm ? kOperandNorm : kProductMax / (root + 1);
}

// ---- Law 2: a sum across rows is an integer sum ----------------------------

// Terms of a column are rounded to integers of at most 2^22 in units of a
// power of two taken from the column's largest magnitude.
NNCPP_HD int32_t ColumnExponent(uint32_t max_bits) {
  const int32_t e = static_cast<int32_t>(max_bits >> 23) - 127 - 21;
  return e < -100 ? -100 : e;
}

// ---- Law 5: probabilities become integer frequencies -----------------------

// Exponentials e in [0, 1] of the logits less their maximum become
// 1 + round(e * 2^FrequencyShift), where `sum` is the exact sum of the
// truncated integers e * 2^30 and `symbols` the alphabet: the total is in
// [2^30, 2^48), and above 2^44 for every alphabet.
NNCPP_HD int32_t FrequencyShift(uint64_t sum, uint64_t symbols) {
  return 30 + 46 - (64 - __builtin_clzll(sum + symbols));
}

// Whether this thread computes in the default environment: round to nearest,
// denormals kept, no traps. SetFloatEnvironment (kernels/environment.h) sets
// it.

// ---- Random numbers: Philox4x32-10 [salmon2011] ----------------------------

inline constexpr uint32_t kPhilox0 = 0xD2511F53u, kPhilox1 = 0xCD9E8D57u;
inline constexpr uint32_t kPhiloxKey0 = 0x9E3779B9u, kPhiloxKey1 = 0xBB67AE85u;
inline constexpr int kPhiloxRounds = 10;

// Four random words of each of n counters and one key: c[i][l] is word i of
// counter l, replaced by word i of its result. A pure function of each counter.
template <int kCount>
NNCPP_HD void PhiloxWords(uint32_t (&c)[4][kCount], uint64_t key) {
  // Words in 64-bit lanes, where the products are: only the low halves count.
  constexpr uint64_t kLow = 0xffffffffu;
  uint64_t x[4][kCount];
  for (int i = 0; i < 4; ++i) {
    for (int l = 0; l < kCount; ++l) x[i][l] = c[i][l];
  }
  uint64_t k0 = key & kLow;
  uint64_t k1 = key >> 32;
  for (int i = 0; i < kPhiloxRounds; ++i) {
    for (int l = 0; l < kCount; ++l) {
      const uint64_t p0 = (x[0][l] & kLow) * kPhilox0;
      const uint64_t p1 = (x[2][l] & kLow) * kPhilox1;
      x[0][l] = (p1 >> 32) ^ x[1][l] ^ k0;
      x[1][l] = p1;
      x[2][l] = (p0 >> 32) ^ x[3][l] ^ k1;
      x[3][l] = p0;
    }
    k0 = (k0 + kPhiloxKey0) & kLow;
    k1 = (k1 + kPhiloxKey1) & kLow;
  }
  for (int i = 0; i < 4; ++i) {
    for (int l = 0; l < kCount; ++l) c[i][l] = static_cast<uint32_t>(x[i][l]);
  }
}

// Names a sequence of rounding noise: one for each (key, update, tensor).
struct NoiseKey {
  uint64_t key = 0;
  uint32_t update = 0;
  uint32_t tensor = 0;
};

// 16 bits as a number in (-1/2, 1/2).
NNCPP_HD float CentredHalf(uint32_t half) {
  return (static_cast<float>(static_cast<int32_t>(half)) - 32767.5f) * 0x1p-16f;
}

// Noise of elements [128 g, 128 g + 128) in (-1/2, 1/2), 16 bits each: element
// 128 g + 16 j + l takes half j (low half first) of the eight halves of
// counter (16 g + l, row, update, tensor).
NNCPP_HD void NoiseBlock(const NoiseKey& noise, uint32_t row, uint32_t g,
                         float* u) {
  constexpr int kAtOnce = 8;  // counters: they fill the registers of AVX2
  for (int first = 0; first < 16; first += kAtOnce) {
    uint32_t w[4][kAtOnce];
    for (int l = 0; l < kAtOnce; ++l) {
      w[0][l] = 16 * g + static_cast<uint32_t>(first + l);
      w[1][l] = row;
      w[2][l] = noise.update;
      w[3][l] = noise.tensor;
    }
    PhiloxWords(w, noise.key);
    for (int j = 0; j < 4; ++j) {
      for (int l = 0; l < kAtOnce; ++l) {
        u[32 * j + first + l] = CentredHalf(w[j][l] & 0xffffu);
      }
      for (int l = 0; l < kAtOnce; ++l) {
        u[32 * j + 16 + first + l] = CentredHalf(w[j][l] >> 16);
      }
    }
  }
}

// ---- Stated limits: nothing becomes non-finite ------------------------------

inline constexpr float kWeightLimit = 64.0f;      // |weight|
inline constexpr float kStateLimit = 64.0f;       // |c| of a classic LSTM cell
inline constexpr float kGradientLimit = 0x1p20f;  // |any gradient|
inline constexpr float kActivationLimit = 0x1p20f;  // |activation| of a block
inline constexpr float kNormEpsilon = 1e-5f;        // added to mean squares

}  // namespace nncpp
