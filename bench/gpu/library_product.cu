// bench/gpu/library_product.cu -- contract: bench/gpu/measure.h
#include "bench/gpu/measure.h"
#include "kernels/cuda/check.h"
#include "src/base/error.h"

#ifdef NNCPP_NO_CUBLAS

namespace nncpp {

double LibraryProduct(const Shape&) {
  throw Error(ErrorKind::kDevice, "built without cuBLASLt");
}

}  // namespace nncpp

#else

#include <cublasLt.h>

#include <string>

namespace nncpp {
namespace {

void CheckLt(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(ErrorKind::kDevice,
              std::string(call) + ": status " + std::to_string(status));
}
#define NNCPP_LT_CHECK(call) CheckLt((call), #call)

constexpr size_t kWorkspaceBytes = 64 << 20;

cublasLtMatrixLayout_t Layout(cudaDataType type, int64_t rows, int64_t cols) {
  cublasLtMatrixLayout_t result;
  NNCPP_LT_CHECK(cublasLtMatrixLayoutCreate(&result, type,
                                            static_cast<uint64_t>(rows),
                                            static_cast<uint64_t>(cols), rows));
  return result;
}

}  // namespace

// y = x w'. What the library itself holds is not given back: the process ends
// soon.
double LibraryProduct(const Shape& s) {
  static const cublasLtHandle_t handle = [] {
    cublasLtHandle_t made;
    NNCPP_LT_CHECK(cublasLtCreate(&made));
    return made;
  }();
  const DeviceMemory w = RandomHalves(s.n * s.k, 1);
  const DeviceMemory x = RandomHalves(s.m * s.k, 2);
  const DeviceMemory y = NewDeviceMemory(static_cast<size_t>(s.m * s.n) * 4);
  const DeviceMemory workspace = NewDeviceMemory(kWorkspaceBytes);
  cublasLtMatmulDesc_t product;
  NNCPP_LT_CHECK(
      cublasLtMatmulDescCreate(&product, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  // Column-major, as the library has it: y' = (w')' x'.
  const cublasOperation_t transposed = CUBLAS_OP_T;
  NNCPP_LT_CHECK(cublasLtMatmulDescSetAttribute(
      product, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof(transposed)));
  const auto lw = Layout(CUDA_R_16F, s.k, s.n);
  const auto lx = Layout(CUDA_R_16F, s.k, s.m);
  const auto ly = Layout(CUDA_R_32F, s.n, s.m);
  cublasLtMatmulPreference_t preference;
  NNCPP_LT_CHECK(cublasLtMatmulPreferenceCreate(&preference));
  NNCPP_LT_CHECK(cublasLtMatmulPreferenceSetAttribute(
      preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &kWorkspaceBytes,
      sizeof(kWorkspaceBytes)));
  cublasLtMatmulHeuristicResult_t best;
  int found = 0;
  NNCPP_LT_CHECK(cublasLtMatmulAlgoGetHeuristic(handle, product, lw, lx, ly, ly,
                                                preference, 1, &best, &found));
  if (found == 0) {
    throw Error(ErrorKind::kDevice, "cuBLASLt knows no algorithm");
  }
  const float one = 1, zero = 0;
  return Time(
      50,
      [&](int) {
        NNCPP_LT_CHECK(cublasLtMatmul(handle, product, &one, w.get(), lw,
                                      x.get(), lx, &zero, y.get(), ly, y.get(),
                                      ly, &best.algo, workspace.get(),
                                      kWorkspaceBytes, nullptr));
      },
      WaitForDevice);
}

}  // namespace nncpp

#endif
