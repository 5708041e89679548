// kernels/cuda/product_wgmma.cu -- MultiplyWgmma of kernels/cuda/product.h
//
// Compiled for sm_90a alone (cuda.mk). A thread of one warpgroup loads, two
// warpgroups multiply: a ring of stages goes between them, each with a barrier
// for its bytes and one for those who are done with it.
#include "kernels/cuda/hopper.h"
#include "kernels/cuda/product.h"
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

// A warp's sums on their way from fragments to rows: 16 rows of as many columns
// as there are lanes. Rows lie 40 floats apart, so that neither the pairs that
// are written together nor the fours that are read meet a bank twice.
constexpr int kWarpRows = 16;
struct alignas(16) Rows {
  float sum[kWarpRows][kLanes + 8];
};

// A block's tile: 128 rows, and kTileJ columns, 128 or 256.
template <int kTileJ_>
struct TileShape {
  static constexpr int kTileI = kGroups * kProductRows, kTileJ = kTileJ_;
  static_assert(kTileI <= kMostBoxRows && kTileJ <= kMostBoxRows);
  static constexpr int kSums = kProductRows * kTileJ / kWarpgroup;
  static constexpr int kParts = kTileJ / kLanes;
  static constexpr int kStages = kTileJ == 256 ? 4 : 6;

  struct Stage {
    HalfBits a[kTileI * kBoxDepth];
    HalfBits b[kTileJ * kBoxDepth];
  };
  static constexpr int kAlign = 1024;  // of boxes
  static_assert(sizeof(Stage::a) % kAlign == 0 && sizeof(Stage) % kAlign == 0);

  struct Tiles {
    Stage stage[kStages];
    Rows rows[kMultipliers];
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

struct Tile {
  int i, j, batch;  // its first row of a, and of b
};
template <typename Shape>
__device__ __forceinline__ Tile TileOf(const Work& work, unsigned number) {
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
    const Tile tile = TileOf<Shape>(work, n);
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

// Four neighbours in a row, of which `count` are there; `whole` if all are and
// lie so that they can move together. Those that are not there are -0, which
// changes nothing when it is added.
struct alignas(16) Four {
  float value[4] = {-0.0f, -0.0f, -0.0f, -0.0f};
};
__device__ __forceinline__ Four Read(const float* at, int count, bool whole) {
  if (whole) return *reinterpret_cast<const Four*>(at);
  Four result;
  NNCPP_UNROLL
  for (int e = 0; e < 4; ++e) {
    if (e < count) result.value[e] = at[e];
  }
  return result;
}
__device__ __forceinline__ void Write(const Four& four, int count, bool whole,
                                      float* at) {
  if (whole) {
    *reinterpret_cast<Four*>(at) = four;
    return;
  }
  NNCPP_UNROLL
  for (int e = 0; e < 4; ++e) {
    if (e < count) at[e] = four.value[e];
  }
}

// How a warp stores its 16 rows of a tile: in parts of 32 columns, which shared
// memory turns from fragments into rows. A lane stores four neighbours of each
// fourth row, so that 8 lanes store a row's 128 bytes.
template <typename Shape>
class Store {
 public:
  // From row `first_i` of a on; begins to read the scales.
  __device__ __forceinline__ Store(Operand a, Operand b, const Results& c,
                                   const Tile& tile, int64_t first_i)
      : c_(c), columns_(b.rows - (tile.j + col_)) {
    MoveTo(tile.batch, a);
    MoveTo(tile.batch, b);
    const int64_t i = first_i + lane_ / 8;
    rows_ = a.rows - i;
    float* const out = c.first.data + c.batch.Offset(tile.batch);
    at_ = out + i * c.first.stride + tile.j + col_;
    bias_ = c.bias == nullptr ? nullptr : c.bias + tile.j + col_;
    aligned_ = reinterpret_cast<uintptr_t>(out) % sizeof(Four) == 0 &&
               c.first.stride % 4 == 0;
    NNCPP_UNROLL
    for (int turn = 0; turn < kTurns; ++turn) {
      of_row_[turn] = Has(turn) ? ScaleOf(a, i + turn * kStep) : 0.0f;
    }
    NNCPP_UNROLL
    for (int part = 0; part < Shape::kParts; ++part) {
      NNCPP_UNROLL
      for (int e = 0; e < 4; ++e) {
        of_col_[part].value[e] =
            e < Count(part) ? ScaleOf(b, tile.j + part * kLanes + col_ + e)
                            : 0.0f;
      }
    }
  }

  __device__ __forceinline__ void All(const float (&sum)[Shape::kSums],
                                      Rows& rows) const {
    const int g = lane_ / 4, t = lane_ % 4;
    Addends next = AddendsOf(0);
    NNCPP_UNROLL
    for (int part = 0; part < Shape::kParts; ++part) {
      const Addends addends = next;
      if (part + 1 < Shape::kParts) next = AddendsOf(part + 1);
      NNCPP_UNROLL
      for (int e = 0; e < kWarpRows; ++e) {
        rows.sum[g + e / 2 % 2 * 8][e / 4 * 8 + 2 * t + e % 2] =
            sum[part * kWarpRows + e];
      }
      __syncwarp();
      NNCPP_UNROLL
      for (int turn = 0; turn < kTurns; ++turn) {
        if (Has(turn)) StoreFour(rows, part, turn, addends);
      }
      __syncwarp();  // before the rows are written again
    }
  }

 private:
  static constexpr int kTurns = 4, kStep = kWarpRows / kTurns;

  // What Results add to a part.
  struct Addends {
    Four bias, before[kTurns];
  };

  __device__ __forceinline__ bool Has(int turn) const {
    return turn * kStep < rows_;
  }
  __device__ __forceinline__ int Count(int part) const {
    const int64_t left = columns_ - part * kLanes;
    return left < 4 ? static_cast<int>(left) : 4;
  }
  __device__ __forceinline__ bool Whole(int part) const {
    return aligned_ && Count(part) == 4;
  }
  __device__ __forceinline__ float* At(int part, int turn) const {
    return at_ + turn * kStep * c_.first.stride + part * kLanes;
  }

  __device__ __forceinline__ Addends AddendsOf(int part) const {
    Addends result;
    if (bias_ != nullptr) {
      result.bias = Read(bias_ + part * kLanes, Count(part), false);
    }
    if (c_.add) {
      NNCPP_UNROLL
      for (int turn = 0; turn < kTurns; ++turn) {
        if (!Has(turn)) continue;
        result.before[turn] = Read(At(part, turn), Count(part), Whole(part));
      }
    }
    return result;
  }

  // As Results::Store does.
  __device__ __forceinline__ void StoreFour(const Rows& rows, int part,
                                            int turn,
                                            const Addends& addends) const {
    Four four = *reinterpret_cast<const Four*>(
        &rows.sum[lane_ / 8 + turn * kStep][col_]);
    NNCPP_UNROLL
    for (int e = 0; e < 4; ++e) {
      four.value[e] =
          Scaled(four.value[e], of_row_[turn], of_col_[part].value[e]);
    }
    if (c_.limit < kNoLimit) {
      NNCPP_UNROLL
      for (float& value : four.value) value = Clamp(value, -c_.limit, c_.limit);
    }
    NNCPP_UNROLL
    for (int e = 0; e < 4; ++e) {
      four.value[e] = addends.before[turn].value[e] +
                      (four.value[e] + addends.bias.value[e]);
    }
    Write(four, Count(part), Whole(part), At(part, turn));
  }

  const Results& c_;
  const int lane_ = static_cast<int>(threadIdx.x) % kLanes;
  const int col_ = lane_ % 8 * 4;  // within a part
  int64_t rows_, columns_;         // from this lane's first to the last
  float* at_;
  const float* bias_;
  bool aligned_;
  float of_row_[kTurns];
  Four of_col_[Shape::kParts];
};

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
    const Tile tile = TileOf<Shape>(work, n);
    const Store<Shape> store(a, b, c, tile, tile.i + warp * kWarpRows);
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
