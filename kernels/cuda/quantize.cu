// kernels/cuda/quantize.cu -- contract: kernels/cuda/quantize.h
#include "kernels/cuda/noise.h"
#include "kernels/cuda/quantize.h"
#include "kernels/cuda/reduce.h"

namespace nncpp::cuda {
namespace {

// ---- rows: one block each ---------------------------------------------------

constexpr int kMostRowThreads = 256;

struct RowQuantizer {
  ConstMatrix x;
  const float* fold;  // null: 1
  DeviceNoise noise;
  int64_t first_row;
  const unsigned long long* most_squares;
  Operand out;
};

union RowScratch {
  uint32_t most[kMostWarps];
  int64_t squares[kMostWarps];
};

// Thread t works on the elements of counters t, t + threads, ...; maxima
// and sums of squares are integers, so no result depends on the order.
template <bool kStochastic>
__global__ void __launch_bounds__(kMostRowThreads)
    QuantizeRowsKernel(RowQuantizer a) {
  RowScratch& scratch = Shared<RowScratch>();
  const int64_t row = blockIdx.x, n = a.x.cols;
  const float* x = a.x.data + row * a.x.stride;
  HalfBits* q = a.out.q + row * a.out.stride;
  const int64_t counters = CountersOf(n);
  NoiseKey key;
  if constexpr (kStochastic) key = a.noise;
  const auto value = [&](int64_t i) {
    if constexpr (kStochastic) return x[i] * a.fold[i];
    return x[i];
  };
  // Calls run(i, j) for each element i, the j-th of its counter.
  const auto each = [&](int64_t counter, auto run) {
    for (int j = 0; j < kPerCounter; ++j) {
      const int64_t i = ElementOf(counter, j);
      if (i < n) run(i, j);
    }
  };

  uint32_t most = 0;
  for (int64_t c = threadIdx.x; c < counters; c += blockDim.x) {
    each(c, [&](int64_t i, int) {
      most = Larger()(most, BitsFromFloat(Abs(value(i))));
    });
  }
  most = OverBlock(most, scratch.most, Larger());
  int64_t norm = kOperandNorm;
  if constexpr (kStochastic) {
    norm = GradientNorm(static_cast<int64_t>(*a.most_squares));
  }
  int32_t e = most == 0 ? 0 : OperandExponent(most);
  for (;;) {
    const float inverse = PowerOfTwo(-e);
    int64_t squares = 0;
    for (int64_t c = threadIdx.x; c < counters; c += blockDim.x) {
      const auto store = [&](int64_t i, int32_t rounded) {
        squares += rounded * rounded;
        q[i] = HalfFromInteger(rounded);
      };
      if constexpr (kStochastic) {
        const Noise noise(key, c, a.first_row + row);
        each(c, [&](int64_t i, int j) {
          store(i, RoundToInt(value(i) * inverse + noise[j]));
        });
      } else {
        each(c,
             [&](int64_t i, int) { store(i, RoundToInt(value(i) * inverse)); });
      }
    }
    squares = OverBlock(squares, scratch.squares, Plus());
    const int32_t shift = NormShift(squares, norm);
    if (shift == 0) break;
    e += shift;
  }
  if (threadIdx.x == 0) a.out.scale[row] = PowerOfTwo(e);
  for (int64_t i = n + threadIdx.x; i < a.out.stride; i += blockDim.x) {
    q[i] = 0;
  }
}

// ---- columns: one block for kNoiseBlock of them -----------------------------

constexpr int kTileRows = 32;
constexpr int kColumnThreads = kNoiseStride * kTileRows;
constexpr int kTilePitch = kTileRows + 2;  // odd in words: no bank conflicts

struct ColumnScratch {
  uint32_t most[kNoiseBlock];
  int32_t exponent[kNoiseBlock];
  unsigned long long squares[kNoiseBlock];
  HalfBits tile[kNoiseBlock * kTilePitch];
};

// Thread t works on the eight columns of counter t mod 16 in rows t / 16,
// t / 16 + 32, ...; integer atomics gather what the threads find. When all
// columns have their exponents, tiles of 32 rows are written transposed.
template <bool kStochastic>
__global__ void __launch_bounds__(kColumnThreads)
    QuantizeColumnsKernel(ConstMatrix x, DeviceNoise noise_on_device,
                          Operand out) {
  ColumnScratch& s = Shared<ColumnScratch>();
  const int thread = static_cast<int>(threadIdx.x);
  const int l = thread % kNoiseStride, first_row = thread / kNoiseStride;
  const int64_t first = int64_t{blockIdx.x} * kNoiseBlock;
  const int64_t counter = int64_t{blockIdx.x} * kNoiseStride + l;
  NoiseKey key;
  if constexpr (kStochastic) key = noise_on_device;

  // Calls run(j, c, q) with the rounded integers of row r, where column c of
  // the block is the j-th of this counter.
  const auto each = [&](int64_t r, auto run) {
    const float* in = x.data + r * x.stride + first;
    const auto columns = [&](auto noise) {
      for (int j = 0; j < kPerCounter; ++j) {
        const int c = j * kNoiseStride + l;
        if (first + c >= x.cols) continue;
        const float scaled = in[c] * PowerOfTwo(-s.exponent[c]);
        run(j, c, RoundToInt(noise(j, scaled)));
      }
    };
    if constexpr (kStochastic) {
      const Noise noise(key, counter, r);
      columns([&](int j, float scaled) { return scaled + noise[j]; });
    } else {
      columns([&](int, float scaled) { return scaled; });
    }
  };

  if (thread < kNoiseBlock) {
    s.most[thread] = 0;
    s.squares[thread] = 0;
  }
  __syncthreads();
  for (int j = 0; j < kPerCounter; ++j) {
    const int c = j * kNoiseStride + l;
    uint32_t most = 0;
    for (int64_t r = first_row; r < x.rows && first + c < x.cols;
         r += kTileRows) {
      const float value = x.data[r * x.stride + first + c];
      most = Larger()(most, BitsFromFloat(Abs(value)));
    }
    atomicMax(&s.most[c], most);
  }
  __syncthreads();
  if (thread < kNoiseBlock) {
    const uint32_t most = s.most[thread];
    s.exponent[thread] = most == 0 ? 0 : OperandExponent(most);
  }
  __syncthreads();
  for (bool done = false; !done;) {
    unsigned long long squares[kPerCounter] = {};
    for (int64_t r = first_row; r < x.rows; r += kTileRows) {
      each(r, [&](int j, int, int32_t q) {
        squares[j] += static_cast<unsigned long long>(q * q);
      });
    }
    for (int j = 0; j < kPerCounter; ++j) {
      atomicAdd(&s.squares[j * kNoiseStride + l], squares[j]);
    }
    __syncthreads();
    done = true;
    for (int c = 0; c < kNoiseBlock; ++c) {
      const auto sum = static_cast<int64_t>(s.squares[c]);
      done = done && sum <= kOperandNorm * kOperandNorm;
    }
    __syncthreads();
    if (thread < kNoiseBlock) {
      const auto sum = static_cast<int64_t>(s.squares[thread]);
      s.exponent[thread] += NormShift(sum, kOperandNorm);
      s.squares[thread] = 0;
    }
    __syncthreads();
  }

  if (thread < kNoiseBlock && first + thread < x.cols) {
    out.scale[first + thread] = PowerOfTwo(s.exponent[thread]);
  }
  for (int64_t from = 0; from < out.stride; from += kTileRows) {
    const int64_t r = from + first_row;
    if (r < x.rows) {
      each(r, [&](int, int c, int32_t q) {
        s.tile[c * kTilePitch + first_row] = HalfFromInteger(q);
      });
    }
    __syncthreads();
    for (int i = thread; i < kNoiseBlock * kTileRows; i += kColumnThreads) {
      const int c = i / kTileRows, row = i % kTileRows;
      if (first + c >= x.cols) continue;
      out.q[(first + c) * out.stride + from + row] =
          from + row < x.rows ? s.tile[c * kTilePitch + row] : HalfBits{0};
    }
    __syncthreads();
  }
}

// ---- weights, the other way round -------------------------------------------

constexpr int kTransposeRows = 8;

struct TransposeTile {
  HalfBits q[kOperandPad][kOperandPad + 2];
};

// Block (32, 8), grid over tiles of 32 x 32: x along the depth, y along rows.
__global__ void TransposeKernel(Operand from, Operand to) {
  TransposeTile& tile = Shared<TransposeTile>();
  const int64_t k = int64_t{blockIdx.x} * kOperandPad,
                n = int64_t{blockIdx.y} * kOperandPad;
  const unsigned x = threadIdx.x;
  for (unsigned y = threadIdx.y; y < kOperandPad; y += kTransposeRows) {
    tile.q[y][x] =
        n + y < from.rows ? from.q[(n + y) * from.stride + k + x] : HalfBits{0};
  }
  __syncthreads();
  for (unsigned y = threadIdx.y; y < kOperandPad; y += kTransposeRows) {
    if (k + y < to.rows) to.q[(k + y) * to.stride + n + x] = tile.q[x][y];
  }
}

// One warp a row.
__global__ void RowSquaresKernel(Operand a, unsigned long long* most) {
  const int64_t row =
      int64_t{blockIdx.x} * kTransposeRows + threadIdx.x / kLanes;
  if (row >= a.rows) return;  // the whole warp leaves together
  unsigned long long sum = 0;
  for (int64_t i = threadIdx.x % kLanes; i < a.stride; i += kLanes) {
    const int32_t q = IntegerFromHalf(a.q[row * a.stride + i]);
    sum += static_cast<unsigned long long>(q * q);
  }
  for (int step = kLanes / 2; step > 0; step /= 2) {
    sum += __shfl_xor_sync(kAllLanes, sum, step);
  }
  if (threadIdx.x % kLanes == 0) atomicMax(most, sum);
}

}  // namespace

void QuantizeRows(ConstMatrix x, const Operand& out, cudaStream_t stream) {
  if (x.rows == 0) return;
  Launch(QuantizeRowsKernel<false>, Blocks(x.rows, 1),
         CounterThreads(x.cols, kMostRowThreads), sizeof(RowScratch), stream,
         RowQuantizer{x, nullptr, {}, 0, nullptr, out});
}

void QuantizeGradientRows(ConstMatrix x, const float* fold,
                          const DeviceNoise& noise, int64_t first_row,
                          const unsigned long long* most_squares,
                          const Operand& out, cudaStream_t stream) {
  if (x.rows == 0) return;
  Launch(QuantizeRowsKernel<true>, Blocks(x.rows, 1),
         CounterThreads(x.cols, kMostRowThreads), sizeof(RowScratch), stream,
         RowQuantizer{x, fold, noise, first_row, most_squares, out});
}

void QuantizeColumns(ConstMatrix x, const DeviceNoise* noise,
                     const Operand& out, cudaStream_t stream) {
  if (x.cols == 0) return;
  Launch(noise == nullptr ? QuantizeColumnsKernel<false>
                          : QuantizeColumnsKernel<true>,
         Blocks(x.cols, kNoiseBlock), kColumnThreads, sizeof(ColumnScratch),
         stream, x, noise == nullptr ? DeviceNoise() : *noise, out);
}

void Transpose(const Operand& from, const Operand& to,
               unsigned long long* most_squares, cudaStream_t stream) {
  Launch(TransposeKernel,
         dim3(Blocks(from.stride, kOperandPad), Blocks(to.stride, kOperandPad)),
         dim3(kOperandPad, kTransposeRows), sizeof(TransposeTile), stream, from,
         to);
  NNCPP_CUDA_CHECK(
      cudaMemsetAsync(most_squares, 0, sizeof(*most_squares), stream));
  Launch(RowSquaresKernel, Blocks(to.rows, kTransposeRows),
         kTransposeRows * kLanes, 0, stream, to, most_squares);
}

}  // namespace nncpp::cuda
