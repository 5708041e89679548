// tests/support/random_floats.h -- numbers for tests, without GoogleTest.
#pragma once

#include <bit>
#include <cstdint>
#include <random>
#include <vector>

namespace nncpp::testing {

// Uniform in (-range, range), the same on every machine.
inline std::vector<float> RandomFloats(int64_t count, uint64_t seed,
                                       float range = 1.0f) {
  std::mt19937_64 random(seed);
  std::vector<float> x(static_cast<size_t>(count));
  for (float& v : x) {
    const auto word = static_cast<int32_t>(random() >> 40) - (1 << 23);
    v = (static_cast<float>(word) + 0.5f) * 0x1p-23f * range;
  }
  return x;
}

inline std::vector<uint32_t> Bits(const std::vector<float>& x) {
  std::vector<uint32_t> bits;
  for (const float v : x) bits.push_back(std::bit_cast<uint32_t>(v));
  return bits;
}

}  // namespace nncpp::testing
