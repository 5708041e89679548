// kernels/cuda/arena.h -- device memory, taken in large pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace nncpp::cuda {

// Hands out parts of chunks that cudaMalloc gave. What was freed is given out
// again at once: all work of a backend is ordered on one stream, so whoever
// gets it comes after whoever had it.
class Arena {
 public:
  // Takes one chunk of `reserve` bytes at once, if any, and further ones of at
  // least `chunk` bytes as they are needed (0: each of the size asked for).
  // Throws Error(kMemory), which names need and have, when one does not fit.
  Arena(int64_t reserve, int64_t chunk);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // At least `bytes` bytes at a multiple of kAlignment; its content is
  // undefined. Throws as above.
  void* Allocate(int64_t bytes);
  void Free(void* p);

  // How often something was freed: as long as this stays, so does all memory
  // that was given out.
  int64_t frees() const { return frees_; }

  static constexpr int64_t kAlignment = 256;

 private:
  struct Part {
    int64_t bytes;
    bool first;  // of its chunk: never joined to the part before
    bool free;
  };

  std::map<std::byte*, Part>::iterator AddChunk(int64_t bytes);

  int64_t chunk_;
  int64_t taken_ = 0;  // bytes of all chunks
  int64_t frees_ = 0;
  std::vector<void*> chunks_;
  std::map<std::byte*, Part> parts_;  // by address
};

}  // namespace nncpp::cuda
