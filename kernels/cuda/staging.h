// kernels/cuda/staging.h -- small host arrays on their way to the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <tuple>

#include "kernels/cuda/arena.h"
#include "kernels/cuda/check.h"

namespace nncpp::cuda {

// A ring of pinned host memory with a twin on the device: copies are on their
// way while the host goes on, and the stream is waited for once a round.
class Staging {
 public:
  Staging(Arena& arena, cudaStream_t stream) : arena_(arena), stream_(stream) {}
  ~Staging() { Release(); }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // Copies of the spans in device memory. They are good for operations that
  // are issued before the next Put.
  template <typename... T>
  std::tuple<const T*...> Put(std::span<const T>... values) {
    MakeRoom((Padded(values.size_bytes()) + ...));
    return {static_cast<const T*>(
        Send(values.data(), values.size_bytes(), device_ + used_))...};
  }

  // Copies the values to a place in device memory.
  template <typename T>
  void Put(std::span<const T> values, T* to) {
    MakeRoom(Padded(values.size_bytes()));
    Send(values.data(), values.size_bytes(), to);
  }

 private:
  static int64_t Padded(size_t bytes) {
    return (static_cast<int64_t>(bytes) + Arena::kAlignment - 1) /
           Arena::kAlignment * Arena::kAlignment;
  }
  void MakeRoom(int64_t bytes);
  const void* Send(const void* values, size_t bytes, void* to);
  void Release();

  Arena& arena_;
  cudaStream_t stream_;
  std::byte* host_ = nullptr;
  std::byte* device_ = nullptr;
  int64_t size_ = 0;
  int64_t used_ = 0;
};

}  // namespace nncpp::cuda
