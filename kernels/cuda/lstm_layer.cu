// kernels/cuda/lstm_layer.cu -- contract: kernels/cuda/lstm_layer.h
#include "kernels/cuda/cell_math.h"
#include "kernels/cuda/fragments.h"
#include "kernels/cuda/lstm_layer.h"
#include "kernels/cuda/ops.h"
#include "kernels/cuda/quantize_warp.h"

namespace nncpp::cuda {
namespace {

constexpr int kStreams = kFragmentCols;  // of a block
constexpr int kMostLayerThreads = 512;

// Shared memory of a block: the weights, the operand that meets them, and what
// the streams tell from step to step.
struct LayerLayout {
  int64_t cells, gates;
  int64_t rows, depth;  // of the weights

  NNCPP_HD int64_t Sums() const { return gates * cells; }
  NNCPP_HD int64_t PaddedRows() const {
    return (rows + kFragmentRows - 1) / kFragmentRows * kFragmentRows;
  }
  // Halfs from row to row: an odd number of 64 bytes, so that the eight lanes
  // that load together, four pieces of two rows, meet no bank twice.
  NNCPP_HD int64_t Pitch() const {
    return (PaddedDepth(depth) / kDepth | 1) * kDepth;
  }
  NNCPP_HD int64_t Halfs() const { return (PaddedRows() + kStreams) * Pitch(); }
  NNCPP_HD int64_t Floats() const {
    return kStreams * (Sums() + cells + kCoupledGates + 1);
  }
  NNCPP_HD int64_t Bytes() const {
    return Halfs() * int64_t{sizeof(HalfBits)} +
           Floats() * int64_t{sizeof(float)};
  }
};

// The streams from `first` on of those there are; s counts them from there.
struct LayerBlock {
  __device__ LayerBlock(const LayerLayout& layout, int64_t all)
      : n(layout),
        first(int64_t{blockIdx.x} * kStreams),
        streams(all),
        live(all - first < kStreams ? static_cast<int>(all - first) : kStreams),
        warp(Thread() / kLanes),
        lane(Thread() % kLanes),
        weights(reinterpret_cast<HalfBits*>(&Shared<Words4>())),
        right(weights + n.PaddedRows() * n.Pitch()),
        sums(reinterpret_cast<float*>(weights + n.Halfs())),
        hidden(sums + kStreams * n.Sums()),
        of_gates(hidden + kStreams * n.cells),
        scale(of_gates + kStreams * kCoupledGates) {}

  __device__ static int Thread() { return static_cast<int>(threadIdx.x); }
  __device__ static int Threads() { return static_cast<int>(blockDim.x); }

  // The row of stream s at step t.
  __device__ __forceinline__ int64_t RowAt(int64_t t, int s) const {
    return t * streams + first + s;
  }

  // Calls run(s, i) for this thread's cells, always the same ones.
  template <typename Run>
  __device__ __forceinline__ void EachCell(Run run) const {
    const int cells = static_cast<int>(n.cells);
    for (int at = Thread(); at < live * cells; at += Threads()) {
      run(at / cells, at % cells);
    }
  }

  // Calls run(s, g) for each stream and gate, by whole warps.
  template <typename Run>
  __device__ __forceinline__ void EachGate(Run run) const {
    for (int at = warp; at < live * kCoupledGates; at += Threads() / kLanes) {
      run(at / kCoupledGates, at % kCoupledGates);
    }
  }

  // Loads the weights, clears what meets them: seen after a barrier.
  __device__ __forceinline__ void Begin(const Operand& from) const {
    const int pieces = static_cast<int>(n.Pitch() / 8);
    const int64_t there = from.stride / 8;
    auto* to = reinterpret_cast<Words4*>(weights);
    for (int i = Thread(); i < n.PaddedRows() * pieces; i += Threads()) {
      const int row = i / pieces, piece = i % pieces;
      const bool valid = row < from.rows && piece < there;
      StartCopy(to + i, PiecesOf(from.q) + (valid ? row * there + piece : 0),
                valid);
    }
    CommitCopies();
    to = reinterpret_cast<Words4*>(right);
    for (int i = Thread(); i < kStreams * pieces; i += Threads()) {
      to[i] = Words4();
    }
    WaitForCopies<0>();
  }

  // right = value(s, k), quantised; warp s does stream s.
  template <typename Elements, typename Value>
  __device__ __forceinline__ void Quantize(int64_t norm,
                                           const Elements& elements,
                                           Value value) const {
    if (warp >= live) return;
    HalfBits* q = right + warp * n.Pitch();
    const float found = QuantizeInWarp(
        NormWithin{norm}, elements, 0,
        [&](int64_t k) { return value(warp, k); },
        [q](int64_t k, int32_t rounded) { q[k] = HalfFromInteger(rounded); });
    if (lane == 0) scale[warp] = found;
  }

  // Calls store(s, row, sum) with the products of the weights' rows and what
  // was quantised.
  template <typename Store>
  __device__ __forceinline__ void Multiply(Store store) const {
    const int g = lane / 4, t = lane % 4;
    const auto piece = [&](const HalfBits* x, int64_t row, int64_t step) {
      return PiecesOf(x + row * n.Pitch())[step * kPieces + t];
    };
    for (int64_t tile = warp; tile < n.PaddedRows() / kFragmentRows;
         tile += Threads() / kLanes) {
      const int64_t row = tile * kFragmentRows + g;
      float sum[4] = {};
      NNCPP_UNROLL_BY(2)
      for (int64_t step = 0; step < PaddedDepth(n.depth) / kDepth; ++step) {
        MultiplyPieces(sum, piece(weights, row, step),
                       piece(weights, row + 8, step), piece(right, g, step));
      }
      NNCPP_UNROLL
      for (int e = 0; e < 4; ++e) {
        const int s = 2 * t + e % 2;
        const int64_t at = row + e / 2 * 8;
        if (s < live && at < n.rows) store(s, at, sum[e]);
      }
    }
  }

  LayerLayout n;
  int64_t first, streams;
  int live, warp, lane;
  HalfBits *weights, *right;
  float *sums, *hidden;     // of a stream: G C, C
  float *of_gates, *scale;  // of a stream: one for each gate; of `right`
};

struct LayerForward {
  LayerLayout layout;
  LstmCell cell;
  ConstMatrix h_before;
  const int32_t* symbols;
  int64_t streams, steps;
  Operand weights;
};

// Grid (groups of streams). A thread stays with its cells; what threads tell
// each other is behind a barrier.
template <int kGates>
__global__ void __launch_bounds__(kMostLayerThreads)
    LayerForwardKernel(LayerForward a) {
  const LayerBlock block(a.layout, a.streams);
  const LstmCell& cell = a.cell;
  const int64_t n = block.n.cells, all = block.n.Sums();
  block.Begin(a.weights);
  block.EachCell([&](int s, int64_t i) {
    block.hidden[s * n + i] = Row(a.h_before, block.RowAt(0, s))[i];
  });
  __syncthreads();
  for (int64_t t = 0; t < a.steps; ++t) {
    block.Quantize(kOperandNorm, PlainElements{n},
                   [&](int s, int64_t i) { return block.hidden[s * n + i]; });
    __syncthreads();
    block.Multiply([&](int s, int64_t at, float sum) {
      const int64_t row = block.RowAt(t, s);
      const float product = Scaled(sum, block.scale[s], ScaleOf(a.weights, at));
      block.sums[s * all + at] =
          GateSum(Row(cell.from_below, row), product,
                  Row(cell.table, Looked(a.symbols[row])), at);
    });
    __syncthreads();
    if constexpr (kGates == kCoupledGates) {
      block.EachGate([&](int s, int g) {
        const float squares = GateSquares(block.sums + s * all + g * n, n);
        if (block.lane != 0) return;
        const float inverse = InverseRms(squares, n);
        block.of_gates[s * kGates + g] = inverse;
        Row(cell.inverse_rms, block.RowAt(t, s))[g] = inverse;
      });
      __syncthreads();
    }
    block.EachCell([&](int s, int64_t i) {
      const int64_t row = block.RowAt(t, s);
      float gate[kGates];
      NNCPP_UNROLL
      for (int g = 0; g < kGates; ++g) {
        const int64_t at = g * n + i;
        float y = block.sums[s * all + at];
        if constexpr (kGates == kCoupledGates) {
          const float normed = y * block.of_gates[s * kGates + g];
          Row(cell.normed, row)[at] = normed;
          y = cell.gain.data[at] * normed;
        }
        gate[g] = Activation(g, y + cell.bias.data[at]);
        Row(cell.gates, row)[at] = gate[g];
      }
      const CellOutput output = Output(gate, Row(cell.c_before, row)[i]);
      PutOutput(cell, row, i, output);
      block.hidden[s * n + i] = output.h;
    });
    __syncthreads();
  }
}

struct LayerBackward {
  LayerLayout layout;
  LstmCellGradient gradient;
  GradientOperand quantize;
  int64_t streams, steps;
  Operand weights;
};

// Mapping as forwards.
template <int kGates>
__global__ void __launch_bounds__(kMostLayerThreads)
    LayerBackwardKernel(LayerBackward a) {
  const LayerBlock block(a.layout, a.streams);
  const LstmCellGradient& of = a.gradient;
  const LstmCell& cell = of.cell;
  const int64_t n = block.n.cells, all = block.n.Sums();
  const int64_t norm =
      GradientNorm(static_cast<int64_t>(*a.quantize.most_squares));
  block.Begin(a.weights);
  for (int64_t t = a.steps - 1; t >= 0; --t) {
    block.EachCell([&](int s, int64_t i) {
      const int64_t row = block.RowAt(t, s);
      float dh = Row(of.dh_above, row)[i];
      if (t < a.steps - 1) dh = dh + block.hidden[s * n + i];
      float gate[kGates], d[kGates];
      Load(Row(cell.gates, row) + i, n, gate);
      Gradients(gate, Row(cell.c_before, row)[i], Row(cell.c, row)[i], dh,
                Row(of.dc, block.first + s)[i], d);
      float* to =
          kGates == kCoupledGates ? Row(of.dnormed, row) : Row(of.dsum, row);
      NNCPP_UNROLL
      for (int g = 0; g < kGates; ++g) {
        to[g * n + i] = d[g];
        block.sums[s * all + g * n + i] = d[g];
      }
    });
    __syncthreads();
    if constexpr (kGates == kCoupledGates) {
      block.EachGate([&](int s, int g) {
        const int64_t at = g * n;
        const float dot =
            GateDot(block.sums + s * all + at, cell.gain.data + at,
                    Row(cell.normed, block.RowAt(t, s)) + at, n);
        if (block.lane == 0) {
          block.of_gates[s * kGates + g] = dot / static_cast<float>(n);
        }
      });
      __syncthreads();
      block.EachCell([&](int s, int64_t i) {
        const int64_t row = block.RowAt(t, s);
        NNCPP_UNROLL
        for (int g = 0; g < kGates; ++g) {
          const int64_t at = g * n + i;
          float& d = block.sums[s * all + at];
          d = SumGradient(d, cell.gain.data[at], Row(cell.normed, row)[at],
                          Row(cell.inverse_rms, row)[g],
                          block.of_gates[s * kGates + g]);
          Row(of.dsum, row)[at] = d;
        }
      });
      __syncthreads();
    }
    if (t == 0) break;
    block.Quantize(
        norm,
        NoisyElements{all, a.quantize.noise, block.RowAt(t, block.warp), 0},
        [&](int s, int64_t at) {
          return block.sums[s * all + at] * a.quantize.fold[at];
        });
    __syncthreads();
    block.Multiply([&](int s, int64_t i, float sum) {
      block.hidden[s * n + i] =
          Scaled(sum, block.scale[s], ScaleOf(a.weights, i));
    });
    __syncthreads();
  }
}

// A warp for each stream at least.
template <typename Work>
void LaunchLayer(void (*kernel)(Work), const Work& work, cudaStream_t stream) {
  Launch(kernel, Blocks(work.streams, kStreams),
         Threads(kStreams * work.layout.cells, kStreams * kLanes,
                 kMostLayerThreads),
         work.layout.Bytes(), stream, work);
}

}  // namespace

bool LstmLayerForward(const LstmLayer& layer, const Operand& weights,
                      const int32_t* symbols, const Processor& processor,
                      cudaStream_t stream) {
  const int64_t cells = layer.cell.h.cols;
  const LayerLayout layout = {cells, weights.rows / cells, weights.rows, cells};
  if (layout.Bytes() > processor.shared_bytes) return false;
  const LayerForward work = {layout,         layer.cell,
                             layer.h_before, symbols,
                             layer.streams,  layer.cell.h.rows / layer.streams,
                             weights};
  LaunchLayer(layout.gates == kCoupledGates ? LayerForwardKernel<kCoupledGates>
                                            : LayerForwardKernel<kClassicGates>,
              work, stream);
  return true;
}

bool LstmLayerBackward(const LstmLayerGradient& gradient,
                       const Operand& weights, const GradientOperand& quantize,
                       const Processor& processor, cudaStream_t stream) {
  const int64_t cells = weights.rows, sums = gradient.cell.dsum.cols;
  const LayerLayout layout = {cells, sums / cells, cells, sums};
  if (layout.Bytes() > processor.shared_bytes) return false;
  const LayerBackward work = {layout,
                              gradient.cell,
                              quantize,
                              gradient.streams,
                              gradient.cell.dsum.rows / gradient.streams,
                              weights};
  LaunchLayer(layout.gates == kCoupledGates
                  ? LayerBackwardKernel<kCoupledGates>
                  : LayerBackwardKernel<kClassicGates>,
              work, stream);
  return true;
}

}  // namespace nncpp::cuda
