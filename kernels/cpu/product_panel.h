// kernels/cpu/product_panel.h -- the copy of a that product_forward.h reads.
//
// Included by product_simd.cc only.
#pragma once

#include <cstdint>

#include "kernels/cpu/product.h"

namespace nncpp::cpu {
namespace {

constexpr int kLanes = kVectorBytes / 16;

// Rows of a that one sweep over w can serve, in two vectors of 4-byte units.
constexpr int kSweepRows = kVectorBytes / 2;

// Rows of a in one tile, a power of two of which `rows` are real, and where
// they lie.
struct RowTile {
  int64_t first = 0;
  int64_t rows = 0;
  int64_t size = 0;
  const int16_t* panel = nullptr;
  const float* lane_scale = nullptr;
};

// Copies four rows of `depth` columns into the panel, unit by unit; `step` is
// the panel's distance between units, in bytes.
template <int kUnit>
void PackFourRows(const int16_t* const* row, int64_t depth, char* panel,
                  int64_t step) {
  const auto load = [&](int r, int64_t k) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(row[r] + k));
  };
  const auto store = [](char* p, __m128i v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), v);
  };
  for (int64_t k = 0; k < depth; k += 8) {
    const __m128i r0 = load(0, k), r1 = load(1, k);
    const __m128i r2 = load(2, k), r3 = load(3, k);
    if constexpr (kUnit == 4) {
      const __m128i low01 = _mm_unpacklo_epi32(r0, r1);
      const __m128i low23 = _mm_unpacklo_epi32(r2, r3);
      const __m128i high01 = _mm_unpackhi_epi32(r0, r1);
      const __m128i high23 = _mm_unpackhi_epi32(r2, r3);
      store(panel, _mm_unpacklo_epi64(low01, low23));
      store(panel + step, _mm_unpackhi_epi64(low01, low23));
      store(panel + 2 * step, _mm_unpacklo_epi64(high01, high23));
      store(panel + 3 * step, _mm_unpackhi_epi64(high01, high23));
      panel += 4 * step;
    } else {
      static_assert(kUnit == 8);
      store(panel, _mm_unpacklo_epi64(r0, r1));
      store(panel + 16, _mm_unpacklo_epi64(r2, r3));
      store(panel + step, _mm_unpackhi_epi64(r0, r1));
      store(panel + step + 16, _mm_unpackhi_epi64(r2, r3));
      panel += 2 * step;
    }
  }
}

// Copies a tile's rows, columns [begin, begin + depth), into its panel. Rows
// that do not exist repeat the last one; their sums are not stored.
void PackRows(const RowOperand& a, const RowTile& tile, int64_t begin,
              int64_t depth, char* panel) {
  const int16_t* row[kSweepRows];
  for (int64_t r = 0; r < tile.size; ++r) {
    const int64_t real = r < tile.rows ? r : tile.rows - 1;
    row[r] = a.q + (tile.first + real) * a.stride + begin;
  }
  // Two vectors of rows, but one row alone takes one.
  const int64_t step = tile.size == 1 ? kVectorBytes : 2 * kVectorBytes;
  const int64_t unit = step / tile.size;
  if (unit == 4 || unit == 8) {
    for (int64_t r = 0; r < tile.size; r += 4) {
      if (unit == 4) {
        PackFourRows<4>(row + r, depth, panel + r * unit, step);
      } else {
        PackFourRows<8>(row + r, depth, panel + r * unit, step);
      }
    }
    return;
  }
  for (int64_t k = 0; k < depth; k += unit / 2) {
    for (int64_t r = 0; r < tile.size; ++r) {
      for (int64_t i = 0; i < unit; i += 16) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(panel + r * unit + i),
                         _mm_loadu_si128(reinterpret_cast<const __m128i*>(
                             row[r] + k + i / 2)));
      }
    }
    panel += step;
  }
}

// The scales of a tile's rows as StoreSums wants them: vector v, lane l is
// four copies of the scale of the row stored from there.
void SpreadScales(const RowOperand& a, const RowTile& tile, float* out) {
  const int64_t per_vector = tile.size < kLanes ? tile.size : kLanes;
  const int64_t unit = 2 * kVectorBytes / tile.size;
  const int64_t per_lane = unit < 16 ? 16 / unit : 1;
  for (int64_t v = 0; v < tile.size / per_vector; ++v) {
    const int64_t row = v / per_lane * per_lane * kLanes + v % per_lane;
    for (int64_t l = 0; l < kLanes; ++l) {
      const int64_t r = row + l * per_lane;
      const float scale = r < tile.rows ? a.scale[tile.first + r] : 0.0f;
      for (int64_t i = 0; i < 4; ++i) out[(v * kLanes + l) * 4 + i] = scale;
    }
  }
}

}  // namespace
}  // namespace nncpp::cpu
