// kernels/cuda/staging.cu -- contract: kernels/cuda/staging.h
#include <algorithm>

#include "kernels/cuda/staging.h"
#include "src/base/check.h"

namespace nncpp::cuda {
namespace {

constexpr int64_t kRingBytes = 1 << 20;

}  // namespace

void Staging::MakeRoom(int64_t bytes) {
  cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  NNCPP_CUDA_CHECK(cudaStreamIsCapturing(stream_, &capture));
  // What is recorded would find other values here when it is done again.
  NNCPP_CHECK(capture == cudaStreamCaptureStatusNone);
  if (used_ + bytes <= size_) return;
  NNCPP_CUDA_CHECK(cudaStreamSynchronize(stream_));
  used_ = 0;
  if (bytes <= size_) return;
  Release();
  const int64_t size = std::max(bytes, kRingBytes);
  void* host = nullptr;
  NNCPP_CUDA_CHECK(cudaMallocHost(&host, static_cast<size_t>(size)));
  host_ = static_cast<std::byte*>(host);
  device_ = static_cast<std::byte*>(arena_.Allocate(size));
  size_ = size;
}

const void* Staging::Send(const void* values, size_t bytes, void* to) {
  if (bytes > 0) {
    std::memcpy(host_ + used_, values, bytes);
    NNCPP_CUDA_CHECK(cudaMemcpyAsync(to, host_ + used_, bytes,
                                     cudaMemcpyHostToDevice, stream_));
  }
  used_ += Padded(bytes);
  return to;
}

void Staging::Release() {
  if (host_ != nullptr) cudaFreeHost(host_);
  if (device_ != nullptr) arena_.Free(device_);
  host_ = device_ = nullptr;
  size_ = used_ = 0;
}

}  // namespace nncpp::cuda
