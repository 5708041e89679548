// kernels/cuda/library.cu -- contract: kernels/cuda/library.h
#include <cstdlib>
#include <string>
#include <string_view>

#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/library.h"
#include "src/base/error.h"

namespace {

using nncpp::cuda::UseOfWgmma;

// Without a reserve each array is a chunk of its own, so that a checker of
// memory sees what goes beyond.
constexpr int64_t kChunkBytes = 64 << 20;

// NNCPP_CUDA_WGMMA: docs/cli.md.
UseOfWgmma AskedWgmma() {
  const char* text = std::getenv("NNCPP_CUDA_WGMMA");
  const std::string_view asked = text == nullptr ? "" : text;
  if (asked.empty() || asked == "0") return UseOfWgmma::kNever;
  if (asked == "1") return UseOfWgmma::kLarge;
  if (asked == "always") return UseOfWgmma::kAlways;
  throw nncpp::Error(nncpp::ErrorKind::kUsage,
                     "NNCPP_CUDA_WGMMA: there is no way '" +
                         std::string(asked) +
                         "'; use 0, 1 or always, or unset it");
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) const char* NncppCudaStamp() {
  return NNCPP_BACKEND_STAMP;
}

__attribute__((visibility("default"))) nncpp::Backend* NncppMakeCudaBackend(
    int device, int64_t reserve_bytes) {
  return new nncpp::cuda::CudaBackend(
      device, reserve_bytes, reserve_bytes > 0 ? kChunkBytes : 0, AskedWgmma());
}
}
