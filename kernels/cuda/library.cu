// kernels/cuda/library.cu -- contract: kernels/cuda/library.h
#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/library.h"

namespace {

// Without a reserve each array is a chunk of its own, so that a checker of
// memory sees what goes beyond.
constexpr int64_t kChunkBytes = 64 << 20;

}  // namespace

extern "C" {

__attribute__((visibility("default"))) const char* NncppCudaStamp() {
  return NNCPP_BACKEND_STAMP;
}

__attribute__((visibility("default"))) nncpp::Backend* NncppMakeCudaBackend(
    int device, int64_t reserve_bytes) {
  return new nncpp::cuda::CudaBackend(device, reserve_bytes,
                                      reserve_bytes > 0 ? kChunkBytes : 0);
}
}
