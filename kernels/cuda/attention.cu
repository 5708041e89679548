// kernels/cuda/attention.cu -- contract: kernels/cuda/attention.h
#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_tile.h"
#include "kernels/cuda/product.h"
#include "src/base/check.h"

namespace nncpp::cuda {
namespace {

__device__ __forceinline__ NoiseKey TaskNoise(NoiseKey noise, uint32_t use,
                                              int64_t task) {
  noise.tensor += use + (static_cast<uint32_t>(task) << 16);
  return noise;
}

// ---- keys and values --------------------------------------------------------

// One warp for each row and head; grid y 0 is keys, 1 values.
__global__ void __launch_bounds__(kTileThreads)
    QuantizeKeyValuesKernel(ConstMatrix key, ConstMatrix value, int64_t streams,
                            int64_t first, KeyValueRows out) {
  const int64_t at = int64_t{blockIdx.x} * kTileWarps + threadIdx.x / kLanes;
  const int64_t r = at / out.heads, h = at % out.heads;
  if (r >= key.rows) return;  // the whole warp leaves together
  const bool keys = blockIdx.y == 0;
  const HeadRows to = keys ? out.key : out.value;
  const float* x = Head(keys ? key : value, r, h, out.head_size);
  const int64_t row =
      (r % streams * out.heads + h) * out.positions + first + r / streams;
  HalfBits* q = to.q + row * out.stride;
  // One exponent more: |q| <= kKeyMax.
  const float scale = QuantizeInWarp(
      NormWithin(), PlainElements{out.head_size}, 1,
      [x](int64_t i) { return x[i]; },
      [q](int64_t i, int32_t rounded) { q[i] = HalfFromInteger(rounded); });
  if (threadIdx.x % kLanes == 0) to.scale[row] = scale;
}

// One block a task. Positions move in runs of at most `steps`, which do not
// overlap themselves; a barrier ends each run.
__global__ void __launch_bounds__(kTileThreads)
    MoveKeyValuesKernel(int64_t steps, KeyValueRows rows) {
  const int64_t task = int64_t{blockIdx.x} * rows.positions;
  const int64_t left = rows.positions - steps;
  for (int64_t first = 0; first < left; first += steps) {
    const int64_t count = left - first < steps ? left - first : steps;
    const auto move = [&](const HeadRows& x) {
      const int64_t words = rows.stride / 8;  // of a row
      auto* q = reinterpret_cast<Words4*>(x.q) + (task + first) * words;
      float* scale = x.scale + task + first;
      for (int64_t i = threadIdx.x; i < count * words; i += blockDim.x) {
        q[i] = q[i + steps * words];
      }
      for (int64_t i = threadIdx.x; i < count; i += blockDim.x) {
        scale[i] = scale[i + steps];
      }
    };
    move(rows.key);
    move(rows.value);
    __syncthreads();
  }
}

// ---- rows ------------------------------------------------------------------

__device__ __forceinline__ void ClearSums(const Tile& tile) {
  for (int64_t i = threadIdx.x; i < tile.rows * tile.layout.sum_pitch;
       i += blockDim.x) {
    tile.sums[i] = 0;
  }
}

// out = the sums, scaled, within +-limit. After a barrier.
__device__ __forceinline__ void StoreSums(const Tile& tile, float limit,
                                          Matrix out) {
  const int64_t size = tile.n.size;
  for (int64_t i = threadIdx.x; i < tile.rows * size; i += blockDim.x) {
    const int64_t m = i / size, d = i % size;
    const auto sum =
        static_cast<float>(tile.sums[m * tile.layout.sum_pitch + d]);
    Head(out, tile.Row(m), tile.h, size)[d] =
        Clamp(sum * tile.weight_scale[m], -limit, limit);
  }
}

// The softmax of a row's scores in place, then its quantised weights. By one
// warp: lane l has positions l, l + 32, ... throughout, as law 3 adds them.
__device__ __forceinline__ void SoftmaxRow(const Tile& tile, int64_t m,
                                           float* scores) {
  const int64_t window = tile.n.window;
  float most = scores[0];
  for (int64_t w = Tile::Lane(); w < window; w += kLanes) {
    most = Max(most, scores[w]);
  }
  most = OverWarp(most, Larger());
  // Every lane has looked at scores[0].
  const float sum = WarpLaneSum(window, [=](int64_t w) {
    scores[w] = Exp(scores[w] - most);
    return scores[w];
  });
  for (int64_t w = Tile::Lane(); w < window; w += kLanes) {
    scores[w] = scores[w] / sum;
  }
  const float* fold = tile.memory.value.scale + tile.first + m;
  PutWeights(tile, m, PlainElements{window},
             [=](int64_t w) { return scores[w] * fold[w]; });
}

// Grid (tasks, tiles of steps).
template <int kTiles>
__global__ void __launch_bounds__(kTileThreads)
    AttentionForwardKernel(Attention a, HeadSizes n, TileLayout layout,
                           KeyValueRows memory, HeadRows vectors) {
  const Tile tile(n, layout, memory, a.first);
  ClearSums(tile);
  for (int64_t m = Tile::Warp(); m < tile.rows; m += kTileWarps) {
    const float* query = Head(a.query, tile.Row(m), tile.h, n.size);
    PutVector(tile, m, PlainElements{n.size},
              [query](int64_t i) { return query[i]; });
  }
  __syncthreads();
  const auto scores = [&](int64_t m) {
    return Head(a.weights, tile.Row(m), tile.h, n.window);
  };
  const auto relative = [&](int64_t m) {
    return Head(a.relative, a.relative.rows == 1 ? 0 : tile.Row(m), tile.h,
                n.window);
  };
  if (vectors.q != nullptr) {
    EachProduct<kTiles>(tile, {vectors, tile.h * n.window, n.window, false},
                        [&](int64_t m, int64_t w, float product) {
                          scores(m)[w] = product + relative(m)[w];
                        });
    __syncthreads();
  }
  EachProduct<kTiles>(
      tile, tile.Windows(memory.key), [&](int64_t m, int64_t w, float product) {
        const float place =
            vectors.q == nullptr ? relative(m)[w] : scores(m)[w];
        scores(m)[w] = (product + place) * a.scale;
      });
  __syncthreads();
  for (int64_t m = Tile::Warp(); m < tile.rows; m += kTileWarps) {
    SoftmaxRow(tile, m, scores(m));
  }
  __syncthreads();
  WeighRows<kTiles>(tile, memory.value);
  __syncthreads();
  StoreSums(tile, kActivationLimit, a.out);
}

// The gradients of the scores and of the query. Grid (tasks, tiles of steps).
template <int kTiles>
__global__ void __launch_bounds__(kTileThreads)
    AttentionRowsBackwardKernel(AttentionGradient g, DeviceNoise noise,
                                HeadSizes n, TileLayout layout,
                                KeyValueRows memory) {
  const Attention& a = g.attention;
  const Tile tile(n, layout, memory, /*first_step=*/0);
  const NoiseKey out_noise = TaskNoise(noise, 2, tile.task);
  const NoiseKey score_noise = TaskNoise(noise, 0, tile.task);
  ClearSums(tile);
  for (int64_t m = Tile::Warp(); m < tile.rows; m += kTileWarps) {
    const float* dout = Head(g.dout, tile.Row(m), tile.h, n.size);
    const float* out = Head(a.out, tile.Row(m), tile.h, n.size);
    PutVector(tile, m,
              NoisyElements{n.size, out_noise, 0, (tile.t0 + m) * n.size},
              [dout](int64_t i) { return dout[i]; });
    const float dot =
        WarpLaneSum(n.size, [=](int64_t i) { return dout[i] * out[i]; });
    if (Tile::Lane() == 0) tile.dots[m] = dot;
  }
  __syncthreads();
  EachProduct<kTiles>(tile, tile.Windows(memory.value),
                      [&](int64_t m, int64_t w, float dweight) {
                        const int64_t row = tile.Row(m);
                        const float weight =
                            Head(a.weights, row, tile.h, n.window)[w];
                        Head(g.drelative, row, tile.h, n.window)[w] =
                            Clamp((weight * (dweight - tile.dots[m])) * a.scale,
                                  -kGradientLimit, kGradientLimit);
                      });
  __syncthreads();
  for (int64_t m = Tile::Warp(); m < tile.rows; m += kTileWarps) {
    const float* dscores = Head(g.drelative, tile.Row(m), tile.h, n.window);
    const float* fold = memory.key.scale + tile.first + m;
    PutWeights(tile, m, NoisyElements{n.window, score_noise, tile.t0 + m, 0},
               [=](int64_t w) { return dscores[w] * fold[w]; });
  }
  __syncthreads();
  WeighRows<kTiles>(tile, memory.key);
  __syncthreads();
  StoreSums(tile, kGradientLimit, g.dquery);
}

// As many steps to a tile as there are, two fragments' rows at most, and as
// shared memory holds.
TileLayout LayoutOf(const HeadSizes& n) {
  int64_t rows = n.steps < 2 * kFragmentRows ? n.steps : 2 * kFragmentRows;
  while (rows > 1 && TileLayout(n, rows).Bytes() > kMostSharedBytes) {
    rows = (rows + 1) / 2;
  }
  return {n, rows};
}

template <typename... Parameters, typename... Arguments>
void LaunchTile(void (*small)(Parameters...), void (*large)(Parameters...),
                const HeadSizes& n, cudaStream_t stream,
                const Arguments&... arguments) {
  const TileLayout layout = LayoutOf(n);
  NNCPP_CHECK(layout.Bytes() <= kMostSharedBytes);
  Launch(layout.rows <= kFragmentRows ? small : large,
         dim3(Blocks(n.streams * n.heads, 1), Blocks(n.steps, layout.rows)),
         kTileThreads, layout.Bytes(), stream, arguments...);
}

}  // namespace

void QuantizeKeyValues(ConstMatrix key, ConstMatrix value, int64_t streams,
                       int64_t first, const KeyValueRows& out,
                       cudaStream_t stream) {
  if (key.rows == 0) return;
  Launch(QuantizeKeyValuesKernel,
         dim3(Blocks(key.rows * out.heads, kTileWarps), 2), kTileThreads, 0,
         stream, key, value, streams, first, out);
}

void MoveKeyValues(int64_t steps, const KeyValueRows& rows,
                   cudaStream_t stream) {
  if (steps == 0 || rows.tasks == 0) return;
  Launch(MoveKeyValuesKernel, Blocks(rows.tasks, 1), kTileThreads, 0, stream,
         steps, rows);
}

void AttentionForward(const Attention& a, const KeyValueRows& memory,
                      const HeadRows& vectors, cudaStream_t stream) {
  if (a.query.rows == 0) return;
  const HeadSizes n(a);
  LaunchTile(AttentionForwardKernel<1>, AttentionForwardKernel<2>, n, stream, a,
             n, LayoutOf(n), memory, vectors);
}

void AttentionBackward(const AttentionGradient& g, const DeviceNoise& noise,
                       const KeyValueRows& memory, const ColumnRoom& room,
                       const Processor& processor, cudaStream_t stream) {
  const Attention& a = g.attention;
  if (a.query.rows == 0) return;
  const HeadSizes n(a);
  LaunchTile(AttentionRowsBackwardKernel<1>, AttentionRowsBackwardKernel<2>, n,
             stream, g, noise, n, LayoutOf(n), memory);

  // Gradients of keys and values, sums over the steps t of a task: out[s] =
  // sum of left[t][s] right[t], where left[t][s] is the window's element at
  // distance t - s, the last being distance 0. So row t of left begins t
  // elements before that of a matrix.
  const int64_t tasks = n.streams * n.heads;
  const auto of_tasks = [&](const auto& x, int64_t width) {
    return Batch{tasks, n.heads, width, x.stride};
  };
  const auto columns = [&](ConstMatrix windows, ConstMatrix rows, bool noisy,
                           uint32_t use, Matrix out) {
    const ConstMatrix left(windows.data + n.window - 1, n.steps, n.steps,
                           n.streams * windows.stride - 1);
    const ConstMatrix right(rows.data, n.steps, n.size,
                            n.streams * rows.stride);
    DeviceNoise of_use = noise;
    of_use.tensor += use;
    QuantizeColumns({left, n.window, of_tasks(windows, n.window)},
                    noisy ? &of_use : nullptr, room.left,
                    processor.multiprocessors, stream);
    QuantizeColumns({right, 0, of_tasks(rows, n.size)},
                    noisy ? nullptr : &of_use, room.right,
                    processor.multiprocessors, stream);
    MultiplyTiles(room.left, room.right,
                  {.first = {out.data, n.steps, n.size, n.streams * out.stride},
                   .batch = of_tasks(out, n.size),
                   .limit = kGradientLimit},
                  processor, stream);
  };
  columns(g.drelative, a.query, true, 1, g.dkey);
  columns(a.weights, g.dout, false, 3, g.dvalue);
}

void VectorsBackward(const AttentionGradient& g, const DeviceNoise& noise,
                     const PositionRows& vectors, const VectorRoom& room,
                     const Processor& processor, cudaStream_t stream) {
  const Attention& a = g.attention;
  if (a.query.rows == 0) return;
  const int64_t heads = a.heads, size = a.query.cols / heads;
  const int64_t rows = a.query.rows, window = vectors.positions;
  const auto of_heads = [heads](int64_t step) {
    return Batch{heads, heads, step, 0};
  };
  const ConstMatrix dscores(g.drelative.data, rows, window, g.drelative.stride);
  const ConstMatrix query(a.query.data, rows, size, a.query.stride);
  QuantizeGradientRows(dscores, heads,
                       {.out = room.rows,
                        .fold = vectors.forward.scale,
                        .most_squares = vectors.most_squares,
                        .noise = noise},
                       stream);
  MultiplyTiles(room.rows, vectors.backward,
                {.first = {g.dquery.data, rows, size, g.dquery.stride},
                 .add = true,
                 .batch = of_heads(size)},
                processor, stream);
  DeviceNoise of_vectors = noise;
  of_vectors.tensor += 1;
  QuantizeColumns({dscores, 0, of_heads(window)}, &of_vectors, room.left,
                  processor.multiprocessors, stream);
  QuantizeColumns({query, 0, of_heads(size)}, nullptr, room.right,
                  processor.multiprocessors, stream);
  MultiplyTiles(room.left, room.right,
                {.first = {g.dvectors.data, window, size, g.dvectors.stride},
                 .batch = of_heads(window * g.dvectors.stride)},
                processor, stream);
}

}  // namespace nncpp::cuda
