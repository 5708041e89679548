// kernels/cuda/lstm_layer.h -- all steps of an LSTM layer in one kernel.
//
// A block takes up to eight streams through all steps; the recurrent weights
// stay in its shared memory, and streams know nothing of one another. So it
// serves layers whose weights fit there, both ways:
//
//   a block can have              coupled cells    classic cells
//   227 KiB (capability 9.0)      160              152
//   163 KiB (8.0)                 144              112
//   99 KiB (8.6, 8.9)             96               92
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/product.h"

namespace nncpp::cuda {

// Contracts: kernels/backend.h. `weights` are those of the layer, G C x C; they
// return false, and have done nothing, where these do not fit.
bool LstmLayerForward(const LstmLayer& layer, const Operand& weights,
                      const int32_t* symbols, const Processor& processor,
                      cudaStream_t stream);

// `weights` is C x G C, the other way round; `quantize` says how dsum becomes
// their operand, which stays on the chip.
bool LstmLayerBackward(const LstmLayerGradient& gradient,
                       const Operand& weights, const GradientOperand& quantize,
                       const Processor& processor, cudaStream_t stream);

}  // namespace nncpp::cuda
