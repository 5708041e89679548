// kernels/cuda/attention_tile.h -- rows of attention on tensor cores.
//
// A block has one task, a stream and head, and some consecutive steps: row m of
// its tile is step t0 + m, whose window are the positions p = m .. m + window -
// 1 of the span that all rows look at together. What a row has for a position
// outside of its window is 0 or not looked at.
#pragma once

#include "kernels/cuda/attention.h"
#include "kernels/cuda/fragments.h"
#include "kernels/cuda/quantize_warp.h"

namespace nncpp::cuda {

inline constexpr int kTileWarps = 8;
inline constexpr int kTileThreads = kTileWarps * kLanes;
inline constexpr int kSpanStep = 16;  // positions that a warp takes at once

// Rows and columns of one head.
struct HeadSizes {
  explicit HeadSizes(const Attention& a)
      : streams(a.streams),
        heads(a.heads),
        steps(a.query.rows / a.streams),
        size(a.query.cols / a.heads),
        window(a.weights.cols / a.heads) {}

  int64_t streams, heads, steps, size, window;
};

// The head's part of a row.
template <typename T>
__device__ __forceinline__ T* Head(const MatrixRef<T>& x, int64_t row,
                                   int64_t head, int64_t width) {
  return x.data + row * x.stride + head * width;
}

// What a block's shared memory holds, and how far apart rows are: pitches are
// such that the lanes which load together meet no bank twice.
struct TileLayout {
  TileLayout(const HeadSizes& n, int64_t tile_rows)
      : rows(tile_rows),
        stride(PaddedDepth(n.size)),
        vector_pitch(stride | kDepth),
        weight_pitch((n.window + rows - 2 + kSpanStep) / kSpanStep * kSpanStep +
                     8),
        sum_pitch(n.size) {}

  int64_t rows;
  int64_t stride;        // of keys and values
  int64_t vector_pitch;  // halves
  int64_t weight_pitch;  // halves
  int64_t sum_pitch;

  int64_t Bytes() const {
    return rows *
           (vector_pitch * int64_t{sizeof(HalfBits)} +
            weight_pitch * int64_t{sizeof(HalfBits)} +
            sum_pitch * int64_t{sizeof(int32_t)} + 3 * int64_t{sizeof(float)});
  }
};

// The rows that the tile's vectors meet: `count` of them from `first` on. With
// `windows`, row p is looked at by the rows m whose window it is in; otherwise
// by all.
struct Met {
  HeadRows rows;
  int64_t first, count;
  bool windows;
};

// A block's tile: its place, and its shared memory.
struct Tile {
  __device__ Tile(const HeadSizes& sizes, const TileLayout& l,
                  const KeyValueRows& m, int64_t first_step)
      : n(sizes), layout(l), memory(m) {
    task = blockIdx.x;
    b = task / n.heads;
    h = task % n.heads;
    t0 = int64_t{blockIdx.y} * l.rows;
    rows = n.steps - t0 < l.rows ? n.steps - t0 : l.rows;
    span = n.window + rows - 1;
    first = task * m.positions + first_step + t0;
    vectors = &Shared<HalfBits>();
    weights = vectors + l.rows * l.vector_pitch;
    sums = reinterpret_cast<int32_t*>(weights + l.rows * l.weight_pitch);
    vector_scale = reinterpret_cast<float*>(sums + l.rows * l.sum_pitch);
    weight_scale = vector_scale + l.rows;
    dots = weight_scale + l.rows;
  }

  // What the tile's rows look at.
  __device__ Met Windows(const HeadRows& positions) const {
    return {positions, first, span, true};
  }
  // Of the operands' matrices.
  __device__ int64_t Row(int64_t m) const { return (t0 + m) * n.streams + b; }
  __device__ static int64_t Warp() { return threadIdx.x / kLanes; }
  __device__ static int64_t Lane() { return threadIdx.x % kLanes; }

  const HeadSizes& n;
  const TileLayout& layout;
  const KeyValueRows& memory;
  int64_t task, b, h, t0, rows, span;
  int64_t first;      // row of the keys and values for p = 0
  HalfBits* vectors;  // rows x vector_pitch: quantised, of a head
  HalfBits* weights;  // rows x weight_pitch: quantised, by p
  int32_t* sums;      // rows x sum_pitch
  float *vector_scale, *weight_scale, *dots;  // of each row
};

// Row m of tile.vectors = value(i) quantised, by one warp.
template <typename Elements, typename Value>
__device__ __forceinline__ void PutVector(const Tile& tile, int64_t m,
                                          const Elements& elements,
                                          Value value) {
  HalfBits* q = tile.vectors + m * tile.layout.vector_pitch;
  const float scale = QuantizeInWarp(
      NormWithin(), elements, 0, value,
      [q](int64_t i, int32_t rounded) { q[i] = HalfFromInteger(rounded); });
  for (int64_t i = tile.n.size + Tile::Lane(); i < tile.layout.stride;
       i += kLanes) {
    q[i] = 0;
  }
  if (Tile::Lane() == 0) tile.vector_scale[m] = scale;
}

// The same for row m of tile.weights, of which value(w) is that of position
// m + w.
template <typename Elements, typename Value>
__device__ __forceinline__ void PutWeights(const Tile& tile, int64_t m,
                                           const Elements& elements,
                                           Value value) {
  HalfBits* q = tile.weights + m * tile.layout.weight_pitch;
  const float scale = QuantizeInWarp(
      SumWithin(), elements, 0, value,
      [=](int64_t w, int32_t rounded) { q[m + w] = HalfFromInteger(rounded); });
  for (int64_t p = Tile::Lane(); p < m; p += kLanes) q[p] = 0;
  for (int64_t p = m + tile.n.window + Tile::Lane();
       p < tile.layout.weight_pitch; p += kLanes) {
    q[p] = 0;
  }
  if (Tile::Lane() == 0) tile.weight_scale[m] = scale;
}

// Calls use(m, w, product) for every row of the tile and place of its window
// with the integer product of tile.vectors and the row met there. The tile has
// up to kTiles times 16 rows.
template <int kTiles, typename Use>
__device__ __forceinline__ void EachProduct(const Tile& tile, const Met& met,
                                            Use use) {
  constexpr int kCols = kSpanStep / kFragmentCols;
  const int g = static_cast<int>(Tile::Lane()) / 4;
  const int t = static_cast<int>(Tile::Lane()) % 4;
  const Words4 zeros = {};
  for (int64_t p0 = Tile::Warp() * kSpanStep; p0 < met.count;
       p0 += kTileWarps * kSpanStep) {
    float sum[kTiles][kCols][4] = {};
    NNCPP_UNROLL_BY(2)
    for (int64_t piece = t; piece < tile.layout.stride / 8; piece += kPieces) {
      Words4 right[kCols];
      NNCPP_UNROLL
      for (int j = 0; j < kCols; ++j) {
        const int64_t p = p0 + j * kFragmentCols + g;
        right[j] = p < met.count
                       ? PiecesOf(met.rows.q +
                                  (met.first + p) * tile.layout.stride)[piece]
                       : zeros;
      }
      const auto left = [&](int64_t m) {
        return m < tile.rows ? PiecesOf(tile.vectors +
                                        m * tile.layout.vector_pitch)[piece]
                             : zeros;
      };
      NNCPP_UNROLL
      for (int i = 0; i < kTiles; ++i) {
        const Words4 low = left(i * kFragmentRows + g);
        const Words4 high = left(i * kFragmentRows + g + 8);
        NNCPP_UNROLL
        for (int j = 0; j < kCols; ++j) {
          MultiplyPieces(sum[i][j], low, high, right[j]);
        }
      }
    }
    NNCPP_UNROLL
    for (int i = 0; i < kTiles; ++i) {
      NNCPP_UNROLL
      for (int j = 0; j < kCols; ++j) {
        NNCPP_UNROLL
        for (int e = 0; e < 4; ++e) {
          const int64_t m = i * kFragmentRows + g + e / 2 * 8;
          const int64_t p = p0 + j * kFragmentCols + 2 * t + e % 2;
          const int64_t w = met.windows ? p - m : p;
          if (m >= tile.rows || w < 0 || w >= tile.n.window) continue;
          // A tensor core's zero may be -0; an integer's is not.
          const float product =
              (sum[i][j][e] + 0.0f) *
              (tile.vector_scale[m] * met.rows.scale[met.first + p]);
          use(m, w, product);
        }
      }
    }
  }
}

// Halves number kHalf of two words, side by side.
template <int kHalf>
__device__ __forceinline__ uint32_t Pair(uint32_t first, uint32_t second) {
  return kHalf == 0 ? (first & 0xffffu) | second << 16
                    : first >> 16 | (second & 0xffff0000u);
}

inline constexpr int kPieceColumns = 8;

// tile.sums += a warp's: sum[i][c] is that of column c of each lane's piece,
// the first of which begins at `column`.
template <int kTiles>
__device__ __forceinline__ void AddSums(
    const Tile& tile, int64_t column,
    const float (&sum)[kTiles][kPieceColumns][4]) {
  const int g = static_cast<int>(Tile::Lane()) / 4;
  const int t = static_cast<int>(Tile::Lane()) % 4;
  NNCPP_UNROLL
  for (int i = 0; i < kTiles; ++i) {
    NNCPP_UNROLL
    for (int e = 0; e < 4; ++e) {
      const int64_t m = i * kFragmentRows + g + e / 2 * 8;
      NNCPP_UNROLL
      for (int c = 0; c < kPieceColumns; ++c) {
        const int64_t d = column + (2 * t + e % 2) * kPieceColumns + c;
        if (m >= tile.rows || d >= tile.n.size) continue;
        atomicAdd(&tile.sums[m * tile.layout.sum_pitch + d],
                  static_cast<int32_t>(sum[i][c][e]));
      }
    }
  }
}

// tile.sums += tile.weights times the rows of keys or values. These lie with a
// head's columns side by side, and a fragment wants pairs of positions: lane
// (g, t) loads eight columns, from 8 g on, of four positions, and column i of
// every lane's eight makes one fragment. Warps share out the positions, and
// their integers meet in shared memory. REQUIRES: sums are 0, after a barrier.
template <int kTiles>
__device__ __forceinline__ void WeighRows(const Tile& tile,
                                          const HeadRows& positions) {
  const int g = static_cast<int>(Tile::Lane()) / 4;
  const int t = static_cast<int>(Tile::Lane()) % 4;
  const Words4 zeros = {};
  for (int64_t column = 0; column < tile.n.size; column += 8 * kPieceColumns) {
    const int64_t mine = column + g * kPieceColumns;
    float sum[kTiles][kPieceColumns][4] = {};
    for (int64_t p0 = Tile::Warp() * kSpanStep; p0 < tile.span;
         p0 += kTileWarps * kSpanStep) {
      const auto right = [&](int64_t p) {
        return p < tile.span && mine < tile.layout.stride
                   ? *PiecesOf(positions.q +
                               (tile.first + p) * tile.layout.stride + mine)
                   : zeros;
      };
      const int64_t p = p0 + 2 * t;
      const Words4 a0 = right(p), a1 = right(p + 1), b0 = right(p + 8),
                   b1 = right(p + 9);
      uint32_t left[kTiles][4];
      NNCPP_UNROLL
      for (int i = 0; i < kTiles; ++i) {
        NNCPP_UNROLL
        for (int e = 0; e < 4; ++e) {
          const int64_t m = i * kFragmentRows + g + e % 2 * 8;
          const HalfBits* q = tile.weights + m * tile.layout.weight_pitch;
          left[i][e] =
              m < tile.rows
                  ? *reinterpret_cast<const uint32_t*>(q + p + e / 2 * 8)
                  : 0;
        }
      }
      NNCPP_UNROLL
      for (int word = 0; word < kPieceColumns / 2; ++word) {
        const uint32_t even[2] = {Pair<0>(a0.word[word], a1.word[word]),
                                  Pair<0>(b0.word[word], b1.word[word])};
        const uint32_t odd[2] = {Pair<1>(a0.word[word], a1.word[word]),
                                 Pair<1>(b0.word[word], b1.word[word])};
        NNCPP_UNROLL
        for (int i = 0; i < kTiles; ++i) {
          Multiply16x8x16(sum[i][2 * word], left[i], even);
          Multiply16x8x16(sum[i][2 * word + 1], left[i], odd);
        }
      }
    }
    AddSums(tile, column, sum);
  }
}

}  // namespace nncpp::cuda
