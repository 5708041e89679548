// tests/kernels/cuda_lstm_test.cc -- which kernels an LSTM layer takes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/backend_cases.h"
#include "tests/support/emulated_backend.h"

namespace nncpp {
namespace {

using ::nncpp::testing::BackendCase;
using ::nncpp::testing::BackendCases;
using ::nncpp::testing::MakeEmulatedBackend;

// Kernels that one stream's three steps start, forwards and backwards, with
// three of the weights' quantisation; from the table of times.
int64_t KernelsOf(const std::string& name, int64_t cells) {
  const auto& cases = BackendCases();
  const auto found =
      std::find_if(cases.begin(), cases.end(),
                   [&](const BackendCase& c) { return c.name == name; });
  EXPECT_NE(found, cases.end());
  ::setenv("NNCPP_CUDA_TIMES", "1", 1);
  ::testing::internal::CaptureStderr();
  {
    const std::unique_ptr<Backend> b = MakeEmulatedBackend(/*seed=*/1);
    ::unsetenv("NNCPP_CUDA_TIMES");
    found->run(*b, {.rows = 3, .n = 1, .k = cells, .v = 1});
  }
  std::istringstream table(::testing::internal::GetCapturedStderr());
  int64_t calls = 0;
  // | kernel | calls | ms | share |
  for (std::string line; std::getline(table, line);) {
    const size_t second = line.find(" | ");
    if (second != std::string::npos) {
      calls += std::strtoll(line.c_str() + second + 3, nullptr, 10);
    }
  }
  return calls;
}

TEST(CudaLstmLayer, IsAKernelEachWayWhereItsWeightsFitOnTheChip) {
  constexpr int64_t kQuantized = 3;
  EXPECT_EQ(KernelsOf("LstmLayer", 160), kQuantized + 2);
  EXPECT_EQ(KernelsOf("LstmLayer, classic", 144), kQuantized + 2);
}

TEST(CudaLstmLayer, IsElsewhereAProductAndACellEachStep) {
  constexpr int64_t kQuantized = 3, kForward = 1 + 3 * 2, kBackward = 3 + 2;
  EXPECT_EQ(KernelsOf("LstmLayer", 200), kQuantized + kForward + kBackward);
  EXPECT_EQ(KernelsOf("LstmLayer, classic", 200),
            kQuantized + kForward + kBackward);
}

}  // namespace
}  // namespace nncpp
