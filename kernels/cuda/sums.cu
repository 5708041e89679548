// kernels/cuda/sums.cu -- law 2, and the symbols' sparse elements; contract:
// kernels/cuda/ops.h
#include "kernels/cuda/ops.h"

namespace nncpp::cuda {
namespace {

constexpr int kSumRows = 16;  // of threads; each row has kLanes columns

struct SumScratch {
  uint32_t most[kSumRows][kLanes];
  int64_t sum[kSumRows][kLanes];
};

// Block (32 columns, 16 rows of threads), grid (columns / 32, groups). A
// column's largest magnitude, then its integers: neither has an order.
template <bool kProducts>
__global__ void __launch_bounds__(kLanes* kSumRows)
    SumRowsKernel(ConstMatrix x, ConstMatrix y, RowGroups groups, Matrix out) {
  SumScratch& s = Shared<SumScratch>();
  const unsigned lane = threadIdx.x, first = threadIdx.y;
  const int64_t c = int64_t{blockIdx.x} * kLanes + lane;
  const bool all = groups.order == nullptr;
  const int64_t g = blockIdx.y;
  const int64_t begin = all ? 0 : groups.begins[g];
  const int64_t end = all ? x.rows : groups.begins[g + 1];
  const auto term = [&](int64_t i) {
    const int64_t r = all ? i : groups.order[i];
    const float value = x.data[r * x.stride + c];
    if constexpr (kProducts) return value * y.data[r * y.stride + c];
    return value;
  };

  uint32_t most = 0;
  for (int64_t i = begin + first; i < end && c < x.cols; i += kSumRows) {
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
  for (int64_t i = begin + first; i < end && c < x.cols; i += kSumRows) {
    sum += RoundToInt(term(i) * inverse);
  }
  s.sum[first][lane] = sum;
  __syncthreads();
  if (first != 0 || c >= x.cols) return;
  for (int i = 1; i < kSumRows; ++i) sum += s.sum[i][lane];
  const int64_t row = all ? 0 : groups.outs[g];
  out.data[row * out.stride + c] = static_cast<float>(sum) * PowerOfTwo(e);
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
  if (x.cols == 0 || groups.groups == 0) return;
  Launch(y.data == nullptr ? SumRowsKernel<false> : SumRowsKernel<true>,
         dim3(Blocks(x.cols, kLanes), static_cast<unsigned>(groups.groups)),
         dim3(kLanes, kSumRows), sizeof(SumScratch), stream, x, y, groups, out);
}

}  // namespace

void SumRowGroups(ConstMatrix x, const RowGroups& groups, Matrix out,
                  cudaStream_t stream) {
  LaunchSum(x, {}, groups, out, stream);
}

void SumAllRows(ConstMatrix x, ConstMatrix y, Matrix out, cudaStream_t stream) {
  LaunchSum(x, y, {nullptr, nullptr, nullptr, 1}, out, stream);
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
