// kernels/make_backend.h -- the backends of this build, by name.
#pragma once

#include <cstdint>
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

// The CUDA backend of GPU number `device`; `reserve_bytes` of its memory are
// taken at once, the rest as it is needed (0: each array by itself). Its bits
// are the CPU's. Throws Error(kNoDevice) when this build has no CUDA backend or
// this machine no GPU of that number that it can use, Error(kMemory) when the
// GPU is too small.
std::unique_ptr<Backend> MakeCudaBackend(int device, int64_t reserve_bytes);

// Where to compute. kAuto: GPU 0 where MakeCudaBackend finds one, otherwise
// the CPU.
struct Device {
  enum class Kind { kAuto, kCpu, kCuda };
  Kind kind = Kind::kAuto;
  int index = 0;  // of the GPU
};
std::unique_ptr<Backend> MakeBackend(const Device& device, int threads,
                                     int64_t reserve_bytes);

// The name of the instruction set MakeCpuBackend takes: "avx2", say.
std::string_view CpuForm();

}  // namespace nncpp
