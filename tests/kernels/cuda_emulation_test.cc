// tests/kernels/cuda_emulation_test.cc -- the emulated device sees mistakes.
#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
// Before kernels/cuda/*, whose sources it also precedes.
#include "tests/support/cuda_emulation.h"
//
#include "kernels/cuda/arena.h"
#include "kernels/cuda/reduce.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

constexpr int kThreads = 64;

// Each thread leaves its number and adds what all others left.
__global__ void SumNumbers(uint32_t* out) {
  auto& numbers = cuda::Shared<std::array<uint32_t, kThreads>>();
  numbers[threadIdx.x] = threadIdx.x + 1;
  __syncthreads();
  uint32_t sum = 0;
  for (const uint32_t number : numbers) sum += number;
  out[threadIdx.x] = sum;
}

// What the kernel gives for each seed.
std::set<std::vector<uint32_t>> Outcomes(void (*kernel)(uint32_t*)) {
  std::set<std::vector<uint32_t>> outcomes;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    emulation::Seed(seed);
    std::vector<uint32_t> out(kThreads);
    cuda::Launch(kernel, 1, kThreads, kThreads * sizeof(uint32_t), nullptr,
                 out.data());
    outcomes.insert(out);
  }
  return outcomes;
}

TEST(CudaEmulation, GivesOneResultForEverySeedWhereBarriersAreInPlace) {
  const std::vector<uint32_t> sums(kThreads, kThreads * (kThreads + 1) / 2);
  EXPECT_EQ(Outcomes(SumNumbers), std::set{sums});
}

TEST(CudaEmulation, GivesOtherResultsForOtherSeedsWhenABarrierIsTakenOut) {
  emulation::LeaveOutBarriers(true);
  EXPECT_GT(Outcomes(SumNumbers).size(), 1u);
  emulation::LeaveOutBarriers(false);
}

// Copies to shared memory; the second kernel reads before they were waited
// for, and leaves them behind.
template <bool kWaits>
__global__ void CopyWords(uint32_t* out) {
  alignas(16) static const cuda::Words4 words = {{1, 2, 3, 4}};
  auto& shared = cuda::Shared<std::array<cuda::Words4, kThreads>>();
  cuda::StartCopy(&shared[threadIdx.x], &words, true);
  cuda::CommitCopies();
  if (kWaits) cuda::WaitForCopies<0>();
  out[threadIdx.x] = shared[threadIdx.x].word[2];
  cuda::WaitForCopies<0>();
}

template <bool kWaits>
std::set<std::vector<uint32_t>> CopyOutcomes() {
  std::set<std::vector<uint32_t>> outcomes;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    emulation::Seed(seed);
    std::vector<uint32_t> out(kThreads);
    cuda::Launch(CopyWords<kWaits>, 1, kThreads,
                 kThreads * sizeof(cuda::Words4), nullptr, out.data());
    outcomes.insert(out);
  }
  return outcomes;
}

TEST(CudaEmulation, ShowsACopyThatWasNotWaitedFor) {
  EXPECT_EQ(CopyOutcomes<true>(), std::set{std::vector<uint32_t>(kThreads, 3)});
  EXPECT_GT(CopyOutcomes<false>().size(), 1u);
}

__global__ void LeaveEarly(uint32_t* out) {
  if (threadIdx.x == 0) return;
  __syncthreads();
  out[threadIdx.x] = 1;
}

__global__ void ShuffleInHalfAWarp(uint32_t* out) {
  if (threadIdx.x % 32 < 16) return;
  out[threadIdx.x] = __shfl_xor_sync(0xffffffffu, threadIdx.x, 1);
}

TEST(CudaEmulationDeathTest, RefusesBarriersAndShufflesThatSomeNeverReach) {
  std::vector<uint32_t> out(kThreads);
  const auto launch = [&](void (*kernel)(uint32_t*)) {
    cuda::Launch(kernel, 1, kThreads, 0, nullptr, out.data());
  };
  EXPECT_DEATH(launch(LeaveEarly), "block_threads");
  EXPECT_DEATH(launch(ShuffleInHalfAWarp), "block_threads");
}

__global__ void Reduce(uint32_t* out) {
  auto& scratch = cuda::Shared<uint32_t[cuda::kMostWarps]>();
  const uint32_t sum =
      cuda::OverBlock(uint32_t{threadIdx.x}, scratch, cuda::Plus());
  const uint32_t most = cuda::OverBlock(uint32_t{threadIdx.x} * 7 % kThreads,
                                        scratch, cuda::Larger());
  out[threadIdx.x] = sum + 10000 * most;
}

TEST(OverBlock, GivesEveryThreadTheWholeInEveryOrder) {
  constexpr uint32_t kSum = kThreads * (kThreads - 1) / 2;
  std::set<std::vector<uint32_t>> outcomes;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    emulation::Seed(seed);
    std::vector<uint32_t> out(kThreads);
    cuda::Launch(Reduce, 1, kThreads, cuda::kMostWarps * sizeof(uint32_t),
                 nullptr, out.data());
    outcomes.insert(out);
  }
  const std::vector<uint32_t> all(kThreads, kSum + 10000 * (kThreads - 1));
  EXPECT_EQ(outcomes, std::set{all});
}

TEST(Arena, GivesFreedMemoryOutAgainAndJoinsNeighbours) {
  cuda::Arena arena(/*reserve=*/4 << 10, /*chunk=*/1 << 20);
  void* a = arena.Allocate(1000);
  void* b = arena.Allocate(1000);
  void* c = arena.Allocate(2000);
  EXPECT_EQ(static_cast<std::byte*>(b), static_cast<std::byte*>(a) + 1024);
  arena.Free(a);
  arena.Free(b);
  EXPECT_EQ(arena.Allocate(2048), a);
  arena.Free(c);
  EXPECT_EQ(arena.Allocate(2048), c);
  void* elsewhere = arena.Allocate(1);
  EXPECT_NE(elsewhere, nullptr);
  arena.Free(elsewhere);
}

TEST(Arena, NamesWhatItNeedsAndWhatThereIs) {
  cuda::Arena arena(/*reserve=*/0, /*chunk=*/0);
  ExpectError(ErrorKind::kMemory, "needs 9000000000 bytes more",
              [&] { arena.Allocate(9'000'000'000); });
  ExpectError(ErrorKind::kMemory, "1073741824 are free",
              [&] { arena.Allocate(9'000'000'000); });
  EXPECT_NE(arena.Allocate(100), nullptr);
}

}  // namespace
}  // namespace nncpp
