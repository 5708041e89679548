// kernels/load_cuda.cc -- MakeCudaBackend and MakeBackend of make_backend.h
//
// The CUDA backend is a shared object of its own, so that the program starts
// on machines that have none of NVIDIA's libraries.
#include <dlfcn.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "kernels/cuda/library.h"
#include "kernels/environment.h"
#include "kernels/make_backend.h"
#include "src/base/check.h"
#include "src/base/error.h"

namespace nncpp {
namespace {

// Beside the program, or where `make install` puts it; null when in neither.
// It stays open as long as the process lives.
void* OpenLibrary() {
  std::error_code failed;
  const std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return nullptr;
  const std::filesystem::path folder = program.parent_path();
  for (const char* name : {kCudaLibrary, kInstalledCudaLibrary}) {
    const std::filesystem::path path = folder / name;
    if (!std::filesystem::exists(path, failed)) continue;
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    // A library's start-up code may have changed how this thread computes.
    RequireFloatEnvironment();
    if (library != nullptr) return library;
    throw Error(ErrorKind::kNoDevice, ::dlerror());
  }
  return nullptr;
}

template <typename Function>
Function* Find(void* library, const char* name) {
  void* symbol = ::dlsym(library, name);
  if (symbol == nullptr) {
    throw Error(ErrorKind::kNoDevice, std::string(kCudaLibrary) +
                                          " is not of this version; build or "
                                          "install the program again");
  }
  return reinterpret_cast<Function*>(symbol);
}

}  // namespace

std::unique_ptr<Backend> MakeCudaBackend(int device, int64_t reserve_bytes) {
  void* library = OpenLibrary();
  if (library == nullptr) {
    throw Error(ErrorKind::kNoDevice,
                "this build has no CUDA backend (" + std::string(kCudaLibrary) +
                    " is not beside the program); use --device cpu");
  }
  auto* const stamp = Find<CudaStampFunction>(library, kCudaStampName);
  if (std::string_view(stamp()) != NNCPP_BACKEND_STAMP) {
    throw Error(ErrorKind::kNoDevice, std::string(kCudaLibrary) +
                                          " is of another build; build or "
                                          "install the program again");
  }
  auto* const make = Find<MakeCudaFunction>(library, kMakeCudaName);
  std::unique_ptr<Backend> backend(make(device, reserve_bytes));
  RequireFloatEnvironment();
  return backend;
}

std::unique_ptr<Backend> MakeBackend(const Device& device, int threads,
                                     int64_t reserve_bytes) {
  if (device.kind == Device::Kind::kCpu) return MakeCpuBackend(threads);
  try {
    return MakeCudaBackend(device.index, reserve_bytes);
  } catch (const Error& error) {
    if (device.kind == Device::Kind::kCuda ||
        error.kind() != ErrorKind::kNoDevice) {
      throw;
    }
    return MakeCpuBackend(threads);
  }
}

}  // namespace nncpp
