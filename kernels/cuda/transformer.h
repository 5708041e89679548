// kernels/cuda/transformer.h -- a Transformer's work on rows, on a device.
//
// Contracts: kernels/backend.h. All pointers are device memory.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/device.h"

namespace nncpp::cuda {

void Copy(ConstMatrix x, Matrix y, cudaStream_t stream);
void RmsNormForward(ConstMatrix x, ConstMatrix gain, Matrix normed,
                    Matrix inverse_rms, Matrix y, cudaStream_t stream);
void RmsNormBackward(ConstMatrix dy, ConstMatrix gain, ConstMatrix normed,
                     ConstMatrix inverse_rms, Matrix dx, cudaStream_t stream);
void GateForward(ConstMatrix u, Matrix y, cudaStream_t stream);
void GateBackward(ConstMatrix u, ConstMatrix dy, Matrix du,
                  cudaStream_t stream);

}  // namespace nncpp::cuda
