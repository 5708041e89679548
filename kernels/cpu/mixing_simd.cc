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

void CellInputs(const uint32_t* cells, const uint8_t* seen, int64_t n,
                const int16_t* stretch, int16_t* inputs) {
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t p = cells[i] >> kCountBits;
    const auto logit = static_cast<int16_t>(LogitFrom(stretch, p));
    inputs[i] = (seen[i] & kKnown) != 0 ? logit : int16_t{0};
    inputs[n + i] = (seen[i] & kAgreed) != 0 ? logit : int16_t{0};
  }
}

void TrainCells(uint32_t* cells, int64_t n, int bit, uint32_t limit,
                const int32_t* rates) {
  for (int64_t i = 0; i < n; ++i) TrainCell(bit, limit, rates, cells[i]);
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

void FourDots(const int16_t* x, int64_t n, const int16_t* const* weights,
              int32_t* sums) {
  __m256i sum[4] = {};
  for (int64_t i = 0; i < n; i += kMixerGrain) {
    const __m256i in = _mm256_loadu_si256(At(x + i));
    for (int s = 0; s < 4; ++s) {
      const __m256i pairs =
          _mm256_madd_epi16(in, _mm256_loadu_si256(At(weights[s] + i)));
      sum[s] = _mm256_add_epi32(sum[s], _mm256_srai_epi32(pairs, 8));
    }
  }
  const __m256i all = _mm256_hadd_epi32(_mm256_hadd_epi32(sum[0], sum[1]),
                                        _mm256_hadd_epi32(sum[2], sum[3]));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(sums),
                   _mm_add_epi32(_mm256_castsi256_si128(all),
                                 _mm256_extracti128_si256(all, 1)));
}

void TrainOne(const int16_t* x, int32_t error, int64_t n, int16_t* w) {
  const __m256i e = _mm256_set1_epi16(static_cast<int16_t>(error));
  for (int64_t i = 0; i < n; i += kMixerGrain) {
    const __m256i step = _mm256_mulhrs_epi16(_mm256_loadu_si256(At(x + i)), e);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(w + i),
                        _mm256_adds_epi16(_mm256_loadu_si256(At(w + i)), step));
  }
}

// The low halves of eight integers, in order.
void Store16(__m256i x, int16_t* out) {
  const __m256i packed = _mm256_packs_epi32(x, x);
  _mm_storeu_si128(
      reinterpret_cast<__m128i*>(out),
      _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08)));
}

// All ones in the lanes whose number has this bit.
__m256i HasBit(__m256i x, int bit) {
  const __m256i mask = _mm256_set1_epi32(bit);
  return _mm256_cmpeq_epi32(_mm256_and_si256(x, mask), mask);
}

void CellInputs(const uint32_t* cells, const uint8_t* seen, int64_t n,
                const int16_t* stretch, int16_t* inputs) {
  const __m256i last = _mm256_set1_epi32((1 << kModelBits) - 1);
  const __m256i half = _mm256_set1_epi32(1 << (kModelBits - 1));
  const __m256i tail_end = _mm256_set1_epi32(1 << kStretchTail);
  const __m256i coarse_start = _mm256_set1_epi32(1 << kCoarseBits);
  for (int64_t i = 0; i < n; i += kCellGrain) {
    const __m256i cell =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(cells + i));
    const __m256i p = _mm256_srli_epi32(cell, kCountBits);
    const __m256i q = _mm256_min_epi32(p, _mm256_sub_epi32(last, p));
    const __m256i tail = _mm256_cmpgt_epi32(tail_end, q);
    const __m256i index = _mm256_blendv_epi8(
        _mm256_add_epi32(coarse_start,
                         _mm256_srli_epi32(p, kModelBits - kCoarseBits)),
        _mm256_srli_epi32(q, kFineShift), tail);
    // Two entries at a time, of which the lower one counts.
    const __m256i pair = _mm256_i32gather_epi32(
        reinterpret_cast<const int*>(stretch), index, sizeof(stretch[0]));
    const __m256i entry = _mm256_srai_epi32(_mm256_slli_epi32(pair, 16), 16);
    const __m256i turned =
        _mm256_andnot_si256(_mm256_cmpgt_epi32(half, p), tail);
    const __m256i logit =
        _mm256_sub_epi32(_mm256_xor_si256(entry, turned), turned);
    const __m256i bits = _mm256_cvtepu8_epi32(
        _mm_loadl_epi64(reinterpret_cast<const __m128i*>(seen + i)));
    Store16(_mm256_and_si256(logit, HasBit(bits, kKnown)), inputs + i);
    Store16(_mm256_and_si256(logit, HasBit(bits, kAgreed)), inputs + n + i);
  }
}

void TrainCells(uint32_t* cells, int64_t n, int bit, uint32_t limit,
                const int32_t* rates) {
  const __m256i target =
      _mm256_set1_epi32(bit != 0 ? (1 << kModelBits) - 1 : 0);
  const __m256i counts = _mm256_set1_epi32((1 << kCountBits) - 1);
  const __m256i most = _mm256_set1_epi32(static_cast<int32_t>(limit));
  const __m256i one = _mm256_set1_epi32(1);
  for (int64_t i = 0; i < n; i += kCellGrain) {
    auto* at = reinterpret_cast<__m256i*>(cells + i);
    const __m256i cell = _mm256_loadu_si256(at);
    const __m256i p = _mm256_srli_epi32(cell, kCountBits);
    const __m256i count = _mm256_and_si256(cell, counts);
    const __m256i rate = _mm256_i32gather_epi32(rates, count, sizeof(rates[0]));
    const __m256i error = _mm256_sub_epi32(target, p);
    // 64-bit products of the even and of the odd lanes; of each, bits 16 to 47.
    const __m256i even = _mm256_srli_epi64(_mm256_mul_epi32(error, rate), 16);
    const __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(error, 32),
                                         _mm256_srli_epi64(rate, 32));
    const __m256i step =
        _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 16), 0xaa);
    _mm256_storeu_si256(
        at, _mm256_or_si256(
                _mm256_slli_epi32(_mm256_add_epi32(p, step), kCountBits),
                _mm256_min_epi32(_mm256_add_epi32(count, one), most)));
  }
}

#endif

void Dots(const int16_t* x, int64_t n, const int16_t* const* weights,
          int64_t sets, int32_t* sums) {
  int64_t s = 0;
#if !defined(NNCPP_FORM_SCALAR)
  for (; s + 4 <= sets; s += 4) FourDots(x, n, weights + s, sums + s);
#endif
  for (; s < sets; ++s) sums[s] = Dot(x, weights[s], n);
}

void Train(const int16_t* x, int64_t n, const int16_t* errors, int64_t sets,
           int16_t* const* weights) {
  for (int64_t s = 0; s < sets; ++s) {
    if (errors[s] != 0) TrainOne(x, errors[s], n, weights[s]);
  }
}

}  // namespace

extern const MixingTable NNCPP_TABLE(NNCPP_FORM) = {Dots, Train, CellInputs,
                                                    TrainCells};

}  // namespace nncpp::cpu
