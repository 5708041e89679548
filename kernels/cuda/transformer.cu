// kernels/cuda/transformer.cu -- contract: kernels/cuda/transformer.h
//
// One block a row throughout.
#include "kernels/cuda/quantize_block.h"
#include "kernels/cuda/reduce.h"
#include "kernels/cuda/transformer.h"

namespace nncpp::cuda {
namespace {

constexpr int kMostThreads = 256;

template <typename T>
__device__ __forceinline__ T* Row(const MatrixRef<T>& m) {
  return m.data + int64_t{blockIdx.x} * m.stride;
}

__device__ __forceinline__ float Limited(float x, float limit) {
  return Clamp(x, -limit, limit);
}

// Calls run(i) for the elements of this thread.
template <typename Run>
__device__ __forceinline__ void Each(int64_t n, Run run) {
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) run(i);
}

__global__ void __launch_bounds__(kMostThreads)
    CopyKernel(ConstMatrix x, Matrix y) {
  const float* from = Row(x);
  float* to = Row(y);
  Each(x.cols, [=](int64_t i) { to[i] = from[i]; });
}

union NormScratch {
  float mean;
  RowScratch quantize;
};

// The mean of term(i) over the row, in lane order, by the first warp; after a
// barrier every thread has it.
template <typename Term>
__device__ __forceinline__ float RowMean(int64_t n, Term term) {
  float& shared = Shared<NormScratch>().mean;
  if (threadIdx.x < kLanes) {
    const float sum = WarpLaneSum(n, term);
    if (threadIdx.x == 0) shared = sum / static_cast<float>(n);
  }
  __syncthreads();
  return shared;
}

__global__ void __launch_bounds__(kMostThreads)
    RmsNormForwardKernel(RmsNorm norm, Operand quantized) {
  const float* in = Row(norm.x);
  float* scaled = Row(norm.normed);
  float* out = Row(norm.y);
  const float* gain = norm.gain.data;
  const float* bias = norm.bias.data;
  const int64_t n = norm.x.cols;
  const float mean = RowMean(n, [=](int64_t i) { return in[i] * in[i]; });
  const float s = 1.0f / Sqrt(mean + kNormEpsilon);
  if (threadIdx.x == 0) *Row(norm.inverse_rms) = s;
  Each(n, [=](int64_t i) {
    const float value = in[i] * s;
    scaled[i] = value;
    const float y = gain[i] * value;
    out[i] = bias == nullptr ? y : y + bias[i];
  });
  if (quantized.q == nullptr) return;
  __syncthreads();  // the mean was read
  // A thread looks at what it wrote itself.
  QuantizeRowInBlock(n, quantized, blockIdx.x, Shared<NormScratch>().quantize,
                     [out](int64_t i) { return out[i]; });
}

__global__ void __launch_bounds__(kMostThreads)
    RmsNormBackwardKernel(ConstMatrix dy, ConstMatrix gain, ConstMatrix normed,
                          ConstMatrix inverse_rms, Matrix dx) {
  const float* d = Row(dy);
  const float* x = Row(normed);
  const float* g = gain.data;
  float* out = Row(dx);
  const float mean =
      RowMean(dy.cols, [=](int64_t i) { return (d[i] * g[i]) * x[i]; });
  const float s = *Row(inverse_rms);
  Each(dy.cols, [=](int64_t i) {
    out[i] = Limited(s * (d[i] * g[i] - x[i] * mean), kGradientLimit);
  });
}

__global__ void __launch_bounds__(kMostThreads)
    GateForwardKernel(GatedUnit unit, Operand quantized) {
  float* u = Row(unit.u);
  float* out = Row(unit.y);
  const float* bias = unit.bias.data;
  const int64_t n = unit.y.cols;
  Each(n, [=](int64_t i) {
    if (bias != nullptr) {
      u[i] = u[i] + bias[i];
      u[n + i] = u[n + i] + bias[n + i];
    }
    out[i] = Limited((u[i] * Sigmoid(u[i])) * u[n + i], kActivationLimit);
  });
  QuantizeRowInBlock(n, quantized, blockIdx.x, Shared<RowScratch>(),
                     [out](int64_t i) { return out[i]; });
}

__global__ void __launch_bounds__(kMostThreads)
    GateBackwardKernel(ConstMatrix u, ConstMatrix dy, Matrix du) {
  const float* in = Row(u);
  const float* d = Row(dy);
  float* out = Row(du);
  const int64_t n = dy.cols;
  Each(n, [=](int64_t i) {
    const float x = in[i], s = Sigmoid(x);
    const float gate = (d[i] * in[n + i]) * (s + (x * s) * (1.0f - s));
    out[n + i] = Limited(d[i] * (x * s), kGradientLimit);
    out[i] = Limited(gate, kGradientLimit);
  });
}

unsigned RowThreads(int64_t cols) {
  return Threads(cols, kLanes, kMostThreads);
}

}  // namespace

void Copy(ConstMatrix x, Matrix y, cudaStream_t stream) {
  if (x.rows == 0) return;
  Launch(CopyKernel, Blocks(x.rows, 1), RowThreads(x.cols), 0, stream, x, y);
}

void RmsNormForward(const RmsNorm& norm, const Operand* quantized,
                    cudaStream_t stream) {
  if (norm.x.rows == 0) return;
  Launch(RmsNormForwardKernel, Blocks(norm.x.rows, 1), RowThreads(norm.x.cols),
         sizeof(NormScratch), stream, norm,
         quantized == nullptr ? Operand() : *quantized);
}

void RmsNormBackward(ConstMatrix dy, ConstMatrix gain, ConstMatrix normed,
                     ConstMatrix inverse_rms, Matrix dx, cudaStream_t stream) {
  if (dy.rows == 0) return;
  Launch(RmsNormBackwardKernel, Blocks(dy.rows, 1), RowThreads(dy.cols),
         sizeof(NormScratch), stream, dy, gain, normed, inverse_rms, dx);
}

void GateForward(const GatedUnit& unit, const Operand& quantized,
                 cudaStream_t stream) {
  if (unit.y.rows == 0) return;
  Launch(GateForwardKernel, Blocks(unit.y.rows, 1), RowThreads(unit.y.cols),
         sizeof(RowScratch), stream, unit, quantized);
}

void GateBackward(ConstMatrix u, ConstMatrix dy, Matrix du,
                  cudaStream_t stream) {
  if (dy.rows == 0) return;
  Launch(GateBackwardKernel, Blocks(dy.rows, 1), RowThreads(dy.cols), 0, stream,
         u, dy, du);
}

}  // namespace nncpp::cuda
