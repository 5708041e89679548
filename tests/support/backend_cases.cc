// tests/support/backend_cases.cc -- contract: tests/support/backend_cases.h
#include "tests/support/backend_cases.h"

#include "tests/support/case_numbers.h"

namespace nncpp::testing {

std::string Text(const CaseSize& s) {
  return "R " + std::to_string(s.rows) + ", N " + std::to_string(s.n) + ", K " +
         std::to_string(s.k) + ", V " + std::to_string(s.v);
}

std::vector<CaseSize> OddSizes() {
  return {{1, 1, 1, 2},       {3, 31, 33, 5},   {9, 129, 32, 64},
          {17, 65, 200, 256}, {33, 40, 70, 33}, {41, 147, 133, 300},
          {70, 100, 40, 130}, {130, 260, 40, 7}};
}

std::vector<CaseSize> ModelSizes() {
  return {{4, 960, 320, 256},     {64, 960, 320, 256}, {32, 4096, 1024, 16384},
          {128, 4200, 1400, 256}, {513, 999, 777, 50}, {1100, 4110, 333, 70},
          {2048, 4096, 1024, 300}};
}

const std::vector<BackendCase>& BackendCases() {
  static const std::vector<BackendCase> cases = [] {
    std::vector<BackendCase> all;
    for (const auto& some :
         {NetCases(), LstmCases(), CodingCases(), TransformerCases()}) {
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }();
  return cases;
}

}  // namespace nncpp::testing
