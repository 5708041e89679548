// kernels/cuda/softmax.cu -- law 5; contract: kernels/cuda/ops.h
#include "kernels/cuda/ops.h"
#include "kernels/cuda/reduce.h"

namespace nncpp::cuda {
namespace {

constexpr int kMostSoftmaxThreads = 512;

union SoftmaxScratch {
  float most[kMostWarps];
  unsigned long long sum[kMostWarps];
};

// The double of an integer below 2^52, and back, by its bits.
constexpr uint64_t kDoubleShift = 0x4330000000000000u;  // the bits of 2^52

// One block a row. The maximum has no order, and no zero's sign reaches the
// exponentials; all else is integers.
__global__ void __launch_bounds__(kMostSoftmaxThreads)
    SoftmaxFrequenciesKernel(ConstMatrix logits, int64_t first_row,
                             FrequencyRows out) {
  SoftmaxScratch& scratch = Shared<SoftmaxScratch>();
  const int64_t v = logits.cols;
  const float* z = logits.data + int64_t{blockIdx.x} * logits.stride;
  uint64_t* f = out.frequency + (first_row + blockIdx.x) * v;

  float most = z[0];
  for (int64_t i = threadIdx.x; i < v; i += blockDim.x) {
    most = Max(most, z[i]);
  }
  most = OverBlock(most, scratch.most, Larger());
  unsigned long long sum = 0;
  for (int64_t i = threadIdx.x; i < v; i += blockDim.x) {
    sum += static_cast<unsigned long long>(
        static_cast<int32_t>(Exp(z[i] - most) * 0x1p30f));
  }
  sum = OverBlock(sum, scratch.sum, Plus());
  const int32_t shift = FrequencyShift(sum, static_cast<uint64_t>(v));
  const double unit = static_cast<double>(PowerOfTwo(shift));
  unsigned long long mine = 0;
  for (int64_t i = threadIdx.x; i < v; i += blockDim.x) {
    const double shifted =
        static_cast<double>(Exp(z[i] - most)) * unit + 0x1p52;
    f[i] = __builtin_bit_cast(uint64_t, shifted) - kDoubleShift + 1;
    mine += f[i];
  }
  mine = OverBlock(mine, scratch.sum, Plus());
  if (threadIdx.x == 0) out.total[first_row + blockIdx.x] = mine;
}

// One block a row.
__global__ void __launch_bounds__(kMostSoftmaxThreads)
    SoftmaxBackwardKernel(FrequencyRows from, const int32_t* targets,
                          Matrix dlogits) {
  const int64_t row = blockIdx.x, v = dlogits.cols;
  const int32_t target = targets[row];
  const uint64_t* f = from.frequency + row * v;
  float* out = dlogits.data + row * dlogits.stride;
  const double inverse = 1.0 / static_cast<double>(from.total[row]);
  for (int64_t i = threadIdx.x; i < v; i += blockDim.x) {
    const double exact =
        __builtin_bit_cast(double, f[i] | kDoubleShift) - 0x1p52;
    float d = static_cast<float>(exact * inverse);
    if (i == target) d = d - 1.0f;
    out[i] = target < 0 ? 0.0f : d;
  }
}

}  // namespace

void SoftmaxFrequencies(ConstMatrix logits, int64_t first_row,
                        const FrequencyRows& f, cudaStream_t stream) {
  if (logits.rows == 0) return;
  Launch(SoftmaxFrequenciesKernel, Blocks(logits.rows, 1),
         Threads(logits.cols, kLanes, kMostSoftmaxThreads),
         sizeof(SoftmaxScratch), stream, logits, first_row, f);
}

void SoftmaxBackward(const FrequencyRows& f, const int32_t* targets,
                     Matrix dlogits, cudaStream_t stream) {
  if (dlogits.rows == 0) return;
  Launch(SoftmaxBackwardKernel, Blocks(dlogits.rows, 1),
         Threads(dlogits.cols, kLanes, kMostSoftmaxThreads), 0, stream, f,
         targets, dlogits);
}

}  // namespace nncpp::cuda
