// kernels/cuda/tensor_map.h -- operands as copies of whole boxes see them.
#pragma once

#include "kernels/cuda/quantize.h"
#ifndef NNCPP_CUDA_EMULATED
#include <cuda.h>
#endif

namespace nncpp::cuda {

// Three axes: k, rows, operands of a batch. A box is kBoxDepth of k of a number
// of rows of one operand; what of it lies outside is zeros. Boxes are laid out
// in shared memory in rows of 128 bytes, swizzled by 128 bytes: the number of a
// row's piece of 16 bytes is xored with that of the row, modulo 8 (PTX ISA,
// Swizzling modes).
inline constexpr int kBoxDepth = 64;
inline constexpr int kMostBoxRows = 256;
#ifdef NNCPP_CUDA_EMULATED
using TensorMap = emulation::TensorMap;
#else
using TensorMap = CUtensorMap;
#endif

// That of `count` operands like x that follow one another. REQUIRES: none of
// them is empty; box_rows <= kMostBoxRows; a device of compute capability 9.0
// or more. Throws Error(kDevice) if the driver cannot make it.
TensorMap MapOf(const Operand& x, int64_t count, int box_rows);

}  // namespace nncpp::cuda
