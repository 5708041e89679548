// kernels/cuda/product_wgmma.cu -- MultiplyWgmma of kernels/cuda/product.h
//
// Compiled for sm_90a alone (cuda.mk). A thread of one warpgroup loads, two
// warpgroups multiply: a ring of stages goes between them, each with a barrier
// for its bytes and one for those who are done with it.
#include "kernels/cuda/hopper.h"
#include "kernels/cuda/product.h"
#include "kernels/cuda/store_sums.h"
#include "kernels/cuda/tensor_map.h"

namespace nncpp::cuda {
namespace {

constexpr int kGroups = 2;
constexpr int kMultipliers = kGroups * kWarpgroup / kLanes;  // warps
constexpr int kThreads = (kGroups + 1) * kWarpgroup;
// Of a thread; at the start all have as many. They are 65536 at most.
constexpr int kRegistersToMultiply = 240, kRegistersToLoad = 24;
static_assert((kGroups * kRegistersToMultiply + kRegistersToLoad) *
                  kWarpgroup <=
              65536);

// A block's tile: 128 rows, and kTileJ columns, 128 or 256.
template <int kTileJ_>
struct TileShape {
  static constexpr int kTileI = kGroups * kProductRows, kTileJ = kTileJ_;
  static_assert(kTileI <= kMostBoxRows && kTileJ <= kMostBoxRows);
  static constexpr int kSums = kProductRows * kTileJ / kWarpgroup;
  static constexpr int kStages = kTileJ == 256 ? 4 : 6;

  struct Stage {
    HalfBits a[kTileI * kBoxDepth];
    HalfBits b[kTileJ * kBoxDepth];
  };
  static constexpr int kAlign = 1024;  // of boxes
  static_assert(sizeof(Stage::a) % kAlign == 0 && sizeof(Stage) % kAlign == 0);

  struct Tiles {
    Stage stage[kStages];
    SumRows rows[kMultipliers];
    Barrier full[kStages], empty[kStages];
  };
  static constexpr int64_t kSharedBytes = sizeof(Tiles) + kAlign - 16;
  static_assert(kSharedBytes <= kMostHopperBytes);

  // Fill number n of a stage ends phase n of `full`, and its use phase n of
  // `empty`; turn t is fill t / kStages of stage t % kStages.
  __device__ __forceinline__ static unsigned PhaseOf(unsigned turn) {
    return turn / kStages % 2;
  }
};

// The tiles of all results of a batch, those of a column of tiles together, and
// how the blocks share them: block x takes number x and each gridDim.x further.
struct Work {
  unsigned tiles_i, tiles_j, count, steps;
};
template <typename Shape>
Work WorkOf(const Operand& a, const Results& c) {
  const unsigned tiles_i = Blocks(c.first.rows, Shape::kTileI);
  const unsigned tiles_j = Blocks(c.first.cols, Shape::kTileJ);
  return {tiles_i, tiles_j,
          static_cast<unsigned>(c.batch.count) * tiles_i * tiles_j,
          Blocks(a.stride, kBoxDepth)};
}

template <typename Shape>
__device__ __forceinline__ ProductTile TileOf(const Work& work,
                                              unsigned number) {
  const unsigned column = number / work.tiles_i;
  return {static_cast<int>(number % work.tiles_i * Shape::kTileI),
          static_cast<int>(column % work.tiles_j * Shape::kTileJ),
          static_cast<int>(column / work.tiles_j)};
}

template <typename Shape>
__device__ __forceinline__ void LoadTiles(const TensorMap& map_a,
                                          const TensorMap& map_b,
                                          const Work& work,
                                          typename Shape::Tiles& tiles) {
  unsigned turn = 0;
  for (unsigned n = blockIdx.x; n < work.count; n += gridDim.x) {
    const ProductTile tile = TileOf<Shape>(work, n);
    for (unsigned step = 0; step < work.steps; ++step, ++turn) {
      const unsigned s = turn % Shape::kStages;
      auto& stage = tiles.stage[s];
      const int k = static_cast<int>(step) * kBoxDepth;
      // Of the fill before; there was none before the first.
      WaitForPhase(&tiles.empty[s], Shape::PhaseOf(turn) ^ 1);
      ArriveExpecting(&tiles.full[s], sizeof(stage));
      StartBoxCopy(stage.a, map_a, k, tile.i, tile.batch, &tiles.full[s]);
      StartBoxCopy(stage.b, map_b, k, tile.j, tile.batch, &tiles.full[s]);
    }
  }
}

template <typename Shape>
__device__ __forceinline__ void MultiplyLoaded(const Operand& a,
                                               const Operand& b,
                                               const Results& c,
                                               const Work& work, int warp,
                                               typename Shape::Tiles& tiles) {
  constexpr unsigned kStages = Shape::kStages;
  const bool speaks = threadIdx.x % kLanes == 0;  // for its warp
  const auto leave = [&](unsigned turn) {
    if (speaks) Arrive(&tiles.empty[turn % kStages]);
  };
  float sum[Shape::kSums] = {};
  unsigned turn = 0;
  for (unsigned n = blockIdx.x; n < work.count; n += gridDim.x) {
    const ProductTile tile = TileOf<Shape>(work, n);
    const StoreSums<Shape::kTileJ> store(a, b, c, tile,
                                         tile.i + warp * kWarpRows);
    for (unsigned step = 0; step < work.steps; ++step, ++turn) {
      const auto& stage = tiles.stage[turn % kStages];
      WaitForPhase(&tiles.full[turn % kStages], Shape::PhaseOf(turn));
      const uint64_t left =
          DescriptorOf(stage.a + warp / 4 * kProductRows * kBoxDepth);
      const uint64_t right = DescriptorOf(stage.b);
      FenceProducts();
      NNCPP_UNROLL
      for (unsigned k = 0; k < kBoxDepth / 16; ++k) {
        MultiplyRows(sum, left + k * kDescriptorStep,
                     right + k * kDescriptorStep, step + k > 0);
      }
      CommitProducts();
      // This stage is multiplied while the one before is given back.
      WaitForProducts<1>();
      if (step > 0) leave(turn - 1);
    }
    WaitForProducts(sum);
    leave(turn - 1);
    store.All(sum, tiles.rows[warp]);
  }
}

// Grid: as many blocks as there are multiprocessors, or tiles if those are
// fewer. The loading thread runs ahead, into the next tile too.
template <typename Shape>
__global__ void __launch_bounds__(kThreads, 1)
    MultiplyWgmmaKernel(const __grid_constant__ TensorMap map_a,
                        const __grid_constant__ TensorMap map_b, Operand a,
                        Operand b, Results c, Work work) {
  auto& tiles = AlignedShared<typename Shape::Tiles, Shape::kAlign>();
  // The shuffle tells the compiler that it is the same in all lanes.
  const int warp =
      __shfl_sync(kAllLanes, static_cast<int>(threadIdx.x) / kLanes, 0);
  if (threadIdx.x == 0) {
    for (int s = 0; s < Shape::kStages; ++s) {
      InitBarrier(&tiles.full[s], 1);
      InitBarrier(&tiles.empty[s], kMultipliers);
    }
    ShowBarriers();
  }
  __syncthreads();
  if (warp < kMultipliers) {
    TakeRegisters<kRegistersToMultiply>();
    MultiplyLoaded<Shape>(a, b, c, work, warp, tiles);
  } else {
    GiveRegisters<kRegistersToLoad>();
    if (threadIdx.x == kMultipliers * kLanes) {
      LoadTiles<Shape>(map_a, map_b, work, tiles);
    }
  }
}

template <typename Shape>
void LaunchWgmma(const Operand& a, const Operand& b, const Results& c,
                 unsigned multiprocessors, cudaStream_t stream) {
  const Work work = WorkOf<Shape>(a, c);
  Launch(MultiplyWgmmaKernel<Shape>,
         work.count < multiprocessors ? work.count : multiprocessors, kThreads,
         Shape::kSharedBytes, stream, MapOf(a, c.batch.count, Shape::kTileI),
         MapOf(b, c.batch.count, Shape::kTileJ), a, b, c, work);
}

using Wide = TileShape<256>;
using Narrow = TileShape<128>;

}  // namespace

void MultiplyWgmma(const Operand& a, const Operand& b, const Results& c,
                   int multiprocessors, cudaStream_t stream) {
  // The rows that all have to load until the last one is done. A narrow tile
  // loads 256 for half of what a wide one does with 384.
  const auto all = static_cast<unsigned>(multiprocessors);
  const auto rows = [&](unsigned tiles, unsigned of_tile) {
    return Blocks(tiles, all) * of_tile;
  };
  if (rows(WorkOf<Narrow>(a, c).count, 256) <
      rows(WorkOf<Wide>(a, c).count, 384)) {
    LaunchWgmma<Narrow>(a, b, c, all, stream);
  } else {
    LaunchWgmma<Wide>(a, b, c, all, stream);
  }
}

}  // namespace nncpp::cuda
