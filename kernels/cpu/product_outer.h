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

// Columns of w worked on together, so that a cache line of w is used up while
// it is near: 32 with 256 bits, 64 with 512.
constexpr int64_t kChunkColumns = kOuterColumns < 32 ? 32 : kOuterColumns;
constexpr int64_t kChunkTiles = kChunkColumns / kOuterColumns;

// Rows of w added before the next columns: 16 KiB of w at a time, which stay
// in the level-1 cache.
constexpr int64_t kBlockRows = (16 << 10) / (2 * kChunkColumns);

// Up to so many rows of d, w is interleaved again for each tile of them.
constexpr int64_t kDirectRows = 2 * kOuterRows;

// The same without a panel: so many bytes of w that their pages fit in the
// first-level table of addresses, which has 64 entries or more.
constexpr int64_t kDirectBytes = 128 << 10;

// Pairs of the largest R in use (256); more are added block by block.
constexpr int64_t kBlockPairs = 128;

// How the vectors of b lie: pairs in order; pairs as Interleave leaves them; or
// rows of w, not yet interleaved.
enum class Pairs { kInOrder, kUnpacked, kRows };

// One tile: sums over pairs p of d(i, p) with b(p, column).
struct OuterTile {
  const int16_t* d;  // pair p of row i is at d + i * d_row + p * d_pair
  int64_t d_row;
  int64_t d_pair;
  const int16_t* b;  // the vectors of pair p are at b + p * b_pair; rows of w
  int64_t b_pair;    // are b_pair / 2 apart
  int64_t b_step;    // from a tile to the next in elements of b
  int64_t tiles;     // how many tiles lie side by side
  int64_t pairs;
  bool odd;                   // a last row without a partner follows
  const float* row_scale;     // of the tile's first row
  const float* column_scale;  // of its first column; pairs in order only
  float* y;
  int64_t y_stride;
  bool first;  // of the blocks: y holds nothing yet
  bool last;   // otherwise y receives the integer sums
};

inline void PrefetchColumns(const int16_t* p) {
  _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T0);
}

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

// The integer sums of the tile at b.
template <int kRows, int kVectors, Pairs kPairs>
inline void SumPairs(const OuterTile& t, const int16_t* b,
                     Vector (*sum)[kVectors]) {
  NNCPP_UNROLL(8)
  for (int i = 0; i < kRows; ++i) {
    NNCPP_UNROLL(4)
    for (int j = 0; j < kVectors; ++j) sum[i][j] = Zero();
  }
  const int16_t* d = t.d;
  const int64_t d_row = t.d_row, d_pair = t.d_pair, b_pair = t.b_pair;
  Vector v[kVectors];
  for (int64_t p = 0; p < t.pairs; ++p) {
    if constexpr (kPairs == Pairs::kRows) {
      NNCPP_UNROLL(2)
      for (int c = 0; c < kVectors * kVectorColumns; c += 32) {
        PrefetchColumns(b + c + kChunkColumns);
        PrefetchColumns(b + c + kChunkColumns + b_pair / 2);
      }
      Interleave<kVectors>(b, b + b_pair / 2, v);
    } else {
      NNCPP_UNROLL(4)
      for (int j = 0; j < kVectors; ++j)
        v[j] = Load(b + 2 * j * kVectorColumns);
    }
    AddPair<kRows, kVectors>(d, d_row, v, sum);
    d += d_pair;
    b += b_pair;
  }
  if constexpr (kPairs == Pairs::kRows) {
    if (t.odd) {
      Interleave<kVectors>(b, nullptr, v);
      AddPair<kRows, kVectors>(d, d_row, v, sum);
    }
  }
}

// Writes a tile: floats, or if more blocks follow the integer sums, in the
// order that Interleave made. kWhole: there is one block only.
template <int kRows, int kVectors, Pairs kPairs, bool kWhole>
inline void StoreOuter(const OuterTile& t, const float* column_scale, float* y,
                       Vector (*sum)[kVectors]) {
  NNCPP_UNROLL(8)
  for (int i = 0; i < kRows; ++i) {
    float* out = y + i * t.y_stride;
    if (!kWhole && !t.first) {
      NNCPP_UNROLL(4)
      for (int j = 0; j < kVectors; ++j) {
        sum[i][j] = Add(sum[i][j], Load(out + j * kVectorColumns));
      }
    }
    if (!kWhole && !t.last) {
      NNCPP_UNROLL(4)
      for (int j = 0; j < kVectors; ++j) {
        Store(out + j * kVectorColumns, sum[i][j]);
      }
      continue;
    }
    if constexpr (kPairs != Pairs::kInOrder) {
      NNCPP_UNROLL(2)
      for (int j = 0; j < kVectors; j += 2) {
        const Vector low = sum[i][j], high = sum[i][j + 1];
        sum[i][j] = FirstColumns(low, high);
        sum[i][j + 1] = SecondColumns(low, high);
      }
    }
    NNCPP_UNROLL(4)
    for (int j = 0; j < kVectors; ++j) {
      Floats scale = SetFloats(t.row_scale[i]);
      if constexpr (kPairs == Pairs::kInOrder) {
        scale = Times(scale, LoadFloats(column_scale + j * kVectorColumns));
      }
      StoreFloats(out + j * kVectorColumns, Times(ToFloats(sum[i][j]), scale));
    }
  }
}

// The tiles of a row of tiles, t being the first.
template <int kRows, int kVectors, Pairs kPairs>
void MultiplyOuter(const OuterTile& t) {
  const int16_t* b = t.b;
  float* y = t.y;
  for (int64_t c = 0; c < t.tiles * kOuterColumns; c += kOuterColumns) {
    Vector sum[kRows][kVectors];
    SumPairs<kRows, kVectors, kPairs>(t, b, sum);
    const float* scale =
        kPairs == Pairs::kInOrder ? t.column_scale + c : nullptr;
    if (t.first && t.last) {
      StoreOuter<kRows, kVectors, kPairs, true>(t, scale, y, sum);
    } else {
      StoreOuter<kRows, kVectors, kPairs, false>(t, scale, y, sum);
    }
    y += kOuterColumns;
    b += t.b_step;
  }
}

template <int kVectors, Pairs kPairs>
inline void MultiplyOuterRows(const OuterTile& t, int64_t rows) {
  switch (rows) {
    case 1:
      return MultiplyOuter<1, kVectors, kPairs>(t);
    case 2:
      return MultiplyOuter<2, kVectors, kPairs>(t);
    case 3:
      return MultiplyOuter<3, kVectors, kPairs>(t);
    case 4:
      return MultiplyOuter<4, kVectors, kPairs>(t);
    case 5:
      return MultiplyOuter<5, kVectors, kPairs>(t);
    default:
      static_assert(kOuterRows == 6);
      return MultiplyOuter<6, kVectors, kPairs>(t);
  }
}

// A tile whose last columns may not exist in y, nor in the padded operands:
// `columns` of y are wanted, `padded` may be read.
template <Pairs kPairs>
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
    MultiplyOuterRows<2, kPairs>(t, rows);
  } else {
    MultiplyOuterRows<kOuterVectors, kPairs>(t, rows);
  }
  for (int64_t i = 0; i < rows; ++i) {
    __builtin_memcpy(y + i * y_stride, sums + i * kOuterColumns, bytes);
  }
}

// `columns` columns of y for the rows of one tile; t describes the first, and
// `padded` columns of b may be read.
template <Pairs kPairs>
void SweepOuter(OuterTile t, int64_t rows, int64_t columns, int64_t padded) {
  t.tiles = columns / kOuterColumns;
  if (t.tiles > 0) MultiplyOuterRows<kOuterVectors, kPairs>(t, rows);
  const int64_t done = t.tiles * kOuterColumns;
  if (done == columns) return;
  t.b += t.tiles * t.b_step;
  t.y += done;
  if (t.column_scale) t.column_scale += done;
  t.tiles = 1;
  MultiplyEdge<kPairs>(t, rows, columns - done, padded - done);
}

// Rows of the next tile where `left` remain: tiles of nearly equal height.
inline int64_t OuterRows(int64_t left) {
  const int64_t tiles = (left + kOuterRows - 1) / kOuterRows;
  return (left + tiles - 1) / tiles;
}

// The rows of w that t describes, `columns` of them, as Interleave leaves them:
// tile by tile, pair by pair. `ahead`: where the next rows of w are, from here.
void PackPairs(const OuterTile& t, int64_t columns, int64_t ahead,
               int16_t* panel) {
  const int64_t pairs = t.pairs + (t.odd ? 1 : 0);
  const int64_t w_stride = t.b_pair / 2;
  for (int64_t p = 0; p < pairs; ++p) {
    const int16_t* upper = t.b + p * t.b_pair;
    const int16_t* lower = p < t.pairs ? upper + w_stride : nullptr;
    PrefetchColumns(upper + ahead);
    PrefetchColumns(upper + ahead + w_stride);
    int16_t* out = panel + p * 2 * kOuterColumns;
    for (int64_t c = 0; c < columns; c += kOuterColumns) {
      for (int64_t i = 0; i < kOuterColumns && c + i < columns;
           i += 2 * kVectorColumns) {
        Vector v[2];
        Interleave<2>(upper + c + i, lower ? lower + c + i : nullptr, v);
        Store(out + 2 * i, v[0]);
        Store(out + 2 * i + 2 * kVectorColumns, v[1]);
      }
      out += pairs * 2 * kOuterColumns;
    }
  }
}

// Adds a block of rows of w, which t describes. A panel of them is packed for
// every kChunkColumns and read by all rows of d.
void BackwardPacked(const RowOperand& d, OuterTile t, int64_t n,
                    int64_t columns) {
  alignas(64) int16_t panel[kBlockRows * kChunkColumns];
  OuterTile tile = t;
  tile.pairs = t.pairs + (t.odd ? 1 : 0);
  tile.b = panel;
  tile.b_pair = 2 * kOuterColumns;
  tile.b_step = tile.pairs * tile.b_pair;
  for (int64_t c = 0; c < columns; c += kChunkColumns) {
    const bool more = columns - c > kChunkColumns;
    const int64_t chunk = more ? kChunkColumns : columns - c;
    PackPairs(t, chunk, more ? kChunkColumns : 0, panel);
    tile.tiles = chunk / kOuterColumns;
    for (int64_t m = 0; m < d.rows;) {
      const int64_t rows = OuterRows(d.rows - m);
      tile.d = d.q + m * d.stride + n;
      tile.row_scale = d.scale + m;
      tile.y = t.y + m * t.y_stride + c;
      MultiplyOuterRows<kOuterVectors, Pairs::kUnpacked>(tile, rows);
      m += rows;
    }
    t.b += kChunkColumns;
  }
}

// The same, w being interleaved again for each tile of the few rows of d. All
// of w may be the block; then the last columns need not fill a tile.
void BackwardDirect(const RowOperand& d, OuterTile t, int64_t n,
                    int64_t columns, int64_t padded) {
  float* const y = t.y;
  for (int64_t m = 0; m < d.rows;) {
    const int64_t rows = OuterRows(d.rows - m);
    t.d = d.q + m * d.stride + n;
    t.row_scale = d.scale + m;
    t.y = y + m * t.y_stride;
    SweepOuter<Pairs::kRows>(t, rows, columns, padded);
    m += rows;
  }
}

void Backward(const RowOperand& d, const RowOperand& w, float* y,
              int64_t y_stride, int64_t begin, int64_t end) {
  const bool direct = d.rows <= kDirectRows;
  OuterTile t = {};
  t.d_row = d.stride;
  t.d_pair = 2;
  t.b_pair = 2 * w.stride;
  t.b_step = kOuterColumns;
  t.y_stride = y_stride;
  const int64_t columns = (end - begin) / kOuterColumns * kOuterColumns;
  const int64_t fit = kDirectBytes / (2 * w.stride) / 2 * 2;
  const int64_t block = !direct || fit > kBlockRows ? kBlockRows
                        : fit < 32                  ? 32
                                                    : fit;
  for (int64_t n = 0; columns > 0 && n < w.rows; n += block) {
    const int64_t rows = w.rows - n < block ? w.rows - n : block;
    t.pairs = rows / 2;
    t.odd = rows % 2 != 0;
    t.first = n == 0;
    t.last = n + rows == w.rows;
    t.b = w.q + n * w.stride + begin;
    t.y = y + begin;
    if (direct) {
      BackwardDirect(d, t, n, columns, columns);
    } else {
      BackwardPacked(d, t, n, columns);
    }
  }
  begin += columns;
  if (begin == end) return;
  t.pairs = w.rows / 2;
  t.odd = w.rows % 2 != 0;
  t.first = t.last = true;
  t.b = w.q + begin;
  t.y = y + begin;
  BackwardDirect(d, t, 0, end - begin, w.stride - begin);
}

void Gradient(const ColumnOperand& d, const ColumnOperand& x, float* g,
              int64_t g_stride, int64_t begin, int64_t end) {
  // The pairs of a tile's columns of d, together: in d they are a row apart,
  // and rows of 4 KiB would push each other out of the level-1 cache.
  alignas(64) int32_t pairs[kBlockPairs * kOuterRows];
  OuterTile t = {};
  t.d_row = 2;
  t.b_pair = 2 * x.stride;
  t.b_step = 2 * kOuterColumns;
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
      SweepOuter<Pairs::kInOrder>(t, rows, x.cols, x.stride);
    }
    n += rows;
  }
}

}  // namespace
}  // namespace nncpp::cpu
