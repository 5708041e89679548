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
constexpr int kTileI = kGroups * kProductRows, kTileJ = kProductCols;
constexpr int kMultipliers = kGroups * kWarpgroup / kLanes;  // warps
constexpr int kThreads = (kGroups + 1) * kWarpgroup;
// Of a thread; at the start all have as many. They are 65536 at most.
constexpr int kRegistersToMultiply = 240, kRegistersToLoad = 24;
static_assert((kGroups * kRegistersToMultiply + kRegistersToLoad) *
                  kWarpgroup <=
              65536);
constexpr int kStages = 4;
static_assert(kTileI <= kMostBoxRows && kTileJ <= kMostBoxRows);

// A warp's sums on their way from fragments to rows: 16 rows of as many columns
// as there are lanes. Rows lie 40 floats apart, so that neither the pairs that
// are written together nor the fours that are read meet a bank twice.
constexpr int kWarpRows = 16;
struct alignas(16) Rows {
  float sum[kWarpRows][kLanes + 8];
};

struct Stage {
  HalfBits a[kTileI * kBoxDepth];
  HalfBits b[kTileJ * kBoxDepth];
};
constexpr int kAlign = 1024;  // of boxes
static_assert(sizeof(Stage::a) % kAlign == 0 && sizeof(Stage) % kAlign == 0);

struct Tiles {
  Stage stage[kStages];
  Rows rows[kMultipliers];
  Barrier full[kStages], empty[kStages];
};
constexpr int64_t kSharedBytes = sizeof(Tiles) + kAlign - 16;
static_assert(kSharedBytes <= kMostHopperBytes);

// The tiles of all results of a batch, those of a column of tiles together, and
// how the blocks share them: block x takes number x and each gridDim.x further.
struct Work {
  unsigned tiles_i, tiles_j, count, steps;

  Work(const Operand& a, const Results& c)
      : tiles_i(Blocks(c.first.rows, kTileI)),
        tiles_j(Blocks(c.first.cols, kTileJ)),
        count(static_cast<unsigned>(c.batch.count) * tiles_i * tiles_j),
        steps(Blocks(a.stride, kBoxDepth)) {}

  struct Tile {
    int i, j, batch;  // rows of the operands
  };
  __device__ __forceinline__ Tile At(unsigned number) const {
    const unsigned column = number / tiles_i;
    return {static_cast<int>(number % tiles_i * kTileI),
            static_cast<int>(column % tiles_j * kTileJ),
            static_cast<int>(column / tiles_j)};
  }
};

// Fill number n of a stage ends phase n of `full`, and its use phase n of
// `empty`; turn t is fill t / kStages of stage t % kStages.
__device__ __forceinline__ unsigned PhaseOf(unsigned turn) {
  return turn / kStages % 2;
}

__device__ __forceinline__ void LoadTiles(const TensorMap& map_a,
                                          const TensorMap& map_b,
                                          const Work& work, Tiles& tiles) {
  unsigned turn = 0;
  for (unsigned n = blockIdx.x; n < work.count; n += gridDim.x) {
    const Work::Tile tile = work.At(n);
    for (unsigned step = 0; step < work.steps; ++step, ++turn) {
      Stage& stage = tiles.stage[turn % kStages];
      Barrier* full = &tiles.full[turn % kStages];
      const int k = static_cast<int>(step) * kBoxDepth;
      // Of the fill before, and there was none before the first.
      WaitForPhase(&tiles.empty[turn % kStages], PhaseOf(turn) ^ 1);
      ArriveExpecting(full, sizeof(Stage));
      StartBoxCopy(stage.a, map_a, k, tile.i, tile.batch, full);
      StartBoxCopy(stage.b, map_b, k, tile.j, tile.batch, full);
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

// Stores a warp's sums, 16 rows from row `first_i` on and all columns of a tile
// from first_j on, as Results::Store does; a and b are those of the batch's
// number that `out` is for. In shared memory 32 columns at a time become rows;
// of these, 8 lanes store one.
__device__ __forceinline__ void StoreSums(const float (&sum)[kProductSums],
                                          const Operand& a, const Operand& b,
                                          const Results& c, int64_t first_i,
                                          int64_t first_j, Rows& rows,
                                          float* out) {
  constexpr int kTurns = 4, kRowsATurn = kWarpRows / kTurns;
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int g = lane / 4, t = lane % 4;
  const int row = lane / 8, col = lane % 8 * 4;
  const int64_t step = c.first.stride, here = first_i + row;
  const bool aligned =
      reinterpret_cast<uintptr_t>(out) % sizeof(Four) == 0 && step % 4 == 0;
  float of_row[kTurns] = {};
  NNCPP_UNROLL
  for (int i = 0; i < kTurns; ++i) {
    const int64_t r = here + i * kRowsATurn;
    if (r < a.rows) of_row[i] = ScaleOf(a, r);
  }
  NNCPP_UNROLL
  for (int part = 0; part < kTileJ / kLanes; ++part) {
    NNCPP_UNROLL
    for (int e = 0; e < kWarpRows; ++e) {
      rows.sum[g + e / 2 % 2 * 8][e / 4 * 8 + 2 * t + e % 2] =
          sum[part * kWarpRows + e];
    }
    __syncwarp();
    const int64_t j = first_j + part * kLanes + col;
    const int count = b.rows - j < 4 ? static_cast<int>(b.rows - j) : 4;
    const bool whole = aligned && count == 4;
    float of_col[4] = {};
    Four bias, before[kTurns];
    NNCPP_UNROLL
    for (int e = 0; e < 4; ++e) {
      if (e < count) of_col[e] = ScaleOf(b, j + e);
    }
    if (c.bias != nullptr) bias = Read(c.bias + j, count, false);
    float* const at = out + here * step + j;
    if (c.add) {
      NNCPP_UNROLL
      for (int i = 0; i < kTurns; ++i) {
        if (here + i * kRowsATurn >= a.rows) continue;
        before[i] = Read(at + i * kRowsATurn * step, count, whole);
      }
    }
    NNCPP_UNROLL
    for (int i = 0; i < kTurns; ++i) {
      if (here + i * kRowsATurn >= a.rows) continue;
      Four four =
          *reinterpret_cast<const Four*>(&rows.sum[row + i * kRowsATurn][col]);
      NNCPP_UNROLL
      for (int e = 0; e < 4; ++e) {
        four.value[e] = Scaled(four.value[e], of_row[i], of_col[e]);
      }
      if (c.limit < kNoLimit) {
        NNCPP_UNROLL
        for (float& value : four.value) value = Clamp(value, -c.limit, c.limit);
      }
      NNCPP_UNROLL
      for (int e = 0; e < 4; ++e) {
        four.value[e] = before[i].value[e] + (four.value[e] + bias.value[e]);
      }
      Write(four, count, whole, at + i * kRowsATurn * step);
    }
    __syncwarp();  // before the rows are written again
  }
}

__device__ __forceinline__ void MultiplyLoaded(const Operand& a,
                                               const Operand& b,
                                               const Results& c,
                                               const Work& work, int warp,
                                               Tiles& tiles) {
  const bool speaks = threadIdx.x % kLanes == 0;  // for its warp
  const int group = warp / 4;
  const auto leave = [&](unsigned turn) {
    if (speaks) Arrive(&tiles.empty[turn % kStages]);
  };
  float sum[kProductSums] = {};
  unsigned turn = 0;
  for (unsigned n = blockIdx.x; n < work.count; n += gridDim.x) {
    for (unsigned step = 0; step < work.steps; ++step, ++turn) {
      const Stage& stage = tiles.stage[turn % kStages];
      WaitForPhase(&tiles.full[turn % kStages], PhaseOf(turn));
      const uint64_t left =
          DescriptorOf(stage.a + group * kProductRows * kBoxDepth);
      const uint64_t right = DescriptorOf(stage.b);
      FenceProducts();
      NNCPP_UNROLL
      for (unsigned k = 0; k < kBoxDepth / 16; ++k) {
        Multiply64x256x16(sum, left + k * kDescriptorStep,
                          right + k * kDescriptorStep, step + k > 0);
      }
      CommitProducts();
      // This stage is multiplied while the one before is given back.
      WaitForProducts<1>();
      if (step > 0) leave(turn - 1);
    }
    WaitForProducts(sum);
    leave(turn - 1);

    const Work::Tile tile = work.At(n);
    Operand of_a = a, of_b = b;
    MoveTo(tile.batch, of_a);
    MoveTo(tile.batch, of_b);
    StoreSums(sum, of_a, of_b, c, tile.i + warp * kWarpRows, tile.j,
              tiles.rows[warp], c.first.data + c.batch.Offset(tile.batch));
  }
}

// Grid: as many blocks as there are multiprocessors, or tiles if those are
// fewer. The loading thread runs ahead, into the next tile too.
__global__ void __launch_bounds__(kThreads, 1)
    MultiplyWgmmaKernel(const __grid_constant__ TensorMap map_a,
                        const __grid_constant__ TensorMap map_b, Operand a,
                        Operand b, Results c, Work work) {
  Tiles& tiles = AlignedShared<Tiles, kAlign>();
  // The shuffle tells the compiler that it is the same in all lanes.
  const int warp =
      __shfl_sync(kAllLanes, static_cast<int>(threadIdx.x) / kLanes, 0);
  if (threadIdx.x == 0) {
    for (int s = 0; s < kStages; ++s) {
      InitBarrier(&tiles.full[s], 1);
      InitBarrier(&tiles.empty[s], kMultipliers);
    }
    ShowBarriers();
  }
  __syncthreads();
  if (warp < kMultipliers) {
    TakeRegisters<kRegistersToMultiply>();
    MultiplyLoaded(a, b, c, work, warp, tiles);
  } else {
    GiveRegisters<kRegistersToLoad>();
    if (threadIdx.x == kMultipliers * kLanes) {
      LoadTiles(map_a, map_b, work, tiles);
    }
  }
}

}  // namespace

void MultiplyWgmma(const Operand& a, const Operand& b, const Results& c,
                   int multiprocessors, cudaStream_t stream) {
  const Work work(a, c);
  const auto most = static_cast<unsigned>(multiprocessors);
  Launch(MultiplyWgmmaKernel, work.count < most ? work.count : most, kThreads,
         kSharedBytes, stream, MapOf(a, c.batch.count, kTileI),
         MapOf(b, c.batch.count, kTileJ), a, b, c, work);
}

}  // namespace nncpp::cuda
