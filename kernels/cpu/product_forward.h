// kernels/cpu/product_forward.h -- y = a w' for skinny a, in vectors.
//
// Included by product_simd.cc only; contract: kernels/cpu/product.h.
//
// A vector of a tile holds a unit of kUnit bytes of each of several rows of a,
// so that one broadcast unit of a row of w meets all of them: with 4-byte units
// (pairs of k) a vector holds 8 or 16 rows and nothing is left to add at the
// end; with units of a whole vector it holds one row and the tile is a dot
// product. In between, M = 2, 4 and 8 fill the vectors as well. Every tile
// reads w once, in its own order; only the few rows of a are copied.
#pragma once

#include <cstdint>

#include "kernels/cpu/product.h"

namespace nncpp::cpu {
namespace {

constexpr int kLanes = kVectorBytes / 16;

// Rows of a that one sweep over w can serve, in two vectors of 4-byte units.
constexpr int kSweepRows = kVectorBytes / 2;

// Bytes of a row of w handled per turn of the loop: a cache line.
constexpr int kLineBytes = 64;
constexpr int kLineColumns = kLineBytes / 2;

// Rows of a in one tile, a power of two of which `rows` are real, and where
// they lie.
struct RowTile {
  int64_t first = 0;
  int64_t rows = 0;
  int64_t size = 0;
  const int16_t* panel = nullptr;
  const float* lane_scale = nullptr;
};

// What a tile is multiplied with: groups of kForwardColumns rows of w.
struct ColumnGroups {
  const int16_t* w[kForwardColumns];  // of the first group
  int64_t advance;                    // from a group to the next, in elements
  int64_t groups;
  int64_t depth;       // columns of w to add over, a multiple of 32
  const float* scale;  // of the first row of w
  float* y;            // the first row of the tile, the first column
  int64_t y_stride;
  bool first;  // of the ranges of k: y holds nothing yet
  bool last;   // otherwise y receives the integer sums
};

template <int kLane>
inline void StoreWholeLanes(Floats f, const RowTile& a, int64_t row,
                            int64_t row_step, float* y, int64_t y_stride) {
  if (row < a.rows) _mm_storeu_ps(y + row * y_stride, FloatLane<kLane>(f));
  if constexpr (kLane + 1 < kLanes) {
    StoreWholeLanes<kLane + 1>(f, a, row + row_step, row_step, y, y_stride);
  }
}

// The same with integer sums carried from one range of k to the next in y.
template <int kLane>
inline void StorePartLanes(Vector v, const RowTile& a, const ColumnGroups& w,
                           const float* lane_scale, int64_t row,
                           int64_t row_step, int64_t column) {
  if (row < a.rows) {
    float* y = w.y + row * w.y_stride + column;
    __m128i sum = Lane<kLane>(v);
    if (!w.first) {
      sum = _mm_add_epi32(sum,
                          _mm_loadu_si128(reinterpret_cast<const __m128i*>(y)));
    }
    if (w.last) {
      const __m128 scale = _mm_mul_ps(_mm_loadu_ps(lane_scale + 4 * kLane),
                                      _mm_loadu_ps(w.scale + column));
      _mm_storeu_ps(y, _mm_mul_ps(_mm_cvtepi32_ps(sum), scale));
    } else {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(y), sum);
    }
  }
  if constexpr (kLane + 1 < kLanes) {
    StorePartLanes<kLane + 1>(v, a, w, lane_scale, row + row_step, row_step,
                              column);
  }
}

// Lane l of v is row `row + l * row_step` of the tile, columns `column` to
// `column + 3`.
inline void StoreSums(Vector v, const RowTile& a, const ColumnGroups& w,
                      const float* lane_scale, int64_t row, int64_t row_step,
                      int64_t column) {
  if (w.first && w.last) {
    const Floats scale =
        Times(LoadFloats(lane_scale), BroadcastQuad(w.scale + column));
    StoreWholeLanes<0>(Times(ToFloats(v), scale), a, row, row_step,
                       w.y + column, w.y_stride);
  } else {
    StorePartLanes<0>(v, a, w, lane_scale, row, row_step, column);
  }
}

// Turns the sums of four columns around, adding what belongs together inside
// the lanes; writes 16 / kUnit vectors, at least one, to out.
template <int kUnit>
inline void TurnQuad(const Vector* sum, Vector* out) {
  const Vector low01 = UnpackLow32(sum[0], sum[1]);
  const Vector low23 = UnpackLow32(sum[2], sum[3]);
  const Vector high01 = UnpackHigh32(sum[0], sum[1]);
  const Vector high23 = UnpackHigh32(sum[2], sum[3]);
  if constexpr (kUnit == 4) {
    out[0] = UnpackLow64(low01, low23);
    out[1] = UnpackHigh64(low01, low23);
    out[2] = UnpackLow64(high01, high23);
    out[3] = UnpackHigh64(high01, high23);
  } else if constexpr (kUnit == 8) {
    out[0] = Add(UnpackLow64(low01, low23), UnpackHigh64(low01, low23));
    out[1] = Add(UnpackLow64(high01, high23), UnpackHigh64(high01, high23));
  } else {
    const Vector sum01 = Add(low01, high01);
    const Vector sum23 = Add(low23, high23);
    out[0] = Add(UnpackLow64(sum01, sum23), UnpackHigh64(sum01, sum23));
  }
}

// Number of vectors TurnQuad makes of one, and of consecutive rows in a lane.
template <int kUnit>
constexpr int RowsPerLane() {
  return kUnit < 16 ? 16 / kUnit : 1;
}

// The sums of one group of columns, not yet turned.
template <int kUnit, int kVectors>
inline void SumGroup(const int16_t* panel, const int16_t* const* row,
                     int64_t depth, int64_t ahead,
                     Vector (*sum)[kForwardColumns]) {
  NNCPP_UNROLL(8)
  for (int j = 0; j < kForwardColumns; ++j) {
    NNCPP_UNROLL(2)
    for (int g = 0; g < kVectors; ++g) sum[g][j] = Zero();
  }
  for (int64_t k = 0; k < depth; k += kLineColumns) {
    NNCPP_UNROLL(8)
    for (int j = 0; j < kForwardColumns; ++j) {
      _mm_prefetch(reinterpret_cast<const char*>(row[j] + k + ahead),
                   _MM_HINT_T0);
    }
    NNCPP_UNROLL(16)
    for (int s = 0; s < kLineBytes / kUnit; ++s) {
      Vector rows[kVectors];
      NNCPP_UNROLL(2)
      for (int g = 0; g < kVectors; ++g) {
        rows[g] = Load(panel);
        panel += kVectorBytes / 2;
      }
      NNCPP_UNROLL(8)
      for (int j = 0; j < kForwardColumns; ++j) {
        const Vector unit = BroadcastUnit<kUnit>(row[j] + k + s * (kUnit / 2));
        if constexpr (kVectors == 1) {
          sum[0][j] = DotAdd(sum[0][j], rows[0], unit);
        } else {
          DotAddTwo(sum[0][j], sum[1][j], rows[0], rows[1], unit);
        }
      }
    }
  }
}

template <int kUnit, int kVectors>
void MultiplyTile(const RowTile& a, const ColumnGroups& w) {
  constexpr int kPerLane = RowsPerLane<kUnit>();
  const int16_t* row[kForwardColumns];
  NNCPP_UNROLL(8)
  for (int j = 0; j < kForwardColumns; ++j) row[j] = w.w[j];
  for (int64_t n = 0; n < w.groups; ++n) {
    Vector sum[kVectors][kForwardColumns];
    SumGroup<kUnit, kVectors>(a.panel, row, w.depth,
                              n + 1 < w.groups ? w.advance : 0, sum);
    NNCPP_UNROLL(2)
    for (int q = 0; q < kForwardColumns; q += 4) {
      const int64_t column = n * kForwardColumns + q;
      Vector turned[kVectors][kPerLane];
      NNCPP_UNROLL(2)
      for (int g = 0; g < kVectors; ++g) {
        TurnQuad<kUnit>(sum[g] + q, turned[g]);
      }
      if constexpr (kUnit <= 16) {
        NNCPP_UNROLL(8)
        for (int v = 0; v < kVectors * kPerLane; ++v) {
          const int g = v / kPerLane, i = v % kPerLane;
          StoreSums(turned[g][i], a, w, a.lane_scale + v * (kVectorBytes / 4),
                    g * kPerLane * kLanes + i, kPerLane, column);
        }
      } else {
        // A row's sum is spread over 2 or 4 lanes. Copies of it in the lanes
        // beyond the tile's rows are not stored.
        Vector folded = FoldLanes(turned[0][0], turned[kVectors - 1][0]);
        if constexpr (kUnit == 64) folded = FoldLanes(folded, folded);
        StoreSums(folded, a, w, a.lane_scale, 0, 1, column);
      }
    }
    NNCPP_UNROLL(8)
    for (int j = 0; j < kForwardColumns; ++j) row[j] += w.advance;
  }
}

// Multiplies a tile of any size. The largest has two vectors of 4-byte units.
inline void MultiplyRows(const RowTile& a, const ColumnGroups& w) {
  switch (a.size) {
    case 1:
      return MultiplyTile<kVectorBytes, 1>(a, w);
    case 2:
      return MultiplyTile<kVectorBytes, 2>(a, w);
    case 4:
      return MultiplyTile<kVectorBytes / 2, 2>(a, w);
    case 8:
      return MultiplyTile<kVectorBytes / 4, 2>(a, w);
    case 16:
      return MultiplyTile<kVectorBytes / 8, 2>(a, w);
    default:
      if constexpr (kVectorBytes == 64) return MultiplyTile<4, 2>(a, w);
  }
}

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

// The size of the next tile for `rows` rows that are left: the power of two
// that covers them, or half of it where more than a quarter would be idle.
int64_t TileSize(int64_t rows) {
  int64_t size = kSweepRows;
  while (size / 2 >= rows) size /= 2;
  return size > 4 && rows * 4 <= size * 3 ? size / 2 : size;
}

// Everything a sweep over w needs to know of its at most kSweepRows rows.
struct Sweep {
  RowTile tile[5];  // at most one of each size
  int tiles = 0;
  int64_t size = 0;  // of the tiles together
};

// The last columns of a range, fewer than a group has: computed into a buffer.
void SweepTail(const Sweep& sweep, ColumnGroups w, int64_t columns) {
  float scale[kForwardColumns] = {};
  for (int64_t j = 0; j < columns; ++j) scale[j] = w.scale[j];
  for (int64_t j = columns; j < kForwardColumns; ++j) w.w[j] = w.w[0];
  float sums[kSweepRows * kForwardColumns] = {};
  float* const y = w.y;
  const int64_t y_stride = w.y_stride;
  w.groups = 1;
  w.scale = scale;
  w.y = sums;
  w.y_stride = kForwardColumns;
  for (int t = 0; t < sweep.tiles; ++t) {
    const RowTile& a = sweep.tile[t];
    float* out = y + a.first * y_stride;
    const uint64_t bytes = static_cast<uint64_t>(columns) * sizeof(float);
    for (int64_t m = 0; m < a.rows; ++m) {
      __builtin_memcpy(sums + m * kForwardColumns, out + m * y_stride, bytes);
    }
    MultiplyRows(a, w);
    for (int64_t m = 0; m < a.rows; ++m) {
      __builtin_memcpy(out + m * y_stride, sums + m * kForwardColumns, bytes);
    }
  }
}

// Columns [begin, end) of y, for the rows of a sweep, which are packed. Where
// there are several tiles they take turns, while w is in the level-1 cache.
void SweepColumns(const Sweep& sweep, const RowOperand& w, ColumnGroups part,
                  int64_t k, float* y, int64_t begin, int64_t end) {
  constexpr int64_t kTurnGroups = 16 / kForwardColumns;
  part.advance = kForwardColumns * w.stride;
  for (int64_t n = begin; n < end;) {
    const int64_t left = end - n;
    for (int64_t j = 0; j < kForwardColumns && j < left; ++j) {
      part.w[j] = w.q + (n + j) * w.stride + k;
    }
    part.scale = w.scale + n;
    part.groups = left / kForwardColumns;
    if (part.groups == 0) {
      part.y = y + n;
      SweepTail(sweep, part, left);
      return;
    }
    if (sweep.tiles > 1 && part.groups > kTurnGroups) part.groups = kTurnGroups;
    for (int t = 0; t < sweep.tiles; ++t) {
      part.y = y + sweep.tile[t].first * part.y_stride + n;
      MultiplyRows(sweep.tile[t], part);
    }
    n += part.groups * kForwardColumns;
  }
}

void Forward(const RowOperand& a, const RowOperand& w, float* y,
             int64_t y_stride, int64_t begin, int64_t end) {
  alignas(64) char panel[kPanelBytes];
  alignas(64) float scales[5 * kSweepRows * 4 * 2];
  const int64_t depth = w.stride;
  int64_t m = 0;
  while (m < a.rows) {
    Sweep sweep;
    float* scale = scales;
    while (m < a.rows && sweep.size < kSweepRows) {
      RowTile& tile = sweep.tile[sweep.tiles];
      tile.first = m;
      tile.size = TileSize(a.rows - m);
      if (sweep.size + tile.size > kSweepRows) break;
      tile.rows = a.rows - m < tile.size ? a.rows - m : tile.size;
      tile.lane_scale = scale;
      SpreadScales(a, tile, scale);
      scale += (tile.size < kLanes ? kLanes : tile.size) * 4;
      sweep.size += tile.size;
      ++sweep.tiles;
      m += tile.rows;
    }
    const int64_t most = kPanelBytes / 2 / sweep.size / kLineColumns;
    ColumnGroups columns = {};
    columns.y_stride = y_stride;
    for (int64_t k = 0; k < depth; k += columns.depth) {
      const int64_t left = depth - k;
      columns.depth = left < most * kLineColumns ? left : most * kLineColumns;
      columns.first = k == 0;
      columns.last = columns.depth == left;
      char* place = panel;
      for (int t = 0; t < sweep.tiles; ++t) {
        sweep.tile[t].panel = reinterpret_cast<const int16_t*>(place);
        PackRows(a, sweep.tile[t], k, columns.depth, place);
        place += sweep.tile[t].size * columns.depth * 2;
      }
      SweepColumns(sweep, w, columns, k, y, begin, end);
    }
  }
}

}  // namespace
}  // namespace nncpp::cpu
