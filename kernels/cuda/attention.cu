// kernels/cuda/attention.cu -- contract: kernels/cuda/attention.h
//
// One block has one row and head: a step of a stream, and the window that it
// looks at. Its products are of integers, in any order; what a thread tells
// others through the row's own memory is behind a barrier.
#include "kernels/cuda/attention.h"
#include "kernels/cuda/quantize_block.h"

namespace nncpp::cuda {
namespace {

constexpr int kAttentionThreads = 128;

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

__device__ __forceinline__ NoiseKey TaskNoise(NoiseKey noise, uint32_t use,
                                              int64_t task) {
  noise.tensor += use + (static_cast<uint32_t>(task) << 16);
  return noise;
}

// Shared memory: a vector of a head, then one of a window, as integers.
struct HeadScratch {
  BlockScratch block;
  float sum;
};
__device__ __forceinline__ int32_t* VectorOf(HeadScratch& s) {
  return reinterpret_cast<int32_t*>(&s + 1);
}
int64_t HeadScratchBytes(const HeadSizes& n) {
  return int64_t{sizeof(HeadScratch)} +
         (n.size + n.window) * int64_t{sizeof(int32_t)};
}

// ---- keys and values --------------------------------------------------------

// Grid (rows times heads, 2): keys, then values.
__global__ void __launch_bounds__(kAttentionThreads)
    QuantizeKeyValuesKernel(ConstMatrix key, ConstMatrix value, int64_t streams,
                            int64_t first, KeyValueRows out) {
  BlockScratch& scratch = Shared<BlockScratch>();
  const int64_t r = blockIdx.x / out.heads, h = blockIdx.x % out.heads;
  const bool keys = blockIdx.y == 0;
  const HeadRows& to = keys ? out.key : out.value;
  const float* x = Head(keys ? key : value, r, h, out.head_size);
  const int64_t row =
      (r % streams * out.heads + h) * out.positions + first + r / streams;
  HalfBits* q = to.q + row * out.stride;
  // One exponent more: |q| <= kKeyMax.
  const float scale = QuantizeInBlock<NormWithin>(
      out.head_size, 1, scratch, [x](int64_t i) { return x[i]; }, NoNoise(),
      [q](int64_t i, int32_t rounded) { q[i] = HalfFromInteger(rounded); });
  if (threadIdx.x == 0) to.scale[row] = scale;
}

// One block a task. Positions move in runs of at most `steps`, which do not
// overlap themselves; a barrier ends each run.
__global__ void __launch_bounds__(kAttentionThreads)
    MoveKeyValuesKernel(int64_t steps, KeyValueRows rows) {
  const int64_t task = int64_t{blockIdx.x} * rows.positions;
  const int64_t left = rows.positions - steps;
  for (int64_t first = 0; first < left; first += steps) {
    const int64_t count = left - first < steps ? left - first : steps;
    const auto move = [&](const HeadRows& x) {
      HalfBits* q = x.q + (task + first) * rows.stride;
      float* scale = x.scale + task + first;
      for (int64_t i = threadIdx.x; i < count * rows.stride; i += blockDim.x) {
        q[i] = q[i + steps * rows.stride];
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

// ---- one row and head -------------------------------------------------------

// The integer product of a head's vector with row `row` of keys or values.
__device__ __forceinline__ int32_t Dot(const int32_t* x, const HeadRows& rows,
                                       int64_t row, int64_t stride,
                                       int64_t size) {
  const HalfBits* q = rows.q + row * stride;
  int32_t sum = 0;
  for (int64_t i = 0; i < size; ++i) sum += x[i] * IntegerFromHalf(q[i]);
  return sum;
}

// out = the sum of the window's rows with integer weights, times `scale`.
__device__ __forceinline__ void WeightedSum(const int32_t* weights,
                                            const HeadRows& rows, int64_t first,
                                            const KeyValueRows& memory,
                                            int64_t window, float scale,
                                            float limit, float* out) {
  for (int64_t d = threadIdx.x; d < memory.head_size; d += blockDim.x) {
    int32_t sum = 0;
    for (int64_t w = 0; w < window; ++w) {
      sum +=
          weights[w] * IntegerFromHalf(rows.q[(first + w) * memory.stride + d]);
    }
    out[d] = Clamp(static_cast<float>(sum) * scale, -limit, limit);
  }
}

// Grid (rows times heads).
__global__ void __launch_bounds__(kAttentionThreads)
    AttentionForwardKernel(Attention a, HeadSizes n, KeyValueRows memory) {
  HeadScratch& s = Shared<HeadScratch>();
  int32_t* q = VectorOf(s);
  int32_t* weight_q = q + n.size;
  const int64_t r = blockIdx.x / n.heads, h = blockIdx.x % n.heads;
  const int64_t task = r % n.streams * n.heads + h;
  const int64_t first = task * memory.positions + a.first + r / n.streams;
  const float* query = Head(a.query, r, h, n.size);
  const float* relative =
      Head(a.relative, a.relative.rows == 1 ? 0 : r, h, n.window);
  float* weights = Head(a.weights, r, h, n.window);

  const float query_scale = QuantizeInBlock<NormWithin>(
      n.size, 0, s.block, [=](int64_t i) { return query[i]; }, NoNoise(),
      [=](int64_t i, int32_t rounded) { q[i] = rounded; });
  __syncthreads();
  float most = 0;
  for (int64_t w = threadIdx.x; w < n.window; w += blockDim.x) {
    const int32_t sum = Dot(q, memory.key, first + w, memory.stride, n.size);
    const float product =
        static_cast<float>(sum) * (query_scale * memory.key.scale[first + w]);
    weights[w] = (product + relative[w]) * a.scale;
    most = w == threadIdx.x ? weights[w] : Max(most, weights[w]);
  }
  __syncthreads();
  if (threadIdx.x >= n.window) most = weights[0];
  most = OverBlock(most, s.block.number, Larger());
  for (int64_t w = threadIdx.x; w < n.window; w += blockDim.x) {
    weights[w] = Exp(weights[w] - most);
  }
  __syncthreads();
  if (threadIdx.x < kLanes) {
    const float sum =
        WarpLaneSum(n.window, [=](int64_t w) { return weights[w]; });
    if (threadIdx.x == 0) s.sum = sum;
  }
  __syncthreads();
  for (int64_t w = threadIdx.x; w < n.window; w += blockDim.x) {
    weights[w] = weights[w] / s.sum;
  }
  const float* fold = memory.value.scale + first;
  const float scale = QuantizeInBlock<SumWithin>(
      n.window, 0, s.block, [=](int64_t w) { return weights[w] * fold[w]; },
      NoNoise(), [=](int64_t w, int32_t rounded) { weight_q[w] = rounded; });
  __syncthreads();
  WeightedSum(weight_q, memory.value, first, memory, n.window, scale,
              kActivationLimit, Head(a.out, r, h, n.size));
}

// The gradients of the scores and of the query. Grid (rows times heads).
__global__ void __launch_bounds__(kAttentionThreads)
    AttentionRowsBackwardKernel(AttentionGradient g, DeviceNoise noise,
                                HeadSizes n, KeyValueRows memory) {
  HeadScratch& s = Shared<HeadScratch>();
  int32_t* q = VectorOf(s);
  int32_t* weight_q = q + n.size;
  const Attention& a = g.attention;
  const int64_t r = blockIdx.x / n.heads, h = blockIdx.x % n.heads;
  const int64_t task = r % n.streams * n.heads + h, t = r / n.streams;
  const int64_t first = task * memory.positions + t;
  const float* dout = Head(g.dout, r, h, n.size);
  const float* out = Head(a.out, r, h, n.size);
  const float* weights = Head(a.weights, r, h, n.window);
  float* dscores = Head(g.drelative, r, h, n.window);

  const float dout_scale = QuantizeInBlock<NormWithin>(
      n.size, 0, s.block, [=](int64_t i) { return dout[i]; },
      ElementNoise{TaskNoise(noise, 2, task), 0, t * n.size},
      [=](int64_t i, int32_t rounded) { q[i] = rounded; });
  if (threadIdx.x < kLanes) {
    const float dot =
        WarpLaneSum(n.size, [=](int64_t i) { return dout[i] * out[i]; });
    if (threadIdx.x == 0) s.sum = dot;
  }
  __syncthreads();
  for (int64_t w = threadIdx.x; w < n.window; w += blockDim.x) {
    const int32_t sum = Dot(q, memory.value, first + w, memory.stride, n.size);
    const float dweight =
        static_cast<float>(sum) * (dout_scale * memory.value.scale[first + w]);
    dscores[w] = Clamp((weights[w] * (dweight - s.sum)) * a.scale,
                       -kGradientLimit, kGradientLimit);
  }
  const float* fold = memory.key.scale + first;
  const float scale = QuantizeInBlock<SumWithin>(
      n.window, 0, s.block, [=](int64_t w) { return dscores[w] * fold[w]; },
      ElementNoise{TaskNoise(noise, 0, task), t, 0},
      [=](int64_t w, int32_t rounded) { weight_q[w] = rounded; });
  __syncthreads();
  WeightedSum(weight_q, memory.key, first, memory, n.window, scale,
              kGradientLimit, Head(g.dquery, r, h, n.size));
}

// ---- gradients of keys and values: sums over the steps ----------------------

// out[s] = sum over t of left[t][s] right[t], where left[t][s] is the window's
// element at distance t - s, the last being distance 0.
struct ColumnProduct {
  ConstMatrix left, right;
  Matrix out;
  bool left_noisy;  // otherwise the right one is
  DeviceNoise noise;
  uint32_t use;
};

// One column to halves of `steps` elements; returns its scale. By one thread.
template <typename Value, typename NoiseOf>
__device__ __forceinline__ float QuantizeColumn(int64_t steps, Value value,
                                                NoiseOf noise, HalfBits* q) {
  uint32_t most = 0;
  for (int64_t t = 0; t < steps; ++t) {
    most = Larger()(most, BitsFromFloat(Abs(value(t))));
  }
  int32_t e = most == 0 ? 0 : OperandExponent(most);
  for (;;) {
    const float inverse = PowerOfTwo(-e);
    int64_t squares = 0;
    for (int64_t t = 0; t < steps; ++t) {
      const int32_t rounded = RoundToInt(value(t) * inverse + noise(t));
      squares += rounded * rounded;
      q[t] = HalfFromInteger(rounded);
    }
    const int32_t shift = NormShift(squares, kOperandNorm);
    if (shift == 0) return PowerOfTwo(e);
    e += shift;
  }
}

// One block a task: a thread quantises whole columns, of the window and then
// of the head; after a barrier they share out the products.
__global__ void __launch_bounds__(kAttentionThreads)
    ColumnProductKernel(ColumnProduct p, HeadSizes n, ColumnRoom room) {
  const int64_t task = blockIdx.x, b = task / n.heads, h = task % n.heads;
  const int64_t columns = n.steps + n.size;
  HalfBits* q = room.q + task * columns * n.steps;
  float* scale = room.scale + task * columns;
  const NoiseKey key = TaskNoise(p.noise, p.use, task);
  for (int64_t c = threadIdx.x; c < columns; c += blockDim.x) {
    const bool left = c < n.steps;
    const int64_t column = left ? c : c - n.steps;
    const auto value = [&](int64_t t) {
      const int64_t row = t * n.streams + b;
      if (!left) return Head(p.right, row, h, n.size)[column];
      const int64_t distance = t - column;
      if (distance < 0 || distance >= n.window) return 0.0f;
      return Head(p.left, row, h, n.window)[n.window - 1 - distance];
    };
    const bool noisy = left == p.left_noisy;
    const auto noise = [&](int64_t t) {
      return noisy ? ElementNoise{key, t, 0}(column) : 0.0f;
    };
    scale[c] = QuantizeColumn(n.steps, value, noise, q + c * n.steps);
  }
  __syncthreads();
  for (int64_t i = threadIdx.x; i < n.steps * n.size; i += blockDim.x) {
    const int64_t s = i / n.size, d = i % n.size;
    const HalfBits* left = q + s * n.steps;
    const HalfBits* right = q + (n.steps + d) * n.steps;
    int32_t sum = 0;
    for (int64_t t = 0; t < n.steps; ++t) {
      sum += IntegerFromHalf(left[t]) * IntegerFromHalf(right[t]);
    }
    const float product =
        static_cast<float>(sum) * (scale[s] * scale[n.steps + d]);
    Head(p.out, s * n.streams + b, h, n.size)[d] =
        Clamp(product, -kGradientLimit, kGradientLimit);
  }
}

}  // namespace

void QuantizeKeyValues(ConstMatrix key, ConstMatrix value, int64_t streams,
                       int64_t first, const KeyValueRows& out,
                       cudaStream_t stream) {
  if (key.rows == 0) return;
  Launch(QuantizeKeyValuesKernel, dim3(Blocks(key.rows * out.heads, 1), 2),
         Threads(out.head_size, kLanes, kAttentionThreads),
         sizeof(BlockScratch), stream, key, value, streams, first, out);
}

void MoveKeyValues(int64_t steps, const KeyValueRows& rows,
                   cudaStream_t stream) {
  if (steps == 0 || rows.tasks == 0) return;
  Launch(MoveKeyValuesKernel, Blocks(rows.tasks, 1), kAttentionThreads, 0,
         stream, steps, rows);
}

void AttentionForward(const Attention& a, const KeyValueRows& memory,
                      cudaStream_t stream) {
  if (a.query.rows == 0) return;
  const HeadSizes n(a);
  Launch(AttentionForwardKernel, Blocks(a.query.rows * n.heads, 1),
         kAttentionThreads, HeadScratchBytes(n), stream, a, n, memory);
}

int64_t ColumnScales(const Attention& a) {
  const HeadSizes n(a);
  return n.streams * n.heads * (n.steps + n.size);
}

int64_t ColumnElements(const Attention& a) {
  return ColumnScales(a) * HeadSizes(a).steps;
}

void AttentionBackward(const AttentionGradient& g, const DeviceNoise& noise,
                       const KeyValueRows& memory, const ColumnRoom& room,
                       cudaStream_t stream) {
  const Attention& a = g.attention;
  if (a.query.rows == 0) return;
  const HeadSizes n(a);
  Launch(AttentionRowsBackwardKernel, Blocks(a.query.rows * n.heads, 1),
         kAttentionThreads, HeadScratchBytes(n), stream, g, noise, n, memory);
  const auto columns = [&](const ColumnProduct& product) {
    Launch(ColumnProductKernel, Blocks(n.streams * n.heads, 1),
           kAttentionThreads, 0, stream, product, n, room);
  };
  columns({g.drelative, a.query, g.dkey, true, noise, 1});
  columns({a.weights, g.dout, g.dvalue, false, noise, 3});
}

}  // namespace nncpp::cuda
