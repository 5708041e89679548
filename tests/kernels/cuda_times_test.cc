// tests/kernels/cuda_times_test.cc -- the table of kernel times.
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

// Stands first in the kernels' sources, too.
#include "tests/support/cuda_emulation.h"
//
#include "gtest/gtest.h"
#include "kernels/cuda/times.h"
#include "tests/support/emulated_backend.h"
#include "tests/support/held_matrix.h"
#include "tests/support/random_floats.h"

namespace nncpp {
namespace {

using ::nncpp::testing::Bits;
using ::nncpp::testing::HeldMatrix;
using ::nncpp::testing::MakeEmulatedBackend;
using ::nncpp::testing::RandomFloats;

// What a backend of a process says at its end, where times are asked for by
// `value`; `calls` counts those of a routine that is run four times, and
// `result` is what it leaves.
std::string WordsOfARun(const char* value, int& calls,
                        std::vector<uint32_t>& result) {
  ::setenv("NNCPP_CUDA_TIMES", value, 1);
  ::testing::internal::CaptureStderr();
  {
    const std::unique_ptr<Backend> b = MakeEmulatedBackend(/*seed=*/1);
    ::unsetenv("NNCPP_CUDA_TIMES");  // it was read when the backend was made
    const HeldMatrix x(*b, 2, 40, RandomFloats(80, 1)), y(*b, 2, 40);
    const auto routine = b->NewRoutine();
    for (uint32_t turn = 1; turn <= 4; ++turn) {
      b->Run(*routine, turn, [&] {
        ++calls;
        b->Add(x, y);
        b->Dropout(y, {1, turn, 2}, 0, 0.5f, y);
        b->Add(x, y);
      });
    }
    result = Bits(y.Values());
  }
  return ::testing::internal::GetCapturedStderr();
}

TEST(KernelTimes, CountsEachCallOfAKernelAndRecordsNothing) {
  int plain_calls = 0, timed_calls = 0;
  std::vector<uint32_t> plain, timed;
  EXPECT_EQ(WordsOfARun("", plain_calls, plain), "");
  const std::string table = WordsOfARun("1", timed_calls, timed);
  EXPECT_EQ(timed, plain);
  EXPECT_EQ(plain_calls, 2);  // once plainly, once to record it
  EXPECT_EQ(timed_calls, 4);
  EXPECT_TRUE(table.starts_with("| kernel | calls | ms | share |\n")) << table;
  EXPECT_NE(table.find(" | 8 | "), std::string::npos) << table;
  EXPECT_NE(table.find(" | 4 | "), std::string::npos) << table;
  EXPECT_NE(table.find("\noptimiser and quantisation: 0.0 % of "),
            std::string::npos)
      << table;
}

TEST(KernelTimes, ListsTheLongestFirstAndAddsUpTheUpdate) {
  EXPECT_EQ(
      cuda::TimesTable({{"AddKernel", 7, 1.0},
                        {"MultiplyTilesKernel<16>", 2, 70.0},
                        {"AdamQuantizeRowsKernel", 3, 10.0},
                        {"QuantizeColumnsKernel<true, 16>", 3, 4.0},
                        {"TransposeKernel", 3, 5.0},
                        {"GateForwardKernel", 3, 10.0}}),
      "| kernel | calls | ms | share |\n"
      "|---|---|---|---|\n"
      "| MultiplyTilesKernel<16> | 2 | 70.000 | 70.0 % |\n"
      "| AdamQuantizeRowsKernel | 3 | 10.000 | 10.0 % |\n"
      "| GateForwardKernel | 3 | 10.000 | 10.0 % |\n"
      "| TransposeKernel | 3 | 5.000 | 5.0 % |\n"
      "| QuantizeColumnsKernel<true, 16> | 3 | 4.000 | 4.0 % |\n"
      "| AddKernel | 7 | 1.000 | 1.0 % |\n"
      "optimiser and quantisation: 19.0 % of 100.0 ms; norms and gates, which "
      "quantise what they write: 10.0 %\n");
}

TEST(KernelTimes, AreOfNoKernelsWhereNoneRan) {
  EXPECT_NE(cuda::TimesTable({}).find("0.0 % of 0.0 ms"), std::string::npos);
}

// As nvcc names them.
TEST(BareName, IsWithoutNamespacesAndParameters) {
  EXPECT_EQ(
      cuda::BareName("_ZN5nncpp4cuda39_GLOBAL__N__31f0c597_7_cell_cu_565a22f5"
                     "17CellForwardKernelENS_8LstmCellEPKi"),
      "CellForwardKernel");
  EXPECT_EQ(cuda::BareName(
                "_ZN5nncpp4cuda43_GLOBAL__N__37ecb3fa_10_product_cu_6d7dbe3b"
                "19MultiplyTilesKernelINS1_9TileShapeILi2ELi2ELi2ELi4EEEEEvNS0_"
                "7OperandES5_NS0_7ResultsE"),
            "MultiplyTilesKernel<TileShape<2, 2, 2, 4> >");
  EXPECT_EQ(cuda::BareName("kernel"), "kernel");
}

}  // namespace
}  // namespace nncpp
