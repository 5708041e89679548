// kernels/cuda/cell.cu -- the LSTM cell; contract: kernels/cuda/ops.h
#include "kernels/cuda/ops.h"
#include "kernels/cuda/reduce.h"

namespace nncpp::cuda {
namespace {

constexpr int kGates = 3;
constexpr int kMostCellThreads = 512;

template <typename T>
__device__ __forceinline__ T* Row(const MatrixRef<T>& m, int64_t row) {
  return m.data + row * m.stride;
}

// One block a row. All threads compute elements; warp g adds gate g's squares
// in lane order. What threads tell each other through the row's own memory is
// behind a barrier.
__global__ void __launch_bounds__(kMostCellThreads)
    CellForwardKernel(LstmCell cell, const int32_t* symbols) {
  const int64_t b = blockIdx.x, n = cell.h.cols;
  const float* below =
      cell.from_below.data == nullptr ? nullptr : Row(cell.from_below, b);
  const float* recurrent = Row(cell.recurrent, b);
  const float* embedding = Row(cell.table, Looked(symbols[b]));
  float* x = Row(cell.normed, b);
  float* gates = Row(cell.gates, b);
  float* scale = Row(cell.inverse_rms, b);

  for (int64_t i = threadIdx.x; i < kGates * n; i += blockDim.x) {
    const float sum = below == nullptr ? recurrent[i] : below[i] + recurrent[i];
    x[i] = sum + embedding[i];
  }
  __syncthreads();
  const int64_t gate = threadIdx.x / kLanes;
  if (gate < kGates) {
    const float* a = x + gate * n;
    const float sum = WarpLaneSum(n, [a](int64_t i) { return a[i] * a[i]; });
    const float mean = sum / static_cast<float>(n);
    if (threadIdx.x % kLanes == 0) {
      scale[gate] = 1.0f / Sqrt(mean + kNormEpsilon);
    }
  }
  __syncthreads();
  for (int64_t i = threadIdx.x; i < kGates * n; i += blockDim.x) {
    const int64_t g = i / n;
    const float normed = x[i] * scale[g];
    x[i] = normed;
    const float y = cell.gain.data[i] * normed + cell.bias.data[i];
    gates[i] = g == 1 ? Tanh(y) : Sigmoid(y);
  }
  __syncthreads();
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    const float f = gates[i], g = gates[n + i], o = gates[2 * n + i];
    const float c = f * Row(cell.c_before, b)[i] + (1.0f - f) * g;
    Row(cell.c, b)[i] = c;
    Row(cell.h, b)[i] = o * Tanh(c);
  }
}

// One block a row; mapping as forwards.
__global__ void __launch_bounds__(kMostCellThreads)
    CellBackwardKernel(LstmCellGradient gradient) {
  const LstmCell& cell = gradient.cell;
  const int64_t b = blockIdx.x, n = cell.h.cols;
  float(&mean)[kGates] = Shared<float[kGates]>();
  const float* gates = Row(cell.gates, b);
  const float* x = Row(cell.normed, b);
  const float* gain = cell.gain.data;
  const float* next = gradient.dh_recurrent.data == nullptr
                          ? nullptr
                          : Row(gradient.dh_recurrent, b);
  float* d = Row(gradient.dnormed, b);
  float* out = Row(gradient.dsum, b);

  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    const float f = gates[i], g = gates[n + i], o = gates[2 * n + i];
    float dh = Row(gradient.dh_above, b)[i];
    if (next != nullptr) dh = dh + next[i];
    const float t = Tanh(Row(cell.c, b)[i]);
    float& carried = Row(gradient.dc, b)[i];
    const float dc = carried + (dh * o) * (1.0f - t * t);
    d[i] = (dc * (Row(cell.c_before, b)[i] - g)) * (f * (1.0f - f));
    d[n + i] = (dc * (1.0f - f)) * (1.0f - g * g);
    d[2 * n + i] = (dh * t) * (o * (1.0f - o));
    carried = Clamp(dc * f, -kGradientLimit, kGradientLimit);
  }
  __syncthreads();
  const int64_t gate = threadIdx.x / kLanes;
  if (gate < kGates) {
    const int64_t at = gate * n;
    const float dot = WarpLaneSum(
        n, [=](int64_t i) { return (d[at + i] * gain[at + i]) * x[at + i]; });
    if (threadIdx.x % kLanes == 0) mean[gate] = dot / static_cast<float>(n);
  }
  __syncthreads();
  for (int64_t i = threadIdx.x; i < kGates * n; i += blockDim.x) {
    const int64_t g = i / n;
    const float sum =
        Row(cell.inverse_rms, b)[g] * (d[i] * gain[i] - x[i] * mean[g]);
    out[i] = Clamp(sum, -kGradientLimit, kGradientLimit);
  }
}

// At least a warp for each gate.
unsigned CellThreads(int64_t cells) {
  return Threads(kGates * cells, kGates * kLanes, kMostCellThreads);
}

// The classic cell: no normalisation, so no thread waits for another.
__global__ void __launch_bounds__(kMostCellThreads)
    ClassicForwardKernel(LstmCell cell, const int32_t* symbols) {
  const int64_t b = blockIdx.x, n = cell.h.cols;
  const float* below =
      cell.from_below.data == nullptr ? nullptr : Row(cell.from_below, b);
  const float* recurrent = Row(cell.recurrent, b);
  const float* embedding = Row(cell.table, Looked(symbols[b]));
  float* gates = Row(cell.gates, b);
  const auto gate = [&](int64_t i) {
    const float sum = below == nullptr ? recurrent[i] : below[i] + recurrent[i];
    return (sum + embedding[i]) + cell.bias.data[i];
  };
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    const float f = Sigmoid(gate(i)), g = Tanh(gate(n + i)),
                o = Sigmoid(gate(2 * n + i)), in = Sigmoid(gate(3 * n + i));
    gates[i] = f;
    gates[n + i] = g;
    gates[2 * n + i] = o;
    gates[3 * n + i] = in;
    const float c =
        Clamp(f * Row(cell.c_before, b)[i] + in * g, -kStateLimit, kStateLimit);
    Row(cell.c, b)[i] = c;
    Row(cell.h, b)[i] = o * Tanh(c);
  }
}

__global__ void __launch_bounds__(kMostCellThreads)
    ClassicBackwardKernel(LstmCellGradient gradient) {
  const LstmCell& cell = gradient.cell;
  const int64_t b = blockIdx.x, n = cell.h.cols;
  const float* gates = Row(cell.gates, b);
  const float* next = gradient.dh_recurrent.data == nullptr
                          ? nullptr
                          : Row(gradient.dh_recurrent, b);
  float* out = Row(gradient.dsum, b);
  const auto limited = [](float x) {
    return Clamp(x, -kGradientLimit, kGradientLimit);
  };
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    const float f = gates[i], g = gates[n + i], o = gates[2 * n + i],
                in = gates[3 * n + i];
    float dh = Row(gradient.dh_above, b)[i];
    if (next != nullptr) dh = dh + next[i];
    const float t = Tanh(Row(cell.c, b)[i]);
    float& carried = Row(gradient.dc, b)[i];
    const float dc = carried + (dh * o) * (1.0f - t * t);
    out[i] = limited((dc * Row(cell.c_before, b)[i]) * (f * (1.0f - f)));
    out[n + i] = limited((dc * in) * (1.0f - g * g));
    out[2 * n + i] = limited((dh * t) * (o * (1.0f - o)));
    out[3 * n + i] = limited((dc * g) * (in * (1.0f - in)));
    carried = limited(dc * f);
  }
}

}  // namespace

void LstmCellForward(const LstmCell& cell, const int32_t* symbols,
                     cudaStream_t stream) {
  if (cell.h.rows == 0) return;
  Launch(cell.gain.data == nullptr ? ClassicForwardKernel : CellForwardKernel,
         Blocks(cell.h.rows, 1), CellThreads(cell.h.cols), 0, stream, cell,
         symbols);
}

void LstmCellBackward(const LstmCellGradient& gradient, cudaStream_t stream) {
  const LstmCell& cell = gradient.cell;
  if (cell.h.rows == 0) return;
  Launch(cell.gain.data == nullptr ? ClassicBackwardKernel : CellBackwardKernel,
         Blocks(cell.h.rows, 1), CellThreads(cell.h.cols),
         kGates * sizeof(float), stream, gradient);
}

}  // namespace nncpp::cuda
