// tests/support/backend_cases.h -- every operation of a Backend, from numbers
// to bits, to hold one backend against another.
//
// To add an operation: a function in one of backend_cases_*.cc and a line of
// the list at its end. Needs no GoogleTest, since it also runs where there is
// none.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/backend.h"

namespace nncpp::testing {

// R rows, an N x K matrix of weights, V symbols.
struct CaseSize {
  int64_t rows, n, k, v;
};
std::string Text(const CaseSize& size);

// Sizes around those of warps, tiles and noise blocks: quick enough for an
// emulated device. The last one fills large tiles.
std::vector<CaseSize> OddSizes();

// Sizes as models have them, for a real device.
std::vector<CaseSize> ModelSizes();

struct BackendCase {
  std::string name;
  // The bits of all that the operation wrote.
  std::function<std::vector<uint32_t>(Backend&, const CaseSize&)> run;
};
const std::vector<BackendCase>& BackendCases();

}  // namespace nncpp::testing
