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

// What the host sees of a kernel's results that are copied to pinned memory.
std::set<std::vector<uint32_t>> SeenByTheHost(bool waits) {
  constexpr size_t kBytes = kThreads * sizeof(uint32_t);
  cudaStream_t stream;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  void *device = nullptr, *pinned = nullptr;
  cudaMalloc(&device, kBytes);
  cudaMallocHost(&pinned, kBytes);
  std::set<std::vector<uint32_t>> outcomes;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    emulation::Seed(seed);
    std::memset(pinned, 0, kBytes);
    cuda::Launch(SumNumbers, 1, kThreads, kBytes, stream,
                 static_cast<uint32_t*>(device));
    cudaMemcpyAsync(pinned, device, kBytes, cudaMemcpyDeviceToHost, stream);
    if (waits) cudaStreamSynchronize(stream);
    const auto* const seen = static_cast<const uint32_t*>(pinned);
    outcomes.emplace(seen, seen + kThreads);
    cudaStreamSynchronize(stream);
  }
  cudaStreamDestroy(stream);
  cudaFree(device);
  cudaFreeHost(pinned);
  return outcomes;
}

TEST(CudaEmulation, ShowsAResultThatWasNotWaitedFor) {
  EXPECT_EQ(SeenByTheHost(true).size(), 1u);
  EXPECT_GT(SeenByTheHost(false).size(), 1u);
}

// What arrives of pinned memory that is written again before a wait.
std::set<uint32_t> Arriving(bool waits) {
  cudaStream_t stream;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  void *device = nullptr, *host = nullptr;
  cudaMalloc(&device, sizeof(uint32_t));
  cudaMallocHost(&host, sizeof(uint32_t));
  auto& pinned = *static_cast<uint32_t*>(host);
  std::set<uint32_t> outcomes;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    emulation::Seed(seed);
    pinned = 1;
    cudaMemcpyAsync(device, host, sizeof(pinned), cudaMemcpyHostToDevice,
                    stream);
    if (waits) cudaStreamSynchronize(stream);
    pinned = 2;
    uint32_t arrived = 0;
    cudaMemcpyAsync(&arrived, device, sizeof(arrived), cudaMemcpyDeviceToHost,
                    stream);
    outcomes.insert(arrived);
  }
  cudaStreamDestroy(stream);
  cudaFree(device);
  cudaFreeHost(host);
  return outcomes;
}

TEST(CudaEmulation, ShowsPinnedMemoryThatWasWrittenAgainTooEarly) {
  EXPECT_EQ(Arriving(true), std::set<uint32_t>{1});
  EXPECT_EQ(Arriving(false), (std::set<uint32_t>{1, 2}));
}

__global__ void DoNothing() {}

TEST(CudaEmulationDeathTest, RefusesGridsThatNoDeviceStarts) {
  const auto launch = [&](dim3 grid, int64_t shared_bytes) {
    cuda::Launch(DoNothing, grid, 32, shared_bytes, nullptr);
  };
  launch(dim3(2, 3), cuda::kMostSharedBytes);
  EXPECT_DEATH(launch(0, 0), "grid");
  EXPECT_DEATH(launch(dim3(1, 65536), 0), "grid");
  EXPECT_DEATH(launch(1, int64_t{228} << 10), "shared_bytes");
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

TEST(Arena, GivesAChunkOfItsOwnOutAgain) {
  cuda::Arena arena(/*reserve=*/0, /*chunk=*/0);
  void* a = arena.Allocate(1000);
  arena.Free(a);
  EXPECT_EQ(arena.Allocate(1000), a);
  arena.Free(a);
  void* b = arena.Allocate(1001);
  EXPECT_NE(b, a);
  EXPECT_EQ(arena.Allocate(700), a);
  EXPECT_EQ(arena.Allocate(232), static_cast<std::byte*>(a) + 768);
  EXPECT_NE(arena.Allocate(1), nullptr);
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
