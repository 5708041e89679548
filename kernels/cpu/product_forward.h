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
#include "kernels/cpu/product_panel.h"

namespace nncpp::cpu {
namespace {

// Bytes of a row of w handled per turn of the loop: a cache line.
constexpr int kLineBytes = 64;
constexpr int kLineColumns = kLineBytes / 2;

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
