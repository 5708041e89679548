// tests/gpu/gpu_tests.cc -- every kernel on a real GPU beside the CPU.
//
// gpu_tests [--small]  compares bits, at odd sizes and (unless --small, for
// slow checkers) at those of models, twice on the GPU, and (unless --small)
// twice more with all products by wgmma where the GPU has that. Without a GPU
// it is skipped, and with NNCPP_REQUIRE_CUDA=1 it fails. Has a main of its own,
// since machines with a GPU may lack GoogleTest.
//
// A kernel that breaks takes the GPU away from its process. So the work is done
// by a child, and what it leaves undone by another one; with --small by this
// process, since checkers follow no children.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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

constexpr unsigned kMostSeconds = 60;  // of one comparison
constexpr int kMostChildren = 12;

struct Comparison {
  const BackendCase* of;
  CaseSize size;

  std::string Name() const { return of->name + ", " + Text(size); }
};

// In memory that parent and child share.
struct Progress {
  int passed = 0, failed = 0, skipped = 0;
  size_t next = 0;  // the comparison that comes now
  bool over = false;
};

double Now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

void Compare(const std::vector<uint32_t>& expected, Backend& gpu,
             const Comparison& c, Progress& progress) {
  for (int turn = 1; turn <= 2; ++turn) {
    const std::vector<uint32_t> found = c.of->run(gpu, c.size);
    size_t differ = 0, first = 0;
    for (size_t i = expected.size(); i-- > 0;) {
      if (i < found.size() && found[i] == expected[i]) continue;
      ++differ;
      first = i;
    }
    if (differ == 0 && found.size() == expected.size()) {
      ++progress.passed;
      continue;
    }
    ++progress.failed;
    std::printf("FAILED: %s, %s, turn %d: %zu of %zu differ",
                std::string(gpu.Name()).c_str(), c.Name().c_str(), turn, differ,
                expected.size());
    if (first < found.size()) {
      std::printf(", first number %zu: %08x for %08x", first, found[first],
                  expected[first]);
    }
    std::printf("\n");
  }
}

void NamesNeedAndHave(Backend& gpu, Progress& progress) {
  try {
    gpu.NewArray(int64_t{1} << 48);
    ++progress.failed;
    std::printf("FAILED: an array larger than any GPU was given\n");
  } catch (const Error& error) {
    const bool sound = error.kind() == ErrorKind::kMemory;
    ++(sound ? progress.passed : progress.failed);
    std::printf("%s%s\n", sound ? "" : "FAILED: ", error.what());
  }
}

// The GPU, with products by wgmma wherever there can be, or without.
std::unique_ptr<Backend> MakeGpu(bool wgmma) {
  ::setenv("NNCPP_CUDA_WGMMA", wgmma ? "always" : "0", /*overwrite=*/1);
  return MakeCudaBackend(/*device=*/0, /*reserve_bytes=*/0);
}

// The GPU, and once more where it has wgmma; none where there is no GPU. What
// there is not is said.
std::vector<std::unique_ptr<Backend>> Gpus(bool small, Progress& progress) {
  std::vector<std::unique_ptr<Backend>> gpus;
  try {
    gpus.push_back(MakeGpu(/*wgmma=*/false));
  } catch (const Error& error) {
    progress.over = true;
    const bool required = std::getenv("NNCPP_REQUIRE_CUDA") != nullptr;
    const bool skipped = error.kind() == ErrorKind::kNoDevice && !required;
    ++(skipped ? progress.skipped : progress.failed);
    std::printf("%s: %s\n", skipped ? "skipped" : "FAILED", error.what());
    return gpus;
  }
  if (small) return gpus;
  try {
    std::unique_ptr<Backend> wgmma = MakeGpu(/*wgmma=*/true);
    if (wgmma->Name() != gpus.front()->Name()) {
      gpus.push_back(std::move(wgmma));
    } else if (progress.next == 0) {
      std::printf("skipped: this GPU has no wgmma, which is in 9.0 alone\n");
      ++progress.skipped;
    }
  } catch (const Error& error) {
    if (progress.next == 0) ++progress.failed;
    std::printf("FAILED: with wgmma: %s\n", error.what());
  }
  return gpus;
}

// What comes now, until a comparison breaks.
void Go(const std::vector<Comparison>& all, bool small, Progress& progress) {
  const auto gpus = Gpus(small, progress);
  if (gpus.empty()) return;
  const std::unique_ptr<Backend> cpu = MakeCpuBackend();
  for (const auto& gpu : gpus) {
    if (progress.next > 0) break;
    std::printf("%s beside %s\n", std::string(gpu->Name()).c_str(),
                std::string(cpu->Name()).c_str());
  }
  double begin = Now();
  while (progress.next < all.size()) {
    const Comparison& c = all[progress.next];
    alarm(small ? 0 : kMostSeconds);
    try {
      const std::vector<uint32_t> expected = c.of->run(*cpu, c.size);
      for (const auto& gpu : gpus) Compare(expected, *gpu, c, progress);
    } catch (const Error& error) {
      ++progress.failed;
      ++progress.next;
      std::printf("FAILED: %s: %s\n", c.Name().c_str(), error.what());
      return;
    }
    ++progress.next;
    if (progress.next % testing::BackendCases().size() == 0) {
      std::printf("%s: %.1f s\n", Text(c.size).c_str(), Now() - begin);
      begin = Now();
    }
  }
  alarm(0);
  // A checker of memory would take the refusal for a mistake.
  if (!small) NamesNeedAndHave(*gpus.front(), progress);
  progress.over = true;
}

// The same by a child.
void LetAChildGo(const std::vector<Comparison>& all, Progress& progress) {
  const pid_t child = fork();
  if (child == 0) {
    Go(all, /*small=*/false, progress);
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) < 0) {
    ++progress.failed;
    progress.over = true;
    std::printf("FAILED: no child process\n");
  } else if (WIFSIGNALED(status)) {
    ++progress.failed;
    const bool done = progress.next == all.size();
    std::printf("FAILED: %s: ended by signal %d\n",
                done ? "the end" : all[progress.next].Name().c_str(),
                WTERMSIG(status));
    progress.over = done;
    ++progress.next;
  }
}

int Main(bool small) {
  std::vector<CaseSize> sizes = testing::OddSizes();
  if (!small) {
    for (const CaseSize& size : testing::ModelSizes()) sizes.push_back(size);
  }
  std::vector<Comparison> all;
  for (const CaseSize& size : sizes) {
    for (const BackendCase& c : testing::BackendCases()) {
      all.push_back({&c, size});
    }
  }
  void* const shared = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 1;
  Progress& progress = *new (shared) Progress;
  for (int child = 0; !progress.over && child < kMostChildren; ++child) {
    if (small) {
      Go(all, small, progress);
      progress.over = true;
    } else {
      LetAChildGo(all, progress);
    }
  }
  if (!progress.over) std::printf("FAILED: too much, the rest was left out\n");
  std::printf("%d passed, %d failed, %d skipped\n", progress.passed,
              progress.failed, progress.skipped);
  return progress.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace nncpp

int main(int argc, char** argv) {
  // What was said is not lost with a process.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return nncpp::Main(argc > 1 && std::string_view(argv[1]) == "--small");
}
