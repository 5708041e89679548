// tests/support/case_numbers.h -- what the cases of backend_cases.h are made
// of.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/backend_cases.h"
#include "tests/support/held_matrix.h"
#include "tests/support/random_floats.h"

namespace nncpp::testing {

// The cases, by what they are about.
std::vector<BackendCase> NetCases();
std::vector<BackendCase> LstmCases();
std::vector<BackendCase> TransformerCases();
std::vector<BackendCase> CodingCases();

using Result = std::vector<uint32_t>;

inline void Append(const HeldMatrix& m, Result& result) {
  for (const uint32_t bits : Bits(m.Values())) result.push_back(bits);
}

template <typename... M>
Result BitsOf(const M&... matrices) {
  Result result;
  (Append(matrices, result), ...);
  return result;
}

// Mostly ordinary numbers; zeros of either sign, a denormal and one number far
// above the others among them, and a row of zeros where there are many.
inline HeldMatrix Numbers(Backend& b, int64_t rows, int64_t cols, uint64_t seed,
                          float range = 1.0f) {
  std::vector<float> x = RandomFloats(rows * cols, seed, range);
  const auto size = x.size();
  for (size_t i = 0; i < size; ++i) {
    if (i % 97 == 5) x[i] = 0.0f;
    if (i % 89 == 7) x[i] = -0.0f;
    if (i % 83 == 11) x[i] = 1e-40f;
  }
  if (size > 40) x[size / 2] = 30.0f * range;
  if (rows > 4) {
    const auto row = static_cast<size_t>(3 * cols);
    for (size_t i = 0; i < static_cast<size_t>(cols); ++i) x[row + i] = 0.0f;
  }
  return {b, rows, cols, x};
}

// `count` symbols in the backend's memory, some of them none.
inline HeldSymbols SomeSymbols(Backend& b, int64_t count, int64_t alphabet) {
  std::vector<int32_t> symbols;
  for (int64_t i = 0; i < count; ++i) {
    symbols.push_back(
        i % 13 == 5 ? -1 : static_cast<int32_t>(i * i % 101 % alphabet));
  }
  return {b, 1, count, symbols};
}

// Operands and results are columns of wider matrices, as a model's may be.
inline constexpr int64_t kBeside = 3;

}  // namespace nncpp::testing
