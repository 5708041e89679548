// tests/gpu/gpu_tests.cc -- every kernel on a real GPU beside the CPU.
//
// gpu_tests [--small]  compares bits, at odd sizes and (unless --small, for
// slow checkers) at those of models, twice on the GPU, and (unless --small)
// twice more with all products by wgmma where the GPU has that. Without a GPU
// it is skipped, and with NNCPP_REQUIRE_CUDA=1 it fails. Has a main of its own:
// where GPUs are lent there is no GoogleTest.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/make_backend.h"
#include "src/base/error.h"
#include "tests/support/backend_cases.h"

namespace nncpp {
namespace {

using testing::BackendCase;
using testing::CaseSize;

struct Tally {
  int passed = 0, failed = 0, skipped = 0;
};

double Now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

using Gpus = std::vector<std::unique_ptr<Backend>>;

void Compare(const std::vector<uint32_t>& expected, Backend& gpu,
             const BackendCase& c, const CaseSize& size, Tally& tally) {
  for (int turn = 1; turn <= 2; ++turn) {
    const std::vector<uint32_t> found = c.run(gpu, size);
    size_t differ = 0, first = 0;
    for (size_t i = expected.size(); i-- > 0;) {
      if (i < found.size() && found[i] == expected[i]) continue;
      ++differ;
      first = i;
    }
    if (differ == 0 && found.size() == expected.size()) {
      ++tally.passed;
      continue;
    }
    ++tally.failed;
    std::printf("FAILED: %s, %s, %s, turn %d: %zu of %zu differ",
                std::string(gpu.Name()).c_str(), c.name.c_str(),
                Text(size).c_str(), turn, differ, expected.size());
    if (first < found.size()) {
      std::printf(", first number %zu: %08x for %08x", first, found[first],
                  expected[first]);
    }
    std::printf("\n");
  }
}

void CompareAll(Backend& cpu, const Gpus& gpus, bool small, Tally& tally) {
  std::vector<CaseSize> sizes = testing::OddSizes();
  if (!small) {
    for (const CaseSize& size : testing::ModelSizes()) sizes.push_back(size);
  }
  for (const CaseSize& size : sizes) {
    const double begin = Now();
    for (const BackendCase& c : testing::BackendCases()) {
      const std::vector<uint32_t> expected = c.run(cpu, size);
      for (const auto& gpu : gpus) Compare(expected, *gpu, c, size, tally);
    }
    std::printf("%s: %.1f s\n", Text(size).c_str(), Now() - begin);
  }
}

void NamesNeedAndHave(Backend& gpu, Tally& tally) {
  try {
    gpu.NewArray(int64_t{1} << 48);
    ++tally.failed;
    std::printf("FAILED: an array larger than any GPU was given\n");
  } catch (const Error& error) {
    const bool sound = error.kind() == ErrorKind::kMemory;
    ++(sound ? tally.passed : tally.failed);
    std::printf("%s%s\n", sound ? "" : "FAILED: ", error.what());
  }
}

// The GPU, with products by wgmma wherever there can be, or without.
std::unique_ptr<Backend> MakeGpu(bool wgmma) {
  ::setenv("NNCPP_CUDA_WGMMA", wgmma ? "always" : "0", /*overwrite=*/1);
  return MakeCudaBackend(/*device=*/0, /*reserve_bytes=*/0);
}

void RunAll(bool small, Tally& tally) {
  Gpus gpus;
  try {
    gpus.push_back(MakeGpu(/*wgmma=*/false));
  } catch (const Error& error) {
    const bool required = std::getenv("NNCPP_REQUIRE_CUDA") != nullptr;
    if (error.kind() != ErrorKind::kNoDevice || required) throw;
    std::printf("skipped: %s\n", error.what());
    ++tally.skipped;
    return;
  }
  if (!small) {
    std::unique_ptr<Backend> gpu = MakeGpu(/*wgmma=*/true);
    if (gpu->Name() != gpus.front()->Name()) {
      gpus.push_back(std::move(gpu));
    } else {
      std::printf("skipped: this GPU has no wgmma, which is in 9.0 alone\n");
      ++tally.skipped;
    }
  }
  const std::unique_ptr<Backend> cpu = MakeCpuBackend();
  for (const auto& gpu : gpus) {
    std::printf("%s beside %s\n", std::string(gpu->Name()).c_str(),
                std::string(cpu->Name()).c_str());
  }
  CompareAll(*cpu, gpus, small, tally);
  NamesNeedAndHave(*gpus.front(), tally);
}

}  // namespace
}  // namespace nncpp

int main(int argc, char** argv) {
  nncpp::Tally tally;
  try {
    nncpp::RunAll(argc > 1 && std::string_view(argv[1]) == "--small", tally);
  } catch (const nncpp::Error& error) {
    std::printf("FAILED: %s\n", error.what());
    ++tally.failed;
  }
  std::printf("%d passed, %d failed, %d skipped\n", tally.passed, tally.failed,
              tally.skipped);
  return tally.failed == 0 ? 0 : 1;
}
