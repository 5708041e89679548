// tests/kernels/hopper_emulation_test.cc -- the emulated device sees mistakes
// with barriers, copies of boxes and products of a warpgroup.
#include <cstdint>
#include <set>
#include <vector>

#include "gtest/gtest.h"
// Before kernels/cuda/*, whose sources it also precedes.
#include "tests/support/cuda_emulation.h"
//
#include "kernels/cuda/hopper.h"

namespace nncpp {
namespace {

using cuda::kWarpgroup;

constexpr int kCols = 128;
constexpr int kSums = cuda::kProductRows * kCols / kWarpgroup;

constexpr int kAlign = 1024;

struct Box {
  cuda::HalfBits half[kCols * cuda::kBoxDepth];
  cuda::Barrier barrier;
};
constexpr int64_t kSharedBytes = sizeof(Box) + kAlign - 16;

// What a kernel below leaves out.
enum class Lacks { kNothing, kShow, kCopyWait, kFence, kProductWait };

// A box of ones times itself: depth 64, so all sums are 64.
template <Lacks kLacks>
__global__ void SquareOnes(const __grid_constant__ cuda::TensorMap map,
                           float* out) {
  auto& box = cuda::AlignedShared<Box, kAlign>();
  if (threadIdx.x == 0) {
    cuda::InitBarrier(&box.barrier, 1);
    if (kLacks != Lacks::kShow) cuda::ShowBarriers();
    // Not garbage, which would abort as no integer.
    for (auto& half : box.half) half = 0;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    cuda::ArriveExpecting(&box.barrier, sizeof(box.half));
    cuda::StartBoxCopy(box.half, map, 0, 0, 0, &box.barrier);
  }
  if (kLacks != Lacks::kCopyWait) cuda::WaitForPhase(&box.barrier, 0);
  float sum[kSums] = {};
  if (kLacks != Lacks::kFence) cuda::FenceProducts();
  const uint64_t rows = cuda::DescriptorOf(box.half);
  for (unsigned k = 0; k < 4; ++k) {
    const uint64_t at = rows + k * cuda::kDescriptorStep;
    cuda::MultiplyRows(sum, at, at, k > 0);
  }
  cuda::CommitProducts();
  if (kLacks != Lacks::kProductWait) cuda::WaitForProducts(sum);
  out[threadIdx.x] = 0;
  for (const float s : sum) out[threadIdx.x] += s;
  cuda::WaitForProducts(sum);
  cuda::WaitForPhase(&box.barrier, 0);
}

template <Lacks kLacks>
std::set<std::vector<float>> Outcomes() {
  std::vector<cuda::HalfBits> ones(kCols * cuda::kBoxDepth,
                                   cuda::HalfFromInteger(1));
  const cuda::Operand x = {ones.data(), nullptr, kCols, cuda::kBoxDepth};
  std::set<std::vector<float>> outcomes;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    emulation::Seed(seed);
    std::vector<float> out(kWarpgroup);
    cuda::Launch(SquareOnes<kLacks>, 1, kWarpgroup, kSharedBytes, nullptr,
                 cuda::MapOf(x, 1, kCols), out.data());
    outcomes.insert(out);
  }
  return outcomes;
}

TEST(HopperEmulation, GivesOneResultWhereAllIsWaitedFor) {
  const std::vector<float> all(kWarpgroup, 64.0f * kSums);
  EXPECT_EQ(Outcomes<Lacks::kNothing>(), std::set{all});
}

TEST(HopperEmulation, ShowsCopiesAndProductsThatWereNotWaitedFor) {
  EXPECT_GT(Outcomes<Lacks::kCopyWait>().size(), 1u);
  EXPECT_GT(Outcomes<Lacks::kProductWait>().size(), 1u);
}

TEST(HopperEmulationDeathTest, RefusesBarriersNotShownAndProductsNotFenced) {
  EXPECT_DEATH(Outcomes<Lacks::kShow>(), "shown");
  EXPECT_DEATH(Outcomes<Lacks::kFence>(), "fenced");
}

// Of two phases only one ends.
__global__ void WaitTwice(uint32_t* out) {
  auto& barrier = cuda::Shared<cuda::Barrier>();
  if (threadIdx.x == 0) {
    cuda::InitBarrier(&barrier, 1);
    cuda::ShowBarriers();
    cuda::Arrive(&barrier);
  }
  __syncthreads();
  cuda::WaitForPhase(&barrier, 0);
  out[threadIdx.x] = 1;
  cuda::WaitForPhase(&barrier, 1);
}

TEST(HopperEmulationDeathTest, RefusesAPhaseThatNeverEnds) {
  std::vector<uint32_t> out(kWarpgroup);
  EXPECT_DEATH(cuda::Launch(WaitTwice, 1, kWarpgroup, sizeof(cuda::Barrier),
                            nullptr, out.data()),
               "block_threads");
}

}  // namespace
}  // namespace nncpp
