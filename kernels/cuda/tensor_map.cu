// kernels/cuda/tensor_map.cu -- contract: kernels/cuda/tensor_map.h
#include <string>

#include "kernels/cuda/tensor_map.h"
#include "src/base/error.h"

namespace nncpp::cuda {

#ifdef NNCPP_CUDA_EMULATED

TensorMap MapOf(const Operand& x, int64_t count, int box_rows) {
  return {x.q, x.stride, x.rows, count, box_rows};
}

#else

namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

// The driver's function, which only libcuda has, and that is not linked.
Encode FindEncode() {
  constexpr const char* kName = "cuTensorMapEncodeTiled";
  constexpr unsigned kSince = 12000;
  void* function = nullptr;
  cudaDriverEntryPointQueryResult result = {};
#if CUDART_VERSION >= 12050
  NNCPP_CUDA_CHECK(cudaGetDriverEntryPointByVersion(
      kName, &function, kSince, cudaEnableDefault, &result));
#else
  static_assert(CUDART_VERSION >= kSince);
  NNCPP_CUDA_CHECK(
      cudaGetDriverEntryPoint(kName, &function, cudaEnableDefault, &result));
#endif
  if (result != cudaDriverEntryPointSuccess || function == nullptr) {
    throw Error(ErrorKind::kDevice,
                "the driver has no " + std::string(kName) + "; update it");
  }
  return reinterpret_cast<Encode>(function);
}

}  // namespace

TensorMap MapOf(const Operand& x, int64_t count, int box_rows) {
  static const Encode encode = FindEncode();
  const auto row_bytes = static_cast<cuuint64_t>(x.stride) * sizeof(HalfBits);
  const auto rows = static_cast<cuuint64_t>(x.rows);
  const cuuint64_t sizes[] = {static_cast<cuuint64_t>(x.stride), rows,
                              static_cast<cuuint64_t>(count)};
  const cuuint64_t strides[] = {row_bytes, rows * row_bytes};
  const cuuint32_t box[] = {kBoxDepth, static_cast<cuuint32_t>(box_rows), 1};
  const cuuint32_t steps[] = {1, 1, 1};
  TensorMap map;
  const CUresult result = encode(
      &map, CU_TENSOR_MAP_DATA_TYPE_UINT16, 3, x.q, sizes, strides, box, steps,
      CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
      CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS) {
    throw Error(ErrorKind::kDevice,
                "cuTensorMapEncodeTiled: error " + std::to_string(result));
  }
  return map;
}

#endif

}  // namespace nncpp::cuda
