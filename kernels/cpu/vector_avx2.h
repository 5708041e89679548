// kernels/cpu/vector_avx2.h -- 256-bit vectors for the integer product.
//
// Included by product_simd.cc only. Its twin is vector_avx512.h; what differs
// between the two instruction sets is here, the loops are shared.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace nncpp::cpu {
namespace {

using Vector = __m256i;
using Floats = __m256;
constexpr int kVectorBytes = 32;

// Forward: 4 columns x 2 vectors of rows make 8 sums, so that the 2 + 4 loads
// of a step feed 8 multiplications. An addition takes one cycle, so more sums
// would hide nothing.
constexpr int kForwardColumns = 4;

// The copy of 16 rows of a: read in order at 16 bytes a cycle, which a level-2
// cache can deliver too. Larger K is cut, and costs partial sums.
constexpr int64_t kPanelBytes = 32 << 10;

// Backward and gradient: 6 rows x 2 vectors are 12 sums; with 2 vectors of
// pairs, a broadcast and a product they fill the 16 registers.
constexpr int kOuterRows = 6;
constexpr int kOuterVectors = 2;

NNCPP_INLINE Vector Zero() { return _mm256_setzero_si256(); }

NNCPP_INLINE Vector Load(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}

NNCPP_INLINE void Store(void* p, Vector v) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), v);
}

NNCPP_INLINE Floats LoadFloats(const float* p) { return _mm256_loadu_ps(p); }
NNCPP_INLINE void StoreFloats(float* p, Floats f) { _mm256_storeu_ps(p, f); }
NNCPP_INLINE Floats SetFloats(float f) { return _mm256_set1_ps(f); }
NNCPP_INLINE Floats Times(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
NNCPP_INLINE Floats ToFloats(Vector v) { return _mm256_cvtepi32_ps(v); }

// p[0..3] in every 128-bit lane.
NNCPP_INLINE Floats BroadcastQuad(const float* p) {
  const __m128 quad = _mm_loadu_ps(p);
  return _mm256_set_m128(quad, quad);
}

NNCPP_INLINE Vector Add(Vector a, Vector b) { return _mm256_add_epi32(a, b); }

// sum + the sums of neighbouring products of a and b. Assembly, because
// compilers add the products of several steps to each other first, and then
// run out of registers.
NNCPP_INLINE Vector DotAdd(Vector sum, Vector a, Vector b) {
  Vector product;
  __asm__(
      "vpmaddwd %[b], %[a], %[product]\n\t"
      "vpaddd %[product], %[sum], %[sum]"
      : [sum] "+x"(sum), [product] "=&x"(product)
      : [a] "x"(a), [b] "x"(b));
  return sum;
}

// sum0 + a0 b and sum1 + a1 b.
NNCPP_INLINE void DotAddTwo(Vector& sum0, Vector& sum1, Vector a0, Vector a1,
                            Vector b) {
  Vector p0, p1;
  __asm__(
      "vpmaddwd %[b], %[a0], %[p0]\n\t"
      "vpmaddwd %[b], %[a1], %[p1]\n\t"
      "vpaddd %[p0], %[sum0], %[sum0]\n\t"
      "vpaddd %[p1], %[sum1], %[sum1]"
      : [sum0] "+x"(sum0), [sum1] "+x"(sum1), [p0] "=&x"(p0), [p1] "=x"(p1)
      : [a0] "x"(a0), [a1] "x"(a1), [b] "x"(b));
}

// The kUnit bytes at p, repeated. A load without arithmetic for every size.
template <int kUnit>
NNCPP_INLINE Vector BroadcastUnit(const int16_t* p) {
  if constexpr (kUnit == 4) {
    int32_t unit;
    __builtin_memcpy(&unit, p, sizeof unit);
    return _mm256_set1_epi32(unit);
  } else if constexpr (kUnit == 8) {
    long long unit;
    __builtin_memcpy(&unit, p, sizeof unit);
    return _mm256_set1_epi64x(unit);
  } else if constexpr (kUnit == 16) {
    return _mm256_broadcastsi128_si256(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  } else {
    static_assert(kUnit == 32);
    return Load(p);
  }
}

NNCPP_INLINE Vector UnpackLow32(Vector a, Vector b) {
  return _mm256_unpacklo_epi32(a, b);
}
NNCPP_INLINE Vector UnpackHigh32(Vector a, Vector b) {
  return _mm256_unpackhi_epi32(a, b);
}
NNCPP_INLINE Vector UnpackLow64(Vector a, Vector b) {
  return _mm256_unpacklo_epi64(a, b);
}
NNCPP_INLINE Vector UnpackHigh64(Vector a, Vector b) {
  return _mm256_unpackhi_epi64(a, b);
}
NNCPP_INLINE Vector UnpackLow16(Vector a, Vector b) {
  return _mm256_unpacklo_epi16(a, b);
}
NNCPP_INLINE Vector UnpackHigh16(Vector a, Vector b) {
  return _mm256_unpackhi_epi16(a, b);
}

// Adds neighbouring 128-bit lanes: those of a, then those of b.
NNCPP_INLINE Vector FoldLanes(Vector a, Vector b) {
  return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20),
                          _mm256_permute2x128_si256(a, b, 0x31));
}

// UnpackLow16 and UnpackHigh16 of two rows leave the columns of each lane
// together; these give them back in order, first and second half.
NNCPP_INLINE Vector FirstColumns(Vector low, Vector high) {
  return _mm256_permute2x128_si256(low, high, 0x20);
}
NNCPP_INLINE Vector SecondColumns(Vector low, Vector high) {
  return _mm256_permute2x128_si256(low, high, 0x31);
}

template <int kLane>
NNCPP_INLINE __m128i Lane(Vector v) {
  if constexpr (kLane == 0) {
    return _mm256_castsi256_si128(v);
  } else {
    return _mm256_extracti128_si256(v, kLane);
  }
}

template <int kLane>
NNCPP_INLINE __m128 FloatLane(Floats f) {
  if constexpr (kLane == 0) {
    return _mm256_castps256_ps128(f);
  } else {
    return _mm256_extractf128_ps(f, kLane);
  }
}

}  // namespace
}  // namespace nncpp::cpu
