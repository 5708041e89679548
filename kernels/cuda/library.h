// kernels/cuda/library.h -- what the shared object of the CUDA backend exports.
//
// NNCPP_BACKEND_STAMP, from the Makefile, names the text of the interface: a
// library of another build is told by it and not used.
#pragma once

#include <cstdint>

#include "kernels/backend.h"

namespace nncpp {

inline constexpr const char* kCudaLibrary = "libnncpp_cuda.so";
inline constexpr const char* kInstalledCudaLibrary = "../lib/libnncpp_cuda.so";

inline constexpr const char* kCudaStampName = "NncppCudaStamp";
using CudaStampFunction = const char*();

// Contract: MakeCudaBackend of kernels/make_backend.h. The caller owns the
// result.
inline constexpr const char* kMakeCudaName = "NncppMakeCudaBackend";
using MakeCudaFunction = Backend*(int device, int64_t reserve_bytes);

}  // namespace nncpp
