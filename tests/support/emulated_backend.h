// tests/support/emulated_backend.h -- the CUDA backend on an emulated device.
#pragma once

#include <cstdint>
#include <memory>

#include "kernels/backend.h"

namespace nncpp::testing {

// Threads of a block, blocks and asynchronous copies run in an order drawn
// from `seed`, for all emulated backends of the process. Each array is an
// allocation of its own, so that the address sanitizer sees what goes beyond.
// With `wgmma` every product of more than a few rows goes by it.
std::unique_ptr<Backend> MakeEmulatedBackend(uint64_t seed, bool wgmma = false);

}  // namespace nncpp::testing
