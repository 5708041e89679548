// kernels/cpu/vector_avx512.h -- 512-bit vectors for the integer product.
//
// Included by product_simd.cc only. Its twin is vector_avx2.h; what differs
// between the two instruction sets is here, the loops are shared.
#pragma once

// tests/kernels/product_avx512_emulated_test.cc brings its own intrinsics.
#if !defined(NNCPP_EMULATED_INTRINSICS)
#if defined(__GNUC__) && !defined(__clang__)
// GCC's own header leaves unused operands undefined and then warns of them.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif
#endif

#include <cstdint>

namespace nncpp::cpu {
namespace {

using Vector = __m512i;
using Floats = __m512;
constexpr int kVectorBytes = 64;

// Forward: 8 columns x 2 vectors of rows make 16 sums. vpdpwssd takes 5 cycles
// and two start in each, so at least 10 sums must be under way.
constexpr int kForwardColumns = 8;

// The copy of 32 rows of a: read in order at 16 bytes a cycle, which a level-2
// cache can deliver too. Larger K is cut, and costs partial sums.
constexpr int64_t kPanelBytes = 64 << 10;

// Backward and gradient: 6 rows x 4 vectors are 24 sums of the 32 registers.
constexpr int kOuterRows = 6;
constexpr int kOuterVectors = 4;

NNCPP_INLINE Vector Zero() { return _mm512_setzero_si512(); }
NNCPP_INLINE Vector Load(const void* p) { return _mm512_loadu_si512(p); }
NNCPP_INLINE void Store(void* p, Vector v) { _mm512_storeu_si512(p, v); }
NNCPP_INLINE Floats LoadFloats(const float* p) { return _mm512_loadu_ps(p); }
NNCPP_INLINE void StoreFloats(float* p, Floats f) { _mm512_storeu_ps(p, f); }
NNCPP_INLINE Floats SetFloats(float f) { return _mm512_set1_ps(f); }
NNCPP_INLINE Floats Times(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
NNCPP_INLINE Floats ToFloats(Vector v) { return _mm512_cvtepi32_ps(v); }

// p[0..3] in every 128-bit lane.
NNCPP_INLINE Floats BroadcastQuad(const float* p) {
  return _mm512_broadcast_f32x4(_mm_loadu_ps(p));
}

NNCPP_INLINE Vector Add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }

// sum + the sums of neighbouring products of a and b. Assembly, because g++
// copies the sums of its intrinsic, and keeps those of large tiles in memory.
NNCPP_INLINE Vector DotAdd(Vector sum, Vector a, Vector b) {
#if defined(NNCPP_EMULATED_INTRINSICS)
  return _mm512_dpwssd_epi32(sum, a, b);
#else
  __asm__("vpdpwssd %[b], %[a], %[sum]"
          : [sum] "+v"(sum)
          : [a] "v"(a), [b] "v"(b));
  return sum;
#endif
}

// sum0 + a0 b and sum1 + a1 b.
NNCPP_INLINE void DotAddTwo(Vector& sum0, Vector& sum1, Vector a0, Vector a1,
                            Vector b) {
  sum0 = DotAdd(sum0, a0, b);
  sum1 = DotAdd(sum1, a1, b);
}

// The kUnit bytes at p, repeated. A load without arithmetic for every size.
template <int kUnit>
NNCPP_INLINE Vector BroadcastUnit(const int16_t* p) {
  if constexpr (kUnit == 4) {
    int32_t unit;
    __builtin_memcpy(&unit, p, sizeof unit);
    return _mm512_set1_epi32(unit);
  } else if constexpr (kUnit == 8) {
    long long unit;
    __builtin_memcpy(&unit, p, sizeof unit);
    return _mm512_set1_epi64(unit);
  } else if constexpr (kUnit == 16) {
    return _mm512_broadcast_i32x4(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  } else if constexpr (kUnit == 32) {
    return _mm512_broadcast_i64x4(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  } else {
    static_assert(kUnit == 64);
    return Load(p);
  }
}

NNCPP_INLINE Vector UnpackLow32(Vector a, Vector b) {
  return _mm512_unpacklo_epi32(a, b);
}
NNCPP_INLINE Vector UnpackHigh32(Vector a, Vector b) {
  return _mm512_unpackhi_epi32(a, b);
}
NNCPP_INLINE Vector UnpackLow64(Vector a, Vector b) {
  return _mm512_unpacklo_epi64(a, b);
}
NNCPP_INLINE Vector UnpackHigh64(Vector a, Vector b) {
  return _mm512_unpackhi_epi64(a, b);
}
NNCPP_INLINE Vector UnpackLow16(Vector a, Vector b) {
  return _mm512_unpacklo_epi16(a, b);
}
NNCPP_INLINE Vector UnpackHigh16(Vector a, Vector b) {
  return _mm512_unpackhi_epi16(a, b);
}

// Adds neighbouring 128-bit lanes: those of a, then those of b.
NNCPP_INLINE Vector FoldLanes(Vector a, Vector b) {
  return _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, 0x88),
                          _mm512_shuffle_i32x4(a, b, 0xdd));
}

// UnpackLow16 and UnpackHigh16 of two rows leave the columns of each lane
// together; these give them back in order, first and second half.
NNCPP_INLINE Vector FirstColumns(Vector low, Vector high) {
  const Vector order =
      _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  return _mm512_permutex2var_epi32(low, order, high);
}
NNCPP_INLINE Vector SecondColumns(Vector low, Vector high) {
  const Vector order = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13,
                                         14, 15, 28, 29, 30, 31);
  return _mm512_permutex2var_epi32(low, order, high);
}

template <int kLane>
NNCPP_INLINE __m128i Lane(Vector v) {
  return _mm512_extracti32x4_epi32(v, kLane);
}

template <int kLane>
NNCPP_INLINE __m128 FloatLane(Floats f) {
  return _mm512_extractf32x4_ps(f, kLane);
}

}  // namespace
}  // namespace nncpp::cpu
