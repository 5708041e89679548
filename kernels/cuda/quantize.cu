// kernels/cuda/quantize.cu -- contract: kernels/cuda/quantize.h
#include "kernels/cuda/noise.h"
#include "kernels/cuda/quantize.h"
#include "kernels/cuda/quantize_block.h"

namespace nncpp::cuda {
namespace {

// ---- rows: one block each ---------------------------------------------------

constexpr int kMostRowThreads = 256;

__global__ void __launch_bounds__(kMostRowThreads)
    QuantizeRowsKernel(ConstMatrix x, Operand out) {
  const int64_t row = blockIdx.x;
  const float* in = x.data + row * x.stride;
  QuantizeRowInBlock(x.cols, out, row, Shared<RowScratch>(),
                     [in](int64_t i) { return in[i]; });
}

// Grid (rows times heads).
__global__ void __launch_bounds__(kMostRowThreads)
    QuantizeGradientRowsKernel(ConstMatrix x, int64_t heads,
                               GradientOperand a) {
  const int64_t row = blockIdx.x / heads, h = blockIdx.x % heads;
  const int64_t n = x.cols;
  const float* in = x.data + row * x.stride + h * n;
  const float* fold = a.fold + h * n;
  NoiseKey key = a.noise;
  key.tensor += static_cast<uint32_t>(h) << 16;
  QuantizeInBlock(NoisyRow{n, key, a.first_row + row},
                  GradientNorm(static_cast<int64_t>(a.most_squares[h])), a.out,
                  h * x.rows + row, Shared<RowScratch>(),
                  [=](int64_t i) { return in[i] * fold[i]; });
}

// ---- columns ----------------------------------------------------------------

constexpr int kColumnThreads = 512;

// A block works on the columns of kCounters counters of a block of noise: l,
// l + 16, ... for each counter l. Few counters make more blocks. Grid (batch,
// counters).
template <int kCounters>
struct ColumnScratch {
  static constexpr int kColumns = kCounters * kPerCounter;
  static constexpr int kTileRows = kColumnThreads / kCounters;
  static constexpr int kPitch = kTileRows + 2;  // odd in words: no conflicts

  uint32_t most[kColumns];
  int32_t exponent[kColumns];
  unsigned long long squares[kColumns];
  HalfBits tile[kColumns * kPitch];
};

// A thread's part of the columns of a block. Thread t works on the eight
// columns of counter t mod kCounters in rows t / kCounters, and so on. Column c
// of the scratch is that of counter c mod kCounters, number c / kCounters.
template <bool kStochastic, int kCounters>
struct ColumnWork {
  using Scratch = ColumnScratch<kCounters>;
  static constexpr int kColumns = Scratch::kColumns;
  static constexpr int kRows = Scratch::kTileRows;

  __device__ ColumnWork(const Columns& columns, const DeviceNoise& noise,
                        const Operand& operand)
      : s(Shared<Scratch>()),
        in(columns),
        out(operand),
        thread(static_cast<int>(threadIdx.x)),
        first_row(thread / kCounters),
        counter(int64_t{blockIdx.y} * kCounters + thread % kCounters),
        data(in.x.data + in.batch.Offset(blockIdx.x)) {
    if constexpr (kStochastic) {
      key = noise;
      key.tensor += static_cast<uint32_t>(blockIdx.x) << 16;
    }
  }

  __device__ __forceinline__ float Value(int64_t r, int64_t c) const {
    const bool within = in.band == 0 || (r >= c && r - c < in.band);
    return within ? data[r * in.x.stride + c] : 0.0f;
  }
  // The column of the scratch's number c.
  __device__ __forceinline__ int64_t ColumnOf(int c) const {
    return ElementOf(int64_t{blockIdx.y} * kCounters + c % kCounters,
                     c / kCounters);
  }
  // Calls run(c) for this thread's share of the scratch's columns.
  template <typename Run>
  __device__ __forceinline__ void EachOfScratch(Run run) const {
    for (int c = thread; c < kColumns; c += kColumnThreads) run(c);
  }
  // Calls run(c, column, j) for this thread's columns, c by the scratch's
  // number.
  template <typename Run>
  __device__ __forceinline__ void EachColumn(Run run) const {
    NNCPP_UNROLL
    for (int j = 0; j < kPerCounter; ++j) {
      const int64_t column = ElementOf(counter, j);
      if (column < in.x.cols)
        run(j * kCounters + thread % kCounters, column, j);
    }
  }
  // Calls run(c, q, j) with the rounded integers of row r.
  template <typename Run>
  __device__ __forceinline__ void EachInteger(int64_t r, Run run) const {
    const auto rounded = [&](auto noisy) {
      EachColumn([&](int c, int64_t column, int j) {
        const float scaled = Value(r, column) * PowerOfTwo(-s.exponent[c]);
        run(c, RoundToInt(noisy(j, scaled)), j);
      });
    };
    if constexpr (kStochastic) {
      const Noise noise(key, counter, r);
      rounded([&](int j, float scaled) { return scaled + noise[j]; });
    } else {
      rounded([&](int, float scaled) { return scaled; });
    }
  }

  __device__ __forceinline__ void FindExponents() const;
  __device__ __forceinline__ void RaiseExponents() const;
  __device__ __forceinline__ void Write() const;

  Scratch& s;
  const Columns& in;
  const Operand& out;
  int thread, first_row;
  int64_t counter;
  const float* data;
  NoiseKey key;
};

// By the largest magnitudes, to which integer atomics bring what the threads
// find.
template <bool kStochastic, int kCounters>
__device__ __forceinline__ void
ColumnWork<kStochastic, kCounters>::FindExponents() const {
  EachOfScratch([&](int c) {
    s.most[c] = 0;
    s.squares[c] = 0;
  });
  __syncthreads();
  uint32_t most[kPerCounter] = {};
  for (int64_t r = first_row; r < in.x.rows; r += kRows) {
    EachColumn([&](int, int64_t column, int j) {
      most[j] = Larger()(most[j], BitsFromFloat(Abs(Value(r, column))));
    });
  }
  EachColumn([&](int c, int64_t, int j) { atomicMax(&s.most[c], most[j]); });
  __syncthreads();
  EachOfScratch([&](int c) {
    s.exponent[c] = s.most[c] == 0 ? 0 : OperandExponent(s.most[c]);
  });
  __syncthreads();
}

// Until all norms hold.
template <bool kStochastic, int kCounters>
__device__ __forceinline__ void
ColumnWork<kStochastic, kCounters>::RaiseExponents() const {
  for (bool done = false; !done;) {
    unsigned long long squares[kPerCounter] = {};
    for (int64_t r = first_row; r < in.x.rows; r += kRows) {
      EachInteger(r, [&](int, int32_t rounded, int j) {
        squares[j] += static_cast<unsigned long long>(rounded * rounded);
      });
    }
    EachColumn(
        [&](int c, int64_t, int j) { atomicAdd(&s.squares[c], squares[j]); });
    __syncthreads();
    done = true;
    for (int c = 0; c < kColumns; ++c) {
      const auto sum = static_cast<int64_t>(s.squares[c]);
      done = done && sum <= kOperandNorm * kOperandNorm;
    }
    __syncthreads();
    EachOfScratch([&](int c) {
      const auto sum = static_cast<int64_t>(s.squares[c]);
      s.exponent[c] += NormShift(sum, kOperandNorm);
      s.squares[c] = 0;
    });
    __syncthreads();
  }
}

// The scales, and tiles of rows transposed.
template <bool kStochastic, int kCounters>
__device__ __forceinline__ void ColumnWork<kStochastic, kCounters>::Write()
    const {
  EachOfScratch([&](int c) {
    if (ColumnOf(c) >= in.x.cols) return;
    out.scale[blockIdx.x * out.rows + ColumnOf(c)] = PowerOfTwo(s.exponent[c]);
  });
  HalfBits* const q = out.q + blockIdx.x * out.rows * out.stride;
  for (int64_t from = 0; from < out.stride; from += kRows) {
    const int64_t r = from + first_row;
    if (r < in.x.rows) {
      EachInteger(r, [&](int c, int32_t rounded, int) {
        s.tile[c * Scratch::kPitch + first_row] = HalfFromInteger(rounded);
      });
    }
    __syncthreads();
    for (int i = thread; i < kColumns * kRows; i += kColumnThreads) {
      const int c = i / kRows, row = i % kRows;
      if (ColumnOf(c) >= in.x.cols || from + row >= out.stride) continue;
      q[ColumnOf(c) * out.stride + from + row] =
          from + row < in.x.rows ? s.tile[c * Scratch::kPitch + row]
                                 : HalfBits{0};
    }
    __syncthreads();
  }
}

template <bool kStochastic, int kCounters>
__global__ void __launch_bounds__(kColumnThreads)
    QuantizeColumnsKernel(Columns in, DeviceNoise noise, Operand out) {
  const ColumnWork<kStochastic, kCounters> work(in, noise, out);
  work.FindExponents();
  work.RaiseExponents();
  work.Write();
}

template <bool kStochastic, int kCounters>
void LaunchColumns(const Columns& in, const DeviceNoise& noise,
                   const Operand& out, cudaStream_t stream) {
  Launch(QuantizeColumnsKernel<kStochastic, kCounters>,
         dim3(static_cast<unsigned>(in.batch.count),
              Blocks(CountersOf(in.x.cols), kCounters)),
         kColumnThreads, sizeof(ColumnScratch<kCounters>), stream, in, noise,
         out);
}

// ---- weights, the other way round -------------------------------------------

constexpr int kTransposeRows = 8;

struct TransposeTile {
  HalfBits q[kOperandPad][kOperandPad + 2];
};

// Block (32, 8), grid over tiles of 32 x 32: x along the depth, y along rows; z
// along the batch.
__global__ void TransposeKernel(Operand from, Operand to) {
  TransposeTile& tile = Shared<TransposeTile>();
  const int64_t k = int64_t{blockIdx.x} * kOperandPad,
                n = int64_t{blockIdx.y} * kOperandPad;
  const HalfBits* in = from.q + blockIdx.z * from.rows * from.stride;
  HalfBits* out = to.q + blockIdx.z * to.rows * to.stride;
  const unsigned x = threadIdx.x;
  for (unsigned y = threadIdx.y; y < kOperandPad; y += kTransposeRows) {
    tile.q[y][x] =
        n + y < from.rows ? in[(n + y) * from.stride + k + x] : HalfBits{0};
  }
  __syncthreads();
  for (unsigned y = threadIdx.y; y < kOperandPad; y += kTransposeRows) {
    if (k + y < to.rows) out[(k + y) * to.stride + n + x] = tile.q[x][y];
  }
}

// One warp a row; grid y along the batch.
__global__ void RowSquaresKernel(Operand a, unsigned long long* most) {
  const int64_t row =
      int64_t{blockIdx.x} * kTransposeRows + threadIdx.x / kLanes;
  if (row >= a.rows) return;  // the whole warp leaves together
  const HalfBits* q = a.q + (blockIdx.y * a.rows + row) * a.stride;
  unsigned long long sum = 0;
  for (int64_t i = threadIdx.x % kLanes; i < a.stride; i += kLanes) {
    const int32_t value = IntegerFromHalf(q[i]);
    sum += static_cast<unsigned long long>(value * value);
  }
  sum = OverWarp(sum, Plus());
  if (threadIdx.x % kLanes == 0) atomicMax(most + blockIdx.y, sum);
}

}  // namespace

void QuantizeRows(ConstMatrix x, const Operand& out, cudaStream_t stream) {
  if (x.rows == 0) return;
  Launch(QuantizeRowsKernel, Blocks(x.rows, 1),
         Threads(x.cols, kLanes, kMostRowThreads), sizeof(RowScratch), stream,
         x, out);
}

void QuantizeGradientRows(ConstMatrix x, int64_t heads,
                          const GradientOperand& to, cudaStream_t stream) {
  if (x.rows == 0) return;
  Launch(QuantizeGradientRowsKernel, Blocks(x.rows * heads, 1),
         CounterThreads(x.cols, kMostRowThreads), sizeof(RowScratch), stream, x,
         heads, to);
}

void QuantizeColumns(const Columns& in, const DeviceNoise* noise,
                     const Operand& out, int multiprocessors,
                     cudaStream_t stream) {
  if (in.x.cols == 0 || in.batch.count == 0) return;
  constexpr int kFew = kNoiseStride / 4;
  const bool fill =
      Blocks(in.x.cols, kNoiseBlock) * in.batch.count < multiprocessors;
  if (noise == nullptr) {
    (fill ? LaunchColumns<false, kFew>
          : LaunchColumns<false, kNoiseStride>)(in, DeviceNoise(), out, stream);
  } else {
    (fill ? LaunchColumns<true, kFew>
          : LaunchColumns<true, kNoiseStride>)(in, *noise, out, stream);
  }
}

void Transpose(const Operand& from, const Operand& to, int64_t batch,
               unsigned long long* most_squares, cudaStream_t stream) {
  const auto count = static_cast<unsigned>(batch);
  Launch(TransposeKernel,
         dim3(Blocks(from.stride, kOperandPad), Blocks(to.stride, kOperandPad),
              count),
         dim3(kOperandPad, kTransposeRows), sizeof(TransposeTile), stream, from,
         to);
  NNCPP_CUDA_CHECK(
      cudaMemsetAsync(most_squares, 0, sizeof(*most_squares) * count, stream));
  Launch(RowSquaresKernel, dim3(Blocks(to.rows, kTransposeRows), count),
         kTransposeRows * kLanes, 0, stream, to, most_squares);
}

}  // namespace nncpp::cuda
