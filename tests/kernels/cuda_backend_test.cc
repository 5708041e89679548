// tests/kernels/cuda_backend_test.cc -- every kernel, emulated, beside the CPU.
#include <cstdint>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/make_backend.h"
#include "tests/support/backend_cases.h"
#include "tests/support/emulated_backend.h"

namespace nncpp {
namespace {

using ::nncpp::testing::BackendCase;
using ::nncpp::testing::BackendCases;
using ::nncpp::testing::CaseSize;
using ::nncpp::testing::MakeEmulatedBackend;
using ::nncpp::testing::OddSizes;

class EmulatedCuda : public ::testing::TestWithParam<CaseSize> {};

TEST_P(EmulatedCuda, GivesTheBitsOfTheCpuInEveryOrderOfThreads) {
  const std::unique_ptr<Backend> cpu = MakeCpuBackend(1);
  for (const BackendCase& c : BackendCases()) {
    const std::vector<uint32_t> expected = c.run(*cpu, GetParam());
    for (const uint64_t seed : {1, 2, 3}) {
      const std::unique_ptr<Backend> cuda = MakeEmulatedBackend(seed);
      EXPECT_TRUE(c.run(*cuda, GetParam()) == expected)
          << c.name << " differs, seed " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, EmulatedCuda, ::testing::ValuesIn(OddSizes()),
                         [](const auto& size) {
                           return "Size" + std::to_string(size.index);
                         });

}  // namespace
}  // namespace nncpp
