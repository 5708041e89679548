// kernels/cuda/elementwise.cu -- additions, dropout, the optimiser; contract:
// kernels/cuda/ops.h
#include "kernels/cuda/ops.h"
#include "kernels/cuda/quantize_block.h"

namespace nncpp::cuda {
namespace {

constexpr int kThreads = 256;

// Grid (columns / kThreads, rows).
__global__ void __launch_bounds__(kThreads)
    AddKernel(ConstMatrix y, Matrix x, int64_t first_row) {
  const int64_t c = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const int64_t r = first_row + blockIdx.y;
  if (c >= x.cols) return;
  float& out = x.data[r * x.stride + c];
  out = out + y.data[r * y.stride + c];
}

// One block a row.
__global__ void __launch_bounds__(kThreads)
    EmbeddingForwardKernel(ConstMatrix table, const int32_t* symbols,
                           Matrix y) {
  const int64_t r = blockIdx.x;
  const float* from = table.data + Looked(symbols[r]) * table.stride;
  for (int64_t c = threadIdx.x; c < y.cols; c += blockDim.x) {
    y.data[r * y.stride + c] = from[c];
  }
}

// One block a row, a thread a counter of the noise. An element is kept where
// its noise is at least `least`.
__global__ void __launch_bounds__(kThreads)
    DropoutKernel(ConstMatrix x, DeviceNoise noise_on_device, int64_t first_row,
                  float least, float scale, Matrix y) {
  const NoiseKey key = noise_on_device;
  const int64_t r = blockIdx.x;
  for (int64_t c = threadIdx.x; c < CountersOf(x.cols); c += blockDim.x) {
    const Noise noise(key, c, first_row + r);
    for (int j = 0; j < kPerCounter; ++j) {
      const int64_t i = ElementOf(c, j);
      if (i >= x.cols) continue;
      y.data[r * y.stride + i] =
          noise[j] >= least ? x.data[r * x.stride + i] * scale : 0.0f;
    }
  }
}

__device__ __forceinline__ void AdamElement(const AdamStep& step,
                                            float gradient, float& weight,
                                            float& second) {
  const float g = Clamp(gradient, -kGradientLimit, kGradientLimit);
  const float v = step.beta2 * second + (1.0f - step.beta2) * (g * g);
  second = v;
  const float root = Sqrt(v * step.correction) + step.epsilon;
  const float move = Clamp(g / root, -step.clip, step.clip);
  weight = Clamp(weight - step.rate * move, -kWeightLimit, kWeightLimit);
}

__global__ void __launch_bounds__(kThreads)
    AdamKernel(AdamStep step, const float* gradient, float* weight,
               float* second, int64_t count) {
  const int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < count) AdamElement(step, gradient[i], weight[i], second[i]);
}

// One block a row. A thread quantises what it updated itself.
__global__ void __launch_bounds__(kThreads)
    AdamQuantizeRowsKernel(AdamStep step, ConstMatrix gradient, Matrix weight,
                           Matrix second, Operand quantized) {
  const int64_t r = blockIdx.x;
  const float* g = gradient.data + r * gradient.stride;
  float* w = weight.data + r * weight.stride;
  float* v = second.data + r * second.stride;
  for (int64_t c = threadIdx.x; c < weight.cols; c += blockDim.x) {
    AdamElement(step, g[c], w[c], v[c]);
  }
  QuantizeRowInBlock(weight.cols, quantized, r, Shared<RowScratch>(),
                     [w](int64_t c) { return w[c]; });
}

// One block a row.
__global__ void __launch_bounds__(kThreads)
    AdamRowsKernel(AdamStep step, const int32_t* rows, const float* corrections,
                   ConstMatrix gradient, Matrix weight, Matrix second) {
  const int64_t r = rows[blockIdx.x];
  step.correction = corrections[blockIdx.x];
  for (int64_t c = threadIdx.x; c < weight.cols; c += kThreads) {
    AdamElement(step, gradient.data[r * gradient.stride + c],
                weight.data[r * weight.stride + c],
                second.data[r * second.stride + c]);
  }
}

}  // namespace

void Add(ConstMatrix y, Matrix x, cudaStream_t stream) {
  constexpr int64_t kMostGridRows = 65535;
  if (x.cols == 0) return;
  for (int64_t first = 0; first < x.rows; first += kMostGridRows) {
    const int64_t left = x.rows - first;
    const auto rows =
        static_cast<unsigned>(left < kMostGridRows ? left : kMostGridRows);
    Launch(AddKernel, dim3(Blocks(x.cols, kThreads), rows), kThreads, 0, stream,
           y, x, first);
  }
}

void Clear(Matrix x, cudaStream_t stream) {
  if (x.rows == 0 || x.cols == 0) return;
  constexpr auto kFloat = int64_t{sizeof(float)};
  NNCPP_CUDA_CHECK(cudaMemset2DAsync(x.data,
                                     static_cast<size_t>(x.stride * kFloat), 0,
                                     static_cast<size_t>(x.cols * kFloat),
                                     static_cast<size_t>(x.rows), stream));
}

void EmbeddingForward(ConstMatrix table, const int32_t* symbols, Matrix y,
                      cudaStream_t stream) {
  if (y.rows == 0) return;
  Launch(EmbeddingForwardKernel, Blocks(y.rows, 1),
         Threads(y.cols, kLanes, kThreads), 0, stream, table, symbols, y);
}

void Dropout(ConstMatrix x, const DeviceNoise& noise, int64_t first_row,
             float rate, Matrix y, cudaStream_t stream) {
  if (x.rows == 0) return;
  Launch(DropoutKernel, Blocks(x.rows, 1), CounterThreads(x.cols, kThreads), 0,
         stream, x, noise, first_row, rate - 0.5f, 1.0f / (1.0f - rate), y);
}

void Adam(const AdamStep& step, const float* gradient, float* weight,
          float* second, int64_t count, cudaStream_t stream) {
  if (count == 0) return;
  Launch(AdamKernel, Blocks(count, kThreads), kThreads, 0, stream, step,
         gradient, weight, second, count);
}

void AdamQuantizeRows(const AdamStep& step, ConstMatrix gradient, Matrix weight,
                      Matrix second, const Operand& quantized,
                      cudaStream_t stream) {
  if (weight.rows == 0) return;
  Launch(AdamQuantizeRowsKernel, Blocks(weight.rows, 1),
         Threads(weight.cols, kLanes, kThreads), sizeof(RowScratch), stream,
         step, gradient, weight, second, quantized);
}

void AdamRows(const AdamStep& step, const int32_t* rows,
              const float* corrections, int64_t count, ConstMatrix gradient,
              Matrix weight, Matrix second, cudaStream_t stream) {
  if (count == 0) return;
  Launch(AdamRowsKernel, Blocks(count, 1), kThreads, 0, stream, step, rows,
         corrections, gradient, weight, second);
}

}  // namespace nncpp::cuda
