// src/model/model_state.h -- a model's state: digest, copy, check.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/backend.h"

namespace nncpp {

// A piece of what later predictions depend on.
struct StatePiece {
  float* array;    // backend memory, or null:
  uint8_t* bytes;  // host memory
  int64_t size;    // in floats, or in bytes

  static StatePiece Array(float* p, int64_t count) {
    return {p, nullptr, count};
  }
  static StatePiece Host(void* p, size_t bytes) {
    return {nullptr, static_cast<uint8_t*>(p), static_cast<int64_t>(bytes)};
  }
};

// XXH3-64 of each piece with the hash of those before as its seed.
uint64_t DigestState(Backend& backend, std::span<const StatePiece> pieces);

// False if a float in backend memory is infinite or not a number.
bool IsFiniteState(Backend& backend, std::span<const StatePiece> pieces);

// The pieces' bytes; the same pieces take them back.
std::vector<std::vector<uint8_t>> SaveState(Backend& backend,
                                            std::span<const StatePiece> pieces);
void RestoreState(Backend& backend, std::span<const StatePiece> pieces,
                  std::span<const std::vector<uint8_t>> saved);

}  // namespace nncpp
