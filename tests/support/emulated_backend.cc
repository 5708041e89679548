// tests/support/emulated_backend.cc -- contract: emulated_backend.h
#include "tests/support/emulated_backend.h"

// Stands first in the kernels' sources, too.
#include "tests/support/cuda_emulation.h"
//
#include "kernels/cuda/cuda_backend.h"

namespace nncpp::testing {

std::unique_ptr<Backend> MakeEmulatedBackend(uint64_t seed, bool wgmma) {
  emulation::Seed(seed);
  return std::make_unique<cuda::CudaBackend>(
      /*device=*/0, /*reserve=*/0, /*chunk=*/0,
      wgmma ? cuda::UseOfWgmma::kAlways : cuda::UseOfWgmma::kNever);
}

}  // namespace nncpp::testing
