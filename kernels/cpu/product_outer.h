// kernels/cpu/product_outer.h -- y = d w and g = d' x, in vectors.
//
// Included by product_simd.cc only; contract: kernels/cpu/product.h.
//
// Both add over rows: a tile of kOuterRows x kOuterVectors vectors takes a
// broadcast pair of d for every row of the tile and a vector of interleaved
// pairs of w or x for every 8 or 16 columns. x comes interleaved; w is
// interleaved on the way into the registers where one tile holds all rows of
// d, otherwise once per block of w, in a panel that all tiles read.
#pragma once

#include <cstdint>

#include "kernels/cpu/product.h"

namespace nncpp::cpu {
namespace {

constexpr int kVectorColumns = kVectorBytes / 4;
constexpr int kOuterColumns = kOuterVectors * kVectorColumns;

// Rows of w added before the next columns: 16 KiB of a panel, so that it stays
// in the level-1 cache; without a panel, lines that stay in the level-2 cache.
constexpr int64_t kPanelRows = (16 << 10) / (2 * kOuterColumns);
constexpr int64_t kBlockRows = 128;

// Pairs of the largest R in use (256); more are added block by block.
constexpr int64_t kBlockPairs = 128;

// One tile: sums over pairs p of d(i, p) with b(p, column).
struct OuterTile {
  const int16_t* d;  // pair p of row i is at d + i * d_row + p * d_pair
  int64_t d_row;
  int64_t d_pair;
  const int16_t* b;  // the vectors of pair p are at b + p * b_pair; where w is
  int64_t b_pair;    // interleaved here, its rows are b_pair / 2 apart
  int64_t pairs;
  bool odd;                   // a last row without a partner follows
  const float* row_scale;     // of the tile's first row
  const float* column_scale;  // of its first column, or null
  float* y;
  int64_t y_stride;
  bool first;  // of the blocks: y holds nothing yet
  bool last;   // otherwise y receives the integer sums
};

// Two rows of w as kVectors vectors of pairs, out of order inside each two.
template <int kVectors>
inline void Interleave(const int16_t* upper, const int16_t* lower,
                       Vector* out) {
  NNCPP_UNROLL(4)
  for (int j = 0; j < kVectors; j += 2) {
    const Vector a = Load(upper + j * kVectorColumns);
    const Vector b = lower ? Load(lower + j * kVectorColumns) : Zero();
    out[j] = UnpackLow16(a, b);
    out[j + 1] = UnpackHigh16(a, b);
  }
}

template <int kRows, int kVectors>
inline void AddPair(const int16_t* d, int64_t d_row, const Vector* b,
                    Vector (*sum)[kVectors]) {
  NNCPP_UNROLL(8)
  for (int i = 0; i < kRows; ++i) {
    const Vector pair = BroadcastUnit<4>(d + i * d_row);
    NNCPP_UNROLL(2)
    for (int j = 0; j < kVectors; j += 2) {
      DotAddTwo(sum[i][j], sum[i][j + 1], b[j], b[j + 1], pair);
    }
  }
}

template <int kRows, int kVectors, bool kInterleave>
void MultiplyOuter(const OuterTile& t) {
  Vector sum[kRows][kVectors];
  NNCPP_UNROLL(8)
  for (int i = 0; i < kRows; ++i) {
    NNCPP_UNROLL(4)
    for (int j = 0; j < kVectors; ++j) sum[i][j] = Zero();
  }
  const int16_t* d = t.d;
  const int16_t* b = t.b;
  const int64_t d_row = t.d_row, d_pair = t.d_pair, b_pair = t.b_pair;
  Vector v[kVectors];
  NNCPP_UNROLL(2)
  for (int64_t p = 0; p < t.pairs; ++p) {
    if constexpr (kInterleave) {
      Interleave<kVectors>(b, b + b_pair / 2, v);
    } else {
      NNCPP_UNROLL(4)
      for (int j = 0; j < kVectors; ++j) v[j] = Load(b + 2 * j * kVectorColumns);
    }
    AddPair<kRows, kVectors>(d, d_row, v, sum);
    d += d_pair;
    b += b_pair;
  }
  if constexpr (kInterleave) {
    if (t.odd) {
      Interleave<kVectors>(b, nullptr, v);
      AddPair<kRows, kVectors>(d, d_row, v, sum);
    }
    NNCPP_UNROLL(8)
    for (int i = 0; i < kRows; ++i) {
      NNCPP_UNROLL(2)
      for (int j = 0; j < kVectors; j += 2) {
        const Vector low = sum[i][j], high = sum[i][j + 1];
        sum[i][j] = FirstColumns(low, high);
        sum[i][j + 1] = SecondColumns(low, high);
      }
    }
  }
  NNCPP_UNROLL(8)
  for (int i = 0; i < kRows; ++i) {
    float* y = t.y + i * t.y_stride;
    NNCPP_UNROLL(4)
    for (int j = 0; j < kVectors; ++j) {
      float* out = y + j * kVectorColumns;
      Vector total = sum[i][j];
      if (!t.first) total = Add(total, Load(out));
      if (!t.last) {
        Store(out, total);
        continue;
      }
      Floats scale = SetFloats(t.row_scale[i]);
      if (t.column_scale) {
        scale = Times(scale, LoadFloats(t.column_scale + j * kVectorColumns));
      }
      StoreFloats(out, Times(ToFloats(total), scale));
    }
  }
}

template <int kVectors, bool kInterleave>
inline void MultiplyOuterRows(const OuterTile& t, int64_t rows) {
  switch (rows) {
    case 1:
      return MultiplyOuter<1, kVectors, kInterleave>(t);
    case 2:
      return MultiplyOuter<2, kVectors, kInterleave>(t);
    case 3:
      return MultiplyOuter<3, kVectors, kInterleave>(t);
    case 4:
      return MultiplyOuter<4, kVectors, kInterleave>(t);
    case 5:
      return MultiplyOuter<5, kVectors, kInterleave>(t);
    default:
      static_assert(kOuterRows == 6);
      return MultiplyOuter<6, kVectors, kInterleave>(t);
  }
}

// A tile whose last columns may not exist in y, nor in the padded operands:
// `columns` of y are wanted, `padded` may be read.
template <bool kInterleave>
void MultiplyEdge(OuterTile t, int64_t rows, int64_t columns, int64_t padded) {
  float sums[kOuterRows * kOuterColumns] = {};
  float scale[kOuterColumns] = {};
  const uint64_t bytes = static_cast<uint64_t>(columns) * sizeof(float);
  float* y = t.y;
  const int64_t y_stride = t.y_stride;
  for (int64_t i = 0; i < rows; ++i) {
    __builtin_memcpy(sums + i * kOuterColumns, y + i * y_stride, bytes);
  }
  if (t.column_scale) {
    __builtin_memcpy(scale, t.column_scale, bytes);
    t.column_scale = scale;
  }
  t.y = sums;
  t.y_stride = kOuterColumns;
  if (padded < kOuterColumns) {
    MultiplyOuterRows<2, kInterleave>(t, rows);
  } else {
    MultiplyOuterRows<kOuterVectors, kInterleave>(t, rows);
  }
  for (int64_t i = 0; i < rows; ++i) {
    __builtin_memcpy(y + i * y_stride, sums + i * kOuterColumns, bytes);
  }
}

// Columns [begin, end) of y, for the rows of one tile; t describes column 0.
template <bool kInterleave>
void SweepOuter(OuterTile t, int64_t rows, int64_t begin, int64_t end,
                int64_t padded) {
  constexpr int kStep = kInterleave ? 1 : 2;
  t.b += begin * kStep;
  t.y += begin;
  if (t.column_scale) t.column_scale += begin;
  for (int64_t c = begin; c < end; c += kOuterColumns) {
    if (end - c < kOuterColumns) {
      MultiplyEdge<kInterleave>(t, rows, end - c, padded - c);
      return;
    }
    MultiplyOuterRows<kOuterVectors, kInterleave>(t, rows);
    t.b += kOuterColumns * kStep;
    t.y += kOuterColumns;
    if (t.column_scale) t.column_scale += kOuterColumns;
  }
}

// Rows of the next tile where `left` remain: tiles of nearly equal height.
inline int64_t OuterRows(int64_t left) {
  const int64_t tiles = (left + kOuterRows - 1) / kOuterRows;
  return (left + tiles - 1) / tiles;
}

// Rows [begin, begin + rows) of w, columns [column, column + columns), as
// pairs in order; a missing partner is zero.
void PackPairs(const RowOperand& w, int64_t begin, int64_t rows, int64_t column,
               int64_t columns, int16_t* panel) {
  for (int64_t n = 0; n < rows; n += 2) {
    const int16_t* upper = w.q + (begin + n) * w.stride + column;
    for (int64_t c = 0; c < columns; c += 8) {
      const __m128i a =
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(upper + c));
      const __m128i b =
          n + 1 < rows ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(
                             upper + w.stride + c))
                       : _mm_setzero_si128();
      _mm_storeu_si128(reinterpret_cast<__m128i*>(panel + 2 * c),
                       _mm_unpacklo_epi16(a, b));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(panel + 2 * c + 8),
                       _mm_unpackhi_epi16(a, b));
    }
    panel += 2 * kOuterColumns;
  }
}

void Backward(const RowOperand& d, const RowOperand& w, float* y,
              int64_t y_stride, int64_t begin, int64_t end) {
  alignas(64) int16_t panel[kPanelRows * kOuterColumns];
  OuterTile t = {};
  t.d_row = d.stride;
  t.d_pair = 2;
  t.y_stride = y_stride;
  const bool one_tile = d.rows <= kOuterRows;
  const int64_t block = one_tile ? kBlockRows : kPanelRows;
  for (int64_t n = 0; n < w.rows; n += block) {
    const int64_t rows = w.rows - n < block ? w.rows - n : block;
    t.first = n == 0;
    t.last = n + rows == w.rows;
    if (one_tile) {
      t.d = d.q + n;
      t.row_scale = d.scale;
      t.b = w.q + n * w.stride;
      t.b_pair = 2 * w.stride;
      t.pairs = rows / 2;
      t.odd = rows % 2 != 0;
      t.y = y;
      SweepOuter<true>(t, d.rows, begin, end, w.stride);
      continue;
    }
    t.b_pair = 2 * kOuterColumns;
    t.pairs = (rows + 1) / 2;
    for (int64_t c = begin; c < end; c += kOuterColumns) {
      const int64_t padded =
          w.stride - c < kOuterColumns ? w.stride - c : kOuterColumns;
      const int64_t wanted = end - c < kOuterColumns ? end - c : kOuterColumns;
      PackPairs(w, n, rows, c, padded, panel);
      for (int64_t m = 0; m < d.rows;) {
        const int64_t tile = OuterRows(d.rows - m);
        t.d = d.q + m * d.stride + n;
        t.row_scale = d.scale + m;
        t.b = panel;
        t.y = y + m * y_stride + c;
        SweepOuter<false>(t, tile, 0, wanted, padded);
        m += tile;
      }
    }
  }
}

void Gradient(const ColumnOperand& d, const ColumnOperand& x, float* g,
              int64_t g_stride, int64_t begin, int64_t end) {
  // The pairs of a tile's columns of d, together: in d they are a row apart,
  // and rows of 4 KiB would push each other out of the level-1 cache.
  alignas(64) int32_t pairs[kBlockPairs * kOuterRows];
  OuterTile t = {};
  t.d_row = 2;
  t.b_pair = 2 * x.stride;
  t.y_stride = g_stride;
  const int64_t all = (d.rows + 1) / 2;
  for (int64_t n = begin; n < end;) {
    const int64_t rows = OuterRows(end - n);
    t.d = reinterpret_cast<const int16_t*>(pairs);
    t.d_pair = 2 * rows;
    t.row_scale = d.scale + n;
    t.column_scale = x.scale;
    t.y = g + n * g_stride;
    for (int64_t p = 0; p < all; p += kBlockPairs) {
      t.pairs = all - p < kBlockPairs ? all - p : kBlockPairs;
      for (int64_t i = 0; i < t.pairs; ++i) {
        __builtin_memcpy(pairs + i * rows, d.q + ((p + i) * d.stride + n) * 2,
                         static_cast<uint64_t>(rows) * sizeof(int32_t));
      }
      t.b = x.q + p * t.b_pair;
      t.first = p == 0;
      t.last = p + t.pairs == all;
      SweepOuter<false>(t, rows, 0, x.cols, x.stride);
    }
    n += rows;
  }
}

}  // namespace
}  // namespace nncpp::cpu
