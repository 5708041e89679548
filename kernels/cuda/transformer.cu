// kernels/cuda/transformer.cu -- contract: kernels/cuda/transformer.h
//
// One block a row throughout.
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

// The mean of term(i) over the row, in lane order, by the first warp; after a
// barrier every thread has it.
template <typename Term>
__device__ __forceinline__ float RowMean(int64_t n, Term term) {
  float& shared = Shared<float>();
  if (threadIdx.x < kLanes) {
    const float sum = WarpLaneSum(n, term);
    if (threadIdx.x == 0) shared = sum / static_cast<float>(n);
  }
  __syncthreads();
  return shared;
}

__global__ void __launch_bounds__(kMostThreads)
    RmsNormForwardKernel(ConstMatrix x, ConstMatrix gain, Matrix normed,
                         Matrix inverse_rms, Matrix y) {
  const float* in = Row(x);
  float* scaled = Row(normed);
  float* out = Row(y);
  const float mean = RowMean(x.cols, [=](int64_t i) { return in[i] * in[i]; });
  const float s = 1.0f / Sqrt(mean + kNormEpsilon);
  if (threadIdx.x == 0) *Row(inverse_rms) = s;
  Each(x.cols, [=](int64_t i) {
    const float value = in[i] * s;
    scaled[i] = value;
    out[i] = gain.data[i] * value;
  });
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
    GateForwardKernel(ConstMatrix u, Matrix y) {
  const float* in = Row(u);
  float* out = Row(y);
  const int64_t n = y.cols;
  Each(n, [=](int64_t i) {
    out[i] = Limited((in[i] * Sigmoid(in[i])) * in[n + i], kActivationLimit);
  });
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

void RmsNormForward(ConstMatrix x, ConstMatrix gain, Matrix normed,
                    Matrix inverse_rms, Matrix y, cudaStream_t stream) {
  if (x.rows == 0) return;
  Launch(RmsNormForwardKernel, Blocks(x.rows, 1), RowThreads(x.cols),
         sizeof(float), stream, x, gain, normed, inverse_rms, y);
}

void RmsNormBackward(ConstMatrix dy, ConstMatrix gain, ConstMatrix normed,
                     ConstMatrix inverse_rms, Matrix dx, cudaStream_t stream) {
  if (dy.rows == 0) return;
  Launch(RmsNormBackwardKernel, Blocks(dy.rows, 1), RowThreads(dy.cols),
         sizeof(float), stream, dy, gain, normed, inverse_rms, dx);
}

void GateForward(ConstMatrix u, Matrix y, cudaStream_t stream) {
  if (y.rows == 0) return;
  Launch(GateForwardKernel, Blocks(y.rows, 1), RowThreads(y.cols), 0, stream, u,
         y);
}

void GateBackward(ConstMatrix u, ConstMatrix dy, Matrix du,
                  cudaStream_t stream) {
  if (dy.rows == 0) return;
  Launch(GateBackwardKernel, Blocks(dy.rows, 1), RowThreads(dy.cols), 0, stream,
         u, dy, du);
}

}  // namespace nncpp::cuda
