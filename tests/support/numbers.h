// tests/support/numbers.h -- floats for tests: random ones, bits, comparisons.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_backend.h"

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

inline double Norm(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return std::sqrt(sum);
}

// Sizes around the vectors' lengths: below, equal, above, and with a tail.
inline const std::vector<int64_t>& AwkwardSizes() {
  static const std::vector<int64_t> sizes = {1,  31,  32,  33,  64,
                                             77, 100, 128, 320, 321};
  return sizes;
}

// Expects that run(OpsTable) returns the same from every form of this machine.
template <typename Run>
void ExpectEqualForms(const Run& run) {
  const std::vector<cpu::Form> forms = cpu::AvailableForms();
  const auto expected = run(*forms[0].ops);
  for (const cpu::Form& form : forms) {
    EXPECT_TRUE(run(*form.ops) == expected) << form.name << " differs";
  }
}

}  // namespace nncpp::testing
