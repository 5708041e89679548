// kernels/cuda/check.h -- turns a CUDA status into an Error.
#pragma once

#ifndef NNCPP_CUDA_EMULATED
#include <cuda_runtime.h>
#endif

#include <string>

#include "src/base/error.h"

namespace nncpp::cuda {

inline void Check(cudaError_t status, const char* call, const char* where) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // the next launch is not to find it
  throw Error(ErrorKind::kDevice, std::string(where) + ": " + call + ": " +
                                      cudaGetErrorString(status));
}

}  // namespace nncpp::cuda

#define NNCPP_STRING_(x) #x
#define NNCPP_STRING(x) NNCPP_STRING_(x)
#define NNCPP_CUDA_CHECK(call) \
  ::nncpp::cuda::Check((call), #call, __FILE__ ":" NNCPP_STRING(__LINE__))
