// kernels/cuda/arena.cu -- contract: kernels/cuda/arena.h
#include <algorithm>
#include <iterator>
#include <string>

#include "kernels/cuda/arena.h"
#include "kernels/cuda/check.h"
#include "src/base/check.h"

namespace nncpp::cuda {

Arena::Arena(int64_t reserve, int64_t chunk) : chunk_(chunk) {
  if (reserve > 0) AddChunk(reserve);
}

Arena::~Arena() {
  for (void* chunk : chunks_) cudaFree(chunk);
}

std::map<std::byte*, Arena::Part>::iterator Arena::AddChunk(int64_t bytes) {
  void* p = nullptr;
  size_t free = 0, total = 0;
  NNCPP_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  const cudaError_t status = cudaMalloc(&p, static_cast<size_t>(bytes));
  if (status != cudaSuccess) {
    cudaGetLastError();  // the next launch is not to find it
    throw Error(ErrorKind::kMemory,
                "the GPU is too small: needs " + std::to_string(bytes) +
                    " bytes more than the " + std::to_string(taken_) +
                    " it took, and " + std::to_string(free) + " of its " +
                    std::to_string(total) +
                    " are free; use --device cpu or a smaller model");
  }
  chunks_.push_back(p);
  taken_ += bytes;
  return parts_.emplace(static_cast<std::byte*>(p), Part{bytes, true, true})
      .first;
}

void* Arena::Allocate(int64_t bytes) {
  const int64_t need =
      std::max((bytes + kAlignment - 1) / kAlignment * kAlignment, kAlignment);
  auto at = std::find_if(parts_.begin(), parts_.end(), [&](const auto& part) {
    return part.second.free && part.second.bytes >= bytes;
  });
  // A chunk of its own is as large as what was asked for, to the byte, so that
  // a checker of memory sees what goes beyond; it may have no room for `need`.
  if (at == parts_.end()) {
    at = AddChunk(chunk_ == 0 ? std::max<int64_t>(bytes, 1)
                              : std::max(need, chunk_));
  }
  Part& part = at->second;
  if (part.bytes > need) {
    parts_.emplace(at->first + need, Part{part.bytes - need, false, true});
    part.bytes = need;
  }
  part.free = false;
  return at->first;
}

void Arena::Free(void* p) {
  auto at = parts_.find(static_cast<std::byte*>(p));
  NNCPP_CHECK(at != parts_.end() && !at->second.free);
  at->second.free = true;
  ++frees_;
  const auto join = [this](auto left, auto right) {
    if (!left->second.free || !right->second.free || right->second.first) {
      return false;
    }
    left->second.bytes += right->second.bytes;
    parts_.erase(right);
    return true;
  };
  if (const auto next = std::next(at); next != parts_.end()) join(at, next);
  if (at != parts_.begin()) join(std::prev(at), at);
}

}  // namespace nncpp::cuda
