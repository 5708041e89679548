// tests/kernels/cuda_backend_test.cc -- every kernel, emulated, beside the CPU.
#include <cstdint>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/make_backend.h"
#include "tests/support/backend_cases.h"
#include "tests/support/emulated_backend.h"
#include "tests/support/errors.h"
#include "tests/support/held_matrix.h"

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

// Every product by tiles, also those that a GPU would leave to smaller ones.
TEST_P(EmulatedCuda, GivesTheBitsOfTheCpuByProductsOfWarpgroups) {
  const std::unique_ptr<Backend> cpu = MakeCpuBackend(1);
  uint64_t seed = 0;
  for (const BackendCase& c : BackendCases()) {
    const std::unique_ptr<Backend> cuda =
        MakeEmulatedBackend(++seed, /*wgmma=*/true);
    EXPECT_TRUE(c.run(*cuda, GetParam()) == c.run(*cpu, GetParam()))
        << c.name << " differs, seed " << seed;
  }
}

TEST(EmulatedCudaDecoding, RefusesBytesThatNoEncoderMade) {
  const std::vector<uint8_t> sound = {1, 2, 3}, damaged(20, 0xFF);
  for (const bool on_device : {false, true}) {
    const std::unique_ptr<Backend> b =
        on_device ? MakeEmulatedBackend(1) : MakeCpuBackend(1);
    std::vector<RangeDecoder> decoders = {RangeDecoder(sound),
                                          RangeDecoder(damaged)};
    const std::vector<int64_t> counts = {2, 2};
    const testing::HeldMatrix logits(*b, 4, 300);
    const testing::HeldSymbols symbols(*b, 2, 2, {0, 0, 0, 0});
    const auto f = b->NewFrequencies(4, 300);
    b->SoftmaxFrequencies(logits, 0, *f);
    ExpectError(ErrorKind::kFormat, "not a coder's message", [&] {
      b->StartDecoding(decoders, counts);
      b->DecodeSymbols(*f, 0, symbols.view().Rows(0, 1));
      b->DecodeSymbols(*f, 2, symbols.view().Rows(1, 1));
      b->EndDecoding(decoders);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, EmulatedCuda, ::testing::ValuesIn(OddSizes()),
                         [](const auto& size) {
                           return "Size" + std::to_string(size.index);
                         });

}  // namespace
}  // namespace nncpp
