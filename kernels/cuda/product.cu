// kernels/cuda/product.cu -- contract: kernels/cuda/product.h
#include "kernels/cuda/fragments.h"
#include "kernels/cuda/product.h"

namespace nncpp::cuda {
namespace {

__device__ __forceinline__ const Words4* Pieces(const Operand& x, int64_t row) {
  return PiecesOf(x.q + row * x.stride);
}

// ---- tiles ------------------------------------------------------------------

// A block computes kBlockI x kBlockJ outputs, a warp kTilesI x kTilesJ
// fragments of them.
template <int kWarpsI_, int kWarpsJ_, int kTilesI_, int kTilesJ_>
struct TileShape {
  static constexpr int kWarpsI = kWarpsI_, kWarpsJ = kWarpsJ_;
  static constexpr int kTilesI = kTilesI_, kTilesJ = kTilesJ_;
  static constexpr int kBlockI = kWarpsI * kTilesI * kFragmentRows;
  static constexpr int kBlockJ = kWarpsJ * kTilesJ * kFragmentCols;
  static constexpr int kThreads = kWarpsI * kWarpsJ * kLanes;
  static constexpr int kStages = 4;

  // Rows of 64 bytes: the 8 lanes that load together take two whole rows, so
  // they meet no bank twice.
  struct Stage {
    Words4 a[kBlockI * kPieces];
    Words4 b[kBlockJ * kPieces];
  };
  struct Tiles {
    Stage stage[kStages];
  };
  static_assert(sizeof(Tiles) <= kMostSharedBytes);
};
using LargeTile = TileShape<2, 4, 4, 8>;  // 128 x 256
using SmallTile = TileShape<2, 2, 2, 4>;  // 64 x 64

// Starts the copies of rows [first, first + kRows) at depth piece * 8.
template <int kRows, int kThreads>
__device__ __forceinline__ void LoadRows(const Operand& x, int64_t first,
                                         int64_t piece, Words4* to) {
  static_assert(kRows * kPieces % kThreads == 0);
  for (int i = static_cast<int>(threadIdx.x); i < kRows * kPieces;
       i += kThreads) {
    const int64_t row = first + i / kPieces;
    const bool valid = row < x.rows;
    StartCopy(to + i, Pieces(x, valid ? row : 0) + piece + i % kPieces, valid);
  }
}

// Stores a warp's fragments, the first of which begins at (first_i, first_j) of
// out.
template <typename Shape>
__device__ __forceinline__ void StoreTiles(
    const float (&sum)[Shape::kTilesI][Shape::kTilesJ][4], const Operand& a,
    const Operand& b, const Results& c, int64_t first_i, int64_t first_j,
    float* out) {
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int g = lane / 4, t = lane % 4;
  NNCPP_UNROLL
  for (int i = 0; i < Shape::kTilesI; ++i) {
    NNCPP_UNROLL
    for (int e = 0; e < 4; ++e) {
      const int64_t row = first_i + i * kFragmentRows + g + e / 2 * 8;
      if (row >= a.rows) continue;
      const float scale = ScaleOf(a, row);
      NNCPP_UNROLL
      for (int j = 0; j < Shape::kTilesJ; ++j) {
        const int64_t col = first_j + j * kFragmentCols + 2 * t + e % 2;
        if (col >= b.rows) continue;
        c.Store(Scaled(sum[i][j][e], scale, ScaleOf(b, col)), col,
                out + row * c.first.stride + col);
      }
    }
  }
}

// Grid (batch times tiles along j, tiles along i). Copies of the stages to come
// are under way while one is multiplied.
template <typename Shape>
__global__ void __launch_bounds__(Shape::kThreads, 1)
    MultiplyTilesKernel(Operand a, Operand b, Results c) {
  typename Shape::Tiles& tiles = Shared<typename Shape::Tiles>();
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int warp = static_cast<int>(threadIdx.x) / kLanes;
  const int g = lane / 4, t = lane % 4;
  const int64_t block_i = int64_t{blockIdx.y} * Shape::kBlockI;
  const unsigned tiles_j = gridDim.x / static_cast<unsigned>(c.batch.count);
  const int64_t block_j = int64_t{blockIdx.x % tiles_j} * Shape::kBlockJ;
  const int64_t batch = blockIdx.x / tiles_j;
  MoveTo(batch, a);
  MoveTo(batch, b);
  const int warp_i = warp / Shape::kWarpsJ * Shape::kTilesI * kFragmentRows;
  const int warp_j = warp % Shape::kWarpsJ * Shape::kTilesJ * kFragmentCols;
  const int64_t steps = a.stride / kDepth;

  const auto load = [&](int64_t step) {
    if (step < steps) {
      auto& stage = tiles.stage[step % Shape::kStages];
      LoadRows<Shape::kBlockI, Shape::kThreads>(a, block_i, step * kPieces,
                                                stage.a);
      LoadRows<Shape::kBlockJ, Shape::kThreads>(b, block_j, step * kPieces,
                                                stage.b);
    }
    CommitCopies();
  };

  float sum[Shape::kTilesI][Shape::kTilesJ][4] = {};
  for (int64_t step = 0; step < Shape::kStages - 1; ++step) load(step);
  for (int64_t step = 0; step < steps; ++step) {
    WaitForCopies<Shape::kStages - 2>();
    // Everyone's copies of this stage are there, and everyone is done with
    // the stage that is loaded next.
    __syncthreads();
    load(step + Shape::kStages - 1);
    const auto& stage = tiles.stage[step % Shape::kStages];
    Words4 right[Shape::kTilesJ];
    NNCPP_UNROLL
    for (int j = 0; j < Shape::kTilesJ; ++j) {
      right[j] = stage.b[(warp_j + j * kFragmentCols + g) * kPieces + t];
    }
    NNCPP_UNROLL
    for (int i = 0; i < Shape::kTilesI; ++i) {
      const int row = warp_i + i * kFragmentRows + g;
      const Words4 low = stage.a[row * kPieces + t];
      const Words4 high = stage.a[(row + 8) * kPieces + t];
      NNCPP_UNROLL
      for (int j = 0; j < Shape::kTilesJ; ++j) {
        MultiplyPieces(sum[i][j], low, high, right[j]);
      }
    }
  }
  WaitForCopies<0>();

  StoreTiles<Shape>(sum, a, b, c, block_i + warp_i, block_j + warp_j,
                    c.first.data + c.batch.Offset(batch));
}

template <typename Shape>
int64_t TileCount(const Results& c) {
  return c.batch.count * Blocks(c.first.rows, Shape::kBlockI) *
         Blocks(c.first.cols, Shape::kBlockJ);
}

template <typename Shape>
void LaunchTiles(const Operand& a, const Operand& b, const Results& c,
                 cudaStream_t stream) {
  const auto count = static_cast<unsigned>(c.batch.count);
  Launch(MultiplyTilesKernel<Shape>,
         dim3(Blocks(c.first.cols, Shape::kBlockJ) * count,
              Blocks(c.first.rows, Shape::kBlockI)),
         Shape::kThreads, sizeof(typename Shape::Tiles), stream, a, b, c);
}

// ---- a few rows -------------------------------------------------------------

constexpr int kMostSkinnyWarps = 8;

template <int kTiles>
struct SkinnySums {
  float sum[kMostSkinnyWarps][kTiles * kFragmentCols][kFragmentRows];
};

// A block computes 16 columns of c, those of 16 rows of the weights b, for all
// rows of a. Its warps share out the depth; each weight is read once, in
// pieces of 16 bytes, and the warps' sums meet in shared memory.
template <int kTiles>
__global__ void __launch_bounds__(kMostSkinnyWarps* kLanes)
    MultiplySkinnyKernel(Operand a, Operand b, Results c) {
  SkinnySums<kTiles>& shared = Shared<SkinnySums<kTiles>>();
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int warp = static_cast<int>(threadIdx.x) / kLanes;
  const int warps = static_cast<int>(blockDim.x) / kLanes;
  const int g = lane / 4, t = lane % 4;
  const int64_t first = int64_t{blockIdx.x} * kFragmentRows;
  const Words4 zeros = {};
  const auto piece = [&](const Operand& x, int64_t row, int64_t step) {
    return row < x.rows ? Pieces(x, row)[step * kPieces + t] : zeros;
  };

  float sum[kTiles][4] = {};
  NNCPP_UNROLL_BY(2)
  for (int64_t step = warp; step < b.stride / kDepth; step += warps) {
    const Words4 low = piece(b, first + g, step);
    const Words4 high = piece(b, first + g + 8, step);
    NNCPP_UNROLL
    for (int j = 0; j < kTiles; ++j) {
      MultiplyPieces(sum[j], low, high, piece(a, j * kFragmentCols + g, step));
    }
  }
  NNCPP_UNROLL
  for (int j = 0; j < kTiles; ++j) {
    NNCPP_UNROLL
    for (int e = 0; e < 4; ++e) {
      shared.sum[warp][j * kFragmentCols + 2 * t + e % 2][g + e / 2 * 8] =
          sum[j][e];
    }
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x);
       i < kTiles * kFragmentCols * kFragmentRows;
       i += static_cast<int>(blockDim.x)) {
    const int64_t row = i / kFragmentRows, col = first + i % kFragmentRows;
    if (row >= a.rows || col >= b.rows) continue;
    float total = 0;
    for (int w = 0; w < warps; ++w) {
      total += shared.sum[w][row][i % kFragmentRows];
    }
    c.Store(Scaled(total, ScaleOf(a, row), ScaleOf(b, col)), col,
            c.first.data + row * c.first.stride + col);
  }
}

template <int kTiles>
void LaunchSkinny(const Operand& a, const Operand& b, const Results& c,
                  cudaStream_t stream) {
  const int64_t steps = b.stride / kDepth;
  Launch(MultiplySkinnyKernel<kTiles>, Blocks(b.rows, kFragmentRows),
         Threads(steps * kLanes, kLanes, kMostSkinnyWarps * kLanes),
         sizeof(SkinnySums<kTiles>), stream, a, b, c);
}

}  // namespace

void MultiplyTiles(const Operand& a, const Operand& b, const Results& c,
                   const Processor& processor, cudaStream_t stream) {
  if (c.first.rows == 0 || c.first.cols == 0 || c.batch.count == 0) return;
  const auto fill = [&](int64_t tiles) {
    return tiles >= processor.multiprocessors &&
           c.first.rows > SmallTile::kBlockI;
  };
  // Small tiles where large ones would leave multiprocessors, or half of their
  // own rows, without work. Those of wgmma are worth it with half of the
  // multiprocessors; the narrower ones are half of a large one.
  if (processor.wgmma == UseOfWgmma::kAlways ||
      (processor.wgmma == UseOfWgmma::kLarge &&
       fill(4 * TileCount<LargeTile>(c)))) {
    MultiplyWgmma(a, b, c, processor.multiprocessors, stream);
  } else if (fill(TileCount<LargeTile>(c))) {
    LaunchTiles<LargeTile>(a, b, c, stream);
  } else {
    LaunchTiles<SmallTile>(a, b, c, stream);
  }
}

void MultiplySkinny(const Operand& a, const Operand& b, const Results& c,
                    cudaStream_t stream) {
  if (c.first.rows == 0 || c.first.cols == 0) return;
  if (a.rows <= 8) {
    LaunchSkinny<1>(a, b, c, stream);
  } else if (a.rows <= 16) {
    LaunchSkinny<2>(a, b, c, stream);
  } else if (a.rows <= 32) {
    LaunchSkinny<4>(a, b, c, stream);
  } else {
    LaunchSkinny<8>(a, b, c, stream);
  }
}

}  // namespace nncpp::cuda
