// tests/support/numbers.h -- floats for tests: random ones, bits, comparisons.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_backend.h"
#include "tests/support/random_floats.h"

namespace nncpp::testing {

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
