// kernels/cuda/transformer.h -- a Transformer's work on rows, on a device.
//
// Contracts: kernels/backend.h. All pointers are device memory.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/quantize.h"

namespace nncpp::cuda {

void Copy(ConstMatrix x, Matrix y, cudaStream_t stream);
// With `quantized`, also the rows of y as an operand.
void RmsNormForward(const RmsNorm& norm, const Operand* quantized,
                    cudaStream_t stream);
void RmsNormBackward(ConstMatrix dy, ConstMatrix gain, ConstMatrix normed,
                     ConstMatrix inverse_rms, Matrix dx, cudaStream_t stream);
void GateForward(const GatedUnit& unit, const Operand& quantized,
                 cudaStream_t stream);
void GateBackward(ConstMatrix u, ConstMatrix dy, Matrix du,
                  cudaStream_t stream);

}  // namespace nncpp::cuda
