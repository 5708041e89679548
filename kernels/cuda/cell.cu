// kernels/cuda/cell.cu -- the LSTM cell; contract: kernels/cuda/ops.h
#include "kernels/cuda/cell_math.h"
#include "kernels/cuda/ops.h"
#include "kernels/cuda/quantize_block.h"

namespace nncpp::cuda {
namespace {

constexpr int kMostCellThreads = 512;

union CellScratch {
  float mean[kCoupledGates];
  RowScratch quantize;
};

// Row b of h, which this block has written, each element by the thread that it
// is asked from.
__device__ __forceinline__ void QuantizeOutput(const LstmCell& cell, int64_t b,
                                               const Operand& out) {
  if (out.q == nullptr) return;
  const float* h = Row(cell.h, b);
  QuantizeRowInBlock(cell.h.cols, out, b, Shared<CellScratch>().quantize,
                     [h](int64_t i) { return h[i]; });
}

// Row b of dsum.
__device__ __forceinline__ void QuantizeSums(const LstmCellGradient& gradient,
                                             int64_t b,
                                             const GradientOperand& to) {
  if (to.out.q == nullptr) return;
  __syncthreads();
  const float *dsum = Row(gradient.dsum, b), *fold = to.fold;
  QuantizeInBlock(NoisyRow{gradient.dsum.cols, to.noise, to.first_row + b},
                  GradientNorm(static_cast<int64_t>(*to.most_squares)), to.out,
                  b, Shared<CellScratch>().quantize,
                  [=](int64_t i) { return dsum[i] * fold[i]; });
}

// One block a row. All threads compute elements; warp g adds gate g's squares
// in lane order. What threads tell each other through the row's own memory is
// behind a barrier.
__global__ void __launch_bounds__(kMostCellThreads)
    CellForwardKernel(LstmCell cell, const int32_t* symbols,
                      Operand quantized) {
  const int64_t b = blockIdx.x, n = cell.h.cols;
  const float* below = Row(cell.from_below, b);
  const float* recurrent = Row(cell.recurrent, b);
  const float* embedding = Row(cell.table, Looked(symbols[b]));
  float* x = Row(cell.normed, b);
  float* gates = Row(cell.gates, b);
  float* scale = Row(cell.inverse_rms, b);

  for (int64_t i = threadIdx.x; i < kCoupledGates * n; i += blockDim.x) {
    x[i] = GateSum(below, recurrent[i], embedding, i);
  }
  __syncthreads();
  const int64_t warp = threadIdx.x / kLanes;
  if (warp < kCoupledGates) {
    const float sum = GateSquares(x + warp * n, n);
    if (threadIdx.x % kLanes == 0) scale[warp] = InverseRms(sum, n);
  }
  __syncthreads();
  for (int64_t i = threadIdx.x; i < kCoupledGates * n; i += blockDim.x) {
    const int64_t g = i / n;
    const float normed = x[i] * scale[g];
    x[i] = normed;
    gates[i] = Activation(g, cell.gain.data[i] * normed + cell.bias.data[i]);
  }
  __syncthreads();
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    float gate[kCoupledGates];
    Load(gates + i, n, gate);
    PutOutput(cell, b, i, Output(gate, Row(cell.c_before, b)[i]));
  }
  QuantizeOutput(cell, b, quantized);
}

// The gradient of h at element i of row b.
__device__ __forceinline__ float HiddenGradient(const LstmCellGradient& of,
                                                int64_t b, int64_t i) {
  const float* next = Row(of.dh_recurrent, b);
  const float above = Row(of.dh_above, b)[i];
  return next == nullptr ? above : above + next[i];
}

// The gradients of row b's gates, by the threads of a block.
template <int kGates>
__device__ __forceinline__ void PutGradients(const LstmCellGradient& of,
                                             int64_t b, float* to) {
  const LstmCell& cell = of.cell;
  const int64_t n = cell.h.cols;
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    float gate[kGates], d[kGates];
    Load(Row(cell.gates, b) + i, n, gate);
    Gradients(gate, Row(cell.c_before, b)[i], Row(cell.c, b)[i],
              HiddenGradient(of, b, i), Row(of.dc, b)[i], d);
    NNCPP_UNROLL
    for (int g = 0; g < kGates; ++g) to[g * n + i] = d[g];
  }
}

// One block a row; mapping as forwards.
__global__ void __launch_bounds__(kMostCellThreads)
    CellBackwardKernel(LstmCellGradient gradient, GradientOperand quantized) {
  const LstmCell& cell = gradient.cell;
  const int64_t b = blockIdx.x, n = cell.h.cols;
  float(&mean)[kCoupledGates] = Shared<CellScratch>().mean;
  const float* x = Row(cell.normed, b);
  const float* gain = cell.gain.data;
  float* d = Row(gradient.dnormed, b);
  float* out = Row(gradient.dsum, b);

  PutGradients<kCoupledGates>(gradient, b, d);
  __syncthreads();
  const int64_t warp = threadIdx.x / kLanes;
  if (warp < kCoupledGates) {
    const int64_t at = warp * n;
    const float dot = GateDot(d + at, gain + at, x + at, n);
    if (threadIdx.x % kLanes == 0) mean[warp] = dot / static_cast<float>(n);
  }
  __syncthreads();
  for (int64_t i = threadIdx.x; i < kCoupledGates * n; i += blockDim.x) {
    const int64_t g = i / n;
    out[i] =
        SumGradient(d[i], gain[i], x[i], Row(cell.inverse_rms, b)[g], mean[g]);
  }
  QuantizeSums(gradient, b, quantized);
}

// At least a warp for each gate.
unsigned CellThreads(int64_t cells) {
  return Threads(kCoupledGates * cells, kCoupledGates * kLanes,
                 kMostCellThreads);
}

// The classic cell, without normalisation: threads wait for one another only to
// quantise.
__global__ void __launch_bounds__(kMostCellThreads)
    ClassicForwardKernel(LstmCell cell, const int32_t* symbols,
                         Operand quantized) {
  const int64_t b = blockIdx.x, n = cell.h.cols;
  const float* below = Row(cell.from_below, b);
  const float* recurrent = Row(cell.recurrent, b);
  const float* embedding = Row(cell.table, Looked(symbols[b]));
  float* gates = Row(cell.gates, b);
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    float gate[kClassicGates];
    NNCPP_UNROLL
    for (int g = 0; g < kClassicGates; ++g) {
      const int64_t at = g * n + i;
      gate[g] = Activation(
          g, GateSum(below, recurrent[at], embedding, at) + cell.bias.data[at]);
      gates[at] = gate[g];
    }
    PutOutput(cell, b, i, Output(gate, Row(cell.c_before, b)[i]));
  }
  QuantizeOutput(cell, b, quantized);
}

__global__ void __launch_bounds__(kMostCellThreads)
    ClassicBackwardKernel(LstmCellGradient gradient,
                          GradientOperand quantized) {
  const int64_t b = blockIdx.x;
  PutGradients<kClassicGates>(gradient, b, Row(gradient.dsum, b));
  QuantizeSums(gradient, b, quantized);
}

}  // namespace

void LstmCellForward(const LstmCell& cell, const int32_t* symbols,
                     const Operand* quantized, cudaStream_t stream) {
  if (cell.h.rows == 0) return;
  Launch(cell.gain.data == nullptr ? ClassicForwardKernel : CellForwardKernel,
         Blocks(cell.h.rows, 1), CellThreads(cell.h.cols), sizeof(CellScratch),
         stream, cell, symbols, quantized == nullptr ? Operand() : *quantized);
}

void LstmCellBackward(const LstmCellGradient& gradient,
                      const GradientOperand* quantized, cudaStream_t stream) {
  const LstmCell& cell = gradient.cell;
  if (cell.h.rows == 0) return;
  Launch(cell.gain.data == nullptr ? ClassicBackwardKernel : CellBackwardKernel,
         Blocks(cell.h.rows, 1), CellThreads(cell.h.cols), sizeof(CellScratch),
         stream, gradient,
         quantized == nullptr ? GradientOperand() : *quantized);
}

}  // namespace nncpp::cuda
