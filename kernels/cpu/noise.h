// kernels/cpu/noise.h -- NoiseBlock of kernels/numerics.h, in vectors.
//
// For files compiled once per instruction set, hence the unnamed namespace.
#pragma once

#include <cstdint>

#include "kernels/numerics.h"

#if !defined(NNCPP_FORM_SCALAR)
#include <immintrin.h>
#endif

namespace nncpp::cpu {
namespace {

#if defined(NNCPP_FORM_SCALAR)

void FillNoise(const NoiseKey& noise, uint32_t row, uint32_t g, float* u) {
  NoiseBlock(noise, row, g, u);
}

#else

// Words of four counters, each in the low half of a 64-bit lane. The product
// of two lanes takes nothing from the high halves, so they hold anything.
struct FourCounters {
  __m256i word[4];
};

void PhiloxRound(__m256i k0, __m256i k1, FourCounters& c) {
  const __m256i p0 = _mm256_mul_epu32(c.word[0], _mm256_set1_epi64x(kPhilox0));
  const __m256i p1 = _mm256_mul_epu32(c.word[2], _mm256_set1_epi64x(kPhilox1));
  c.word[0] = _mm256_xor_si256(_mm256_xor_si256(c.word[1], k0),
                               _mm256_srli_epi64(p1, 32));
  c.word[1] = p1;
  c.word[2] = _mm256_xor_si256(_mm256_xor_si256(c.word[3], k1),
                               _mm256_srli_epi64(p0, 32));
  c.word[3] = p0;
}

// CentredHalf of eight halves.
void StoreCentred(__m256i halves, float* u) {
  const __m256 centred =
      _mm256_sub_ps(_mm256_cvtepi32_ps(halves), _mm256_set1_ps(32767.5f));
  _mm256_storeu_ps(u, _mm256_mul_ps(centred, _mm256_set1_ps(0x1p-16f)));
}

// The same bits as NoiseBlock.
void FillNoise(const NoiseKey& noise, uint32_t row, uint32_t g, float* u) {
  for (int first = 0; first < 16; first += 8) {
    const auto start = static_cast<int32_t>(16 * g) + first;
    FourCounters even, odd;
    even.word[0] = _mm256_add_epi64(_mm256_set1_epi64x(start),
                                    _mm256_setr_epi64x(0, 2, 4, 6));
    odd.word[0] = _mm256_add_epi64(even.word[0], _mm256_set1_epi64x(1));
    const uint32_t name[] = {row, noise.update, noise.tensor};
    for (int i = 1; i < 4; ++i) {
      even.word[i] = odd.word[i] = _mm256_set1_epi64x(name[i - 1]);
    }
    __m256i k0 = _mm256_set1_epi64x(static_cast<int64_t>(noise.key));
    __m256i k1 = _mm256_set1_epi64x(static_cast<int64_t>(noise.key >> 32));
    for (int i = 0; i < kPhiloxRounds; ++i) {
      PhiloxRound(k0, k1, even);
      PhiloxRound(k0, k1, odd);
      k0 = _mm256_add_epi32(
          k0, _mm256_set1_epi32(static_cast<int32_t>(kPhiloxKey0)));
      k1 = _mm256_add_epi32(
          k1, _mm256_set1_epi32(static_cast<int32_t>(kPhiloxKey1)));
    }
    for (int i = 0; i < 4; ++i) {
      const __m256i words = _mm256_blend_epi32(
          even.word[i], _mm256_slli_epi64(odd.word[i], 32), 0xaa);
      float* out = u + 32 * i + first;
      StoreCentred(_mm256_and_si256(words, _mm256_set1_epi32(0xffff)), out);
      StoreCentred(_mm256_srli_epi32(words, 16), out + 16);
    }
  }
}

#endif

}  // namespace
}  // namespace nncpp::cpu
