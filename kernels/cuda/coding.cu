// kernels/cuda/coding.cu -- contract: kernels/cuda/coding.h
#include "kernels/cuda/coding.h"
#include "kernels/cuda/reduce.h"
#include "src/coder/interval.h"

namespace nncpp::cuda {
namespace {

constexpr int kMostCodingThreads = 512;
constexpr int kStreamThreads = 32;

// One block a row: the frequencies below its symbol.
__global__ void __launch_bounds__(kMostCodingThreads)
    SumBelowKernel(FrequencyRows f, const int32_t* symbols, uint64_t* below) {
  const int64_t row = blockIdx.x;
  const int32_t symbol = symbols[row];
  const uint64_t* frequency = f.frequency + row * f.symbols;
  uint64_t sum = 0;
  for (int64_t i = threadIdx.x; i < symbol; i += blockDim.x) {
    sum += frequency[i];
  }
  sum = OverBlock(sum, Shared<uint64_t[kMostWarps]>(), Plus());
  if (threadIdx.x == 0) below[row] = sum;
}

// One thread a stream: its symbols are coded one after the other.
__global__ void __launch_bounds__(kStreamThreads)
    EncodeKernel(FrequencyRows f, ConstSymbols symbols, const uint64_t* below,
                 EncoderState* states, uint8_t* bytes, int64_t room) {
  const int64_t b = int64_t{blockIdx.x} * kStreamThreads + threadIdx.x;
  if (b >= symbols.cols) return;
  uint8_t* out = bytes + b * room;
  EncoderState s = states[b];
  s.bytes = 0;
  s.carry = 0;
  for (int64_t t = 0; t < symbols.rows; ++t) {
    const int64_t row = t * symbols.cols + b;
    const int32_t symbol = symbols.data[row];
    if (symbol < 0) continue;
    const uint64_t frequency = f.frequency[row * f.symbols + symbol];
    const uint64_t begin = ShareOf(s.range, below[row], f.total[row]);
    const uint64_t end = ShareOf(s.range, below[row] + frequency, f.total[row]);
    s.low += begin;
    if (s.low < begin) {
      int64_t i = s.bytes;
      while (i > 0 && ++out[i - 1] == 0) --i;
      if (i == 0) s.carry = 1;
    }
    s.range = end - begin;
    while (s.range < kRangeMin) {
      out[s.bytes++] = static_cast<uint8_t>(s.low >> 56);
      s.low <<= 8;
      s.range <<= 8;
    }
  }
  states[b] = s;
}

struct DecodeScratch {
  uint64_t sum[kMostWarps];
  uint64_t point;
};

// The sum of the values of this thread and those before it.
__device__ __forceinline__ uint64_t SumUpToThread(uint64_t value,
                                                  uint64_t* scratch) {
  const unsigned lane = threadIdx.x % kLanes, warp = threadIdx.x / kLanes;
  for (unsigned step = 1; step < kLanes; step *= 2) {
    const uint64_t before = __shfl_up_sync(kAllLanes, value, step);
    if (lane >= step) value += before;
  }
  if (lane == kLanes - 1) scratch[warp] = value;
  __syncthreads();
  for (unsigned w = 0; w < warp; ++w) value += scratch[w];
  return value;
}

// One block a stream: each thread has some consecutive symbols, and the one
// whose symbols hold the point decodes. A sum of integers has no order.
__global__ void __launch_bounds__(kMostCodingThreads)
    DecodeKernel(FrequencyRows f, int64_t first_row, DecoderState* states,
                 int32_t* symbols) {
  DecodeScratch& scratch = Shared<DecodeScratch>();
  const int64_t b = blockIdx.x, row = first_row + b;
  DecoderState& state = states[b];
  if (state.left <= 0) {  // the whole block leaves together
    if (threadIdx.x == 0) symbols[b] = -1;
    return;
  }
  const uint64_t* frequency = f.frequency + row * f.symbols;
  const uint64_t total = f.total[row];
  const int64_t each = (f.symbols + blockDim.x - 1) / blockDim.x;
  const int64_t first = threadIdx.x * each;
  const int64_t last = first + each < f.symbols ? first + each : f.symbols;
  uint64_t mine = 0;
  for (int64_t i = first; i < last; ++i) mine += frequency[i];
  if (threadIdx.x == 0) {
    scratch.point = PointOf(state.offset, state.range, total);
  }
  const uint64_t end = SumUpToThread(mine, scratch.sum);
  const uint64_t point = scratch.point;
  if (point >= total) {
    if (threadIdx.x == 0) {
      symbols[b] = 0;
      state.sound = 0;
      --state.left;
    }
    return;
  }
  if (point >= end || point < end - mine) return;
  uint64_t below = end - mine;
  int64_t symbol = first;
  for (; below + frequency[symbol] <= point; ++symbol) {
    below += frequency[symbol];
  }
  const uint64_t from = ShareOf(state.range, below, total);
  uint64_t offset = state.offset - from;
  uint64_t range =
      ShareOf(state.range, below + frequency[symbol], total) - from;
  for (; range < kRangeMin; range <<= 8) {
    offset = offset << 8 | state.bytes[state.taken++];
  }
  state.offset = offset;
  state.range = range;
  --state.left;
  symbols[b] = static_cast<int32_t>(symbol);
}

}  // namespace

void EncodeSymbols(const FrequencyRows& f, ConstSymbols symbols,
                   uint64_t* below, EncoderState* states, uint8_t* bytes,
                   int64_t room, cudaStream_t stream) {
  const int64_t rows = symbols.rows * symbols.cols;
  if (rows == 0) return;
  Launch(SumBelowKernel, Blocks(rows, 1),
         Threads(f.symbols, kLanes, kMostCodingThreads),
         sizeof(uint64_t[kMostWarps]), stream, f, symbols.data, below);
  Launch(EncodeKernel, Blocks(symbols.cols, kStreamThreads), kStreamThreads, 0,
         stream, f, symbols, below, states, bytes, room);
}

void DecodeSymbols(const FrequencyRows& f, int64_t first_row,
                   DecoderState* states, Symbols symbols, cudaStream_t stream) {
  if (symbols.cols == 0) return;
  Launch(DecodeKernel, Blocks(symbols.cols, 1),
         Threads(f.symbols, kLanes, kMostCodingThreads), sizeof(DecodeScratch),
         stream, f, first_row, states, symbols.data);
}

}  // namespace nncpp::cuda
