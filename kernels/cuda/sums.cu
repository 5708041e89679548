// kernels/cuda/sums.cu -- law 2, and the symbols' sparse elements; contract:
// kernels/cuda/ops.h
#include "kernels/cuda/ops.h"

namespace nncpp::cuda {
namespace {

constexpr int kSumRows = 32;  // of threads; each row has kLanes columns

// `rows` rows in the order of their symbols, those of one symbol a group; or,
// without an order, one group of all (`rows` is 1 then).
struct RowGroups {
  const int32_t* symbols;
  const int32_t* order;
  int64_t rows;
};

struct SumScratch {
  uint32_t most[kSumRows][kLanes];
  int64_t sum[kSumRows][kLanes];
};

// The rows that one sum is of: order[i], or i where there is no order, for i in
// [begin, end), into row `out`.
struct Group {
  int64_t begin, end, out;
};

__device__ __forceinline__ int32_t SymbolAt(const RowGroups& groups,
                                            int64_t i) {
  return Looked(groups.symbols[groups.order[i]]);
}

// The run of equal symbols that begins at `first` of the order, which goes by
// symbols; empty where none begins.
__device__ __forceinline__ Group RunAt(const RowGroups& groups, int64_t first) {
  const int32_t symbol = SymbolAt(groups, first);
  if (first > 0 && SymbolAt(groups, first - 1) == symbol) {
    return {first, first, symbol};
  }
  int64_t low = first + 1, high = groups.rows;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (SymbolAt(groups, middle) == symbol) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return {first, low, symbol};
}

// Block (32 columns, 32 rows of threads), grid (1, or the places where a group
// may begin; columns / 32). A column's largest magnitude, then its integers:
// neither has an order.
template <bool kProducts>
__global__ void __launch_bounds__(kLanes* kSumRows)
    SumRowsKernel(ConstMatrix x, ConstMatrix y, RowGroups groups, Matrix out) {
  SumScratch& s = Shared<SumScratch>();
  const unsigned lane = threadIdx.x, first = threadIdx.y;
  const int64_t c = int64_t{blockIdx.y} * kLanes + lane;
  const bool all = groups.order == nullptr;
  const Group group = all ? Group{0, x.rows, 0} : RunAt(groups, blockIdx.x);
  if (!all && group.begin == group.end) return;  // the whole block leaves
  const auto term = [&](int64_t i) {
    const int64_t r = all ? i : groups.order[i];
    const float value = x.data[r * x.stride + c];
    if constexpr (kProducts) return value * y.data[r * y.stride + c];
    return value;
  };
  const int64_t begin = group.begin + first, end = group.end;

  uint32_t most = 0;
  NNCPP_UNROLL_BY(4)
  for (int64_t i = begin; i < end && c < x.cols; i += kSumRows) {
    const uint32_t bits = BitsFromFloat(Abs(term(i)));
    most = most < bits ? bits : most;
  }
  s.most[first][lane] = most;
  __syncthreads();
  for (int i = 0; i < kSumRows; ++i) {
    most = most < s.most[i][lane] ? s.most[i][lane] : most;
  }
  const int32_t e = ColumnExponent(most);
  const float inverse = PowerOfTwo(-e);
  int64_t sum = 0;
  NNCPP_UNROLL_BY(4)
  for (int64_t i = begin; i < end && c < x.cols; i += kSumRows) {
    sum += RoundToInt(term(i) * inverse);
  }
  s.sum[first][lane] = sum;
  __syncthreads();
  if (first != 0 || c >= x.cols) return;
  for (int i = 1; i < kSumRows; ++i) sum += s.sum[i][lane];
  out.data[group.out * out.stride + c] =
      static_cast<float>(sum) * PowerOfTwo(e);
}

constexpr int kOrderThreads = 128;

// One thread a row: its place among all in the order of their symbols.
__global__ void __launch_bounds__(kOrderThreads)
    OrderKernel(const int32_t* symbols, int64_t rows, int32_t* order) {
  const int64_t r = int64_t{blockIdx.x} * kOrderThreads + threadIdx.x;
  if (r >= rows) return;
  const int32_t mine = Looked(symbols[r]);
  int64_t place = 0;
  for (int64_t i = 0; i < rows; ++i) {
    const int32_t other = Looked(symbols[i]);
    if (other < mine || (other == mine && i < r)) ++place;
  }
  order[place] = static_cast<int32_t>(r);
}

constexpr int kElementThreads = 128;

// One thread an element; the first of a place adds all of that place.
__global__ void AddElementsKernel(const SparseElement* elements,
                                  const int32_t* order, int64_t count,
                                  Matrix x) {
  const int64_t i = int64_t{blockIdx.x} * kElementThreads + threadIdx.x;
  if (i >= count) return;
  const auto place = [&](int64_t at) {
    const SparseElement& e = elements[order[at]];
    return e.row * x.stride + e.column;
  };
  const int64_t mine = place(i);
  if (i > 0 && place(i - 1) == mine) return;
  float sum = x.data[mine];
  for (int64_t at = i; at < count && place(at) == mine; ++at) {
    sum = sum + elements[order[at]].value;
  }
  x.data[mine] = sum;
}

__global__ void GatherKernel(ConstMatrix x, const SparseElement* elements,
                             int64_t count, float* out) {
  const int64_t i = int64_t{blockIdx.x} * kElementThreads + threadIdx.x;
  if (i >= count) return;
  out[i] = x.data[elements[i].row * x.stride + elements[i].column];
}

void LaunchSum(ConstMatrix x, ConstMatrix y, const RowGroups& groups,
               Matrix out, cudaStream_t stream) {
  if (x.cols == 0 || groups.rows == 0) return;
  Launch(y.data == nullptr ? SumRowsKernel<false> : SumRowsKernel<true>,
         dim3(Blocks(groups.rows, 1), Blocks(x.cols, kLanes)),
         dim3(kLanes, kSumRows), sizeof(SumScratch), stream, x, y, groups, out);
}

}  // namespace

void SumBySymbols(ConstMatrix x, const int32_t* symbols, int32_t* order,
                  Matrix out, cudaStream_t stream) {
  if (x.rows == 0) return;
  Launch(OrderKernel, Blocks(x.rows, kOrderThreads), kOrderThreads, 0, stream,
         symbols, x.rows, order);
  LaunchSum(x, {}, {symbols, order, x.rows}, out, stream);
}

void SumAllRows(ConstMatrix x, ConstMatrix y, Matrix out, cudaStream_t stream) {
  LaunchSum(x, y, {nullptr, nullptr, 1}, out, stream);
}

void AddElements(const SparseElement* elements, const int32_t* order,
                 int64_t count, Matrix x, cudaStream_t stream) {
  if (count == 0) return;
  Launch(AddElementsKernel, Blocks(count, kElementThreads), kElementThreads, 0,
         stream, elements, order, count, x);
}

void Gather(ConstMatrix x, const SparseElement* elements, int64_t count,
            float* out, cudaStream_t stream) {
  if (count == 0) return;
  Launch(GatherKernel, Blocks(count, kElementThreads), kElementThreads, 0,
         stream, x, elements, count, out);
}

}  // namespace nncpp::cuda
