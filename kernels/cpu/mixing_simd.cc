// kernels/cpu/mixing_simd.cc -- contract: kernels/mixing.h
//
// The form for AVX-512 keeps vectors of 16 integers: mixers have some tens to
// hundreds of inputs.
#include <cstdint>

#include "kernels/cpu/mixing.h"

#if !defined(NNCPP_FORM_SCALAR)
#include <immintrin.h>
#endif

#define NNCPP_TABLE_(form) kMixing##form
#define NNCPP_TABLE(form) NNCPP_TABLE_(form)

namespace nncpp::cpu {
namespace {

#if defined(NNCPP_FORM_SCALAR)

int32_t Dot(const int16_t* x, const int16_t* w, int64_t n) {
  int32_t sum = 0;
  for (int64_t i = 0; i < n; i += 2) {
    sum += (x[i] * w[i] + x[i + 1] * w[i + 1]) >> 8;
  }
  return sum;
}

void TrainOne(const int16_t* x, int32_t error, int64_t n, int16_t* w) {
  for (int64_t i = 0; i < n; ++i) {
    const int32_t sum = w[i] + ((x[i] * error + (1 << 14)) >> 15);
    w[i] = static_cast<int16_t>(sum < -32768  ? -32768
                                : sum > 32767 ? 32767
                                              : sum);
  }
}

#else

const __m256i* At(const int16_t* p) {
  return reinterpret_cast<const __m256i*>(p);
}

int32_t Dot(const int16_t* x, const int16_t* w, int64_t n) {
  __m256i sum = _mm256_setzero_si256();
  for (int64_t i = 0; i < n; i += kMixerGrain) {
    const __m256i pairs = _mm256_madd_epi16(_mm256_loadu_si256(At(x + i)),
                                            _mm256_loadu_si256(At(w + i)));
    sum = _mm256_add_epi32(sum, _mm256_srai_epi32(pairs, 8));
  }
  __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum),
                               _mm256_extracti128_si256(sum, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
  return _mm_cvtsi128_si32(half);
}

void TrainOne(const int16_t* x, int32_t error, int64_t n, int16_t* w) {
  const __m256i e = _mm256_set1_epi16(static_cast<int16_t>(error));
  for (int64_t i = 0; i < n; i += kMixerGrain) {
    const __m256i step = _mm256_mulhrs_epi16(_mm256_loadu_si256(At(x + i)), e);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(w + i),
                        _mm256_adds_epi16(_mm256_loadu_si256(At(w + i)), step));
  }
}

#endif

void Dots(const int16_t* x, int64_t n, const int16_t* const* weights,
          int64_t sets, int32_t* sums) {
  for (int64_t s = 0; s < sets; ++s) sums[s] = Dot(x, weights[s], n);
}

void Train(const int16_t* x, int64_t n, const int16_t* errors, int64_t sets,
           int16_t* const* weights) {
  for (int64_t s = 0; s < sets; ++s) {
    if (errors[s] != 0) TrainOne(x, errors[s], n, weights[s]);
  }
}

}  // namespace

extern const MixingTable NNCPP_TABLE(NNCPP_FORM) = {Dots, Train};

}  // namespace nncpp::cpu
