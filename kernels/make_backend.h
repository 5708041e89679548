// kernels/make_backend.h -- the backends of this build, by name.
#pragma once

#include <memory>
#include <string_view>

#include "kernels/backend.h"

namespace nncpp {

// The CPU backend with `threads` threads (0: one per usable core). The
// instruction set is the best the processor has; the environment variable
// NNCPP_CPU=scalar|avx2|avx512 asks for another (tests, measurements). Throws
// Error(kUsage) for an unknown name, Error(kNoDevice) for one that this
// processor lacks.
std::unique_ptr<Backend> MakeCpuBackend(int threads = 0);

// The name of the instruction set MakeCpuBackend takes: "avx2", say.
std::string_view CpuForm();

}  // namespace nncpp
