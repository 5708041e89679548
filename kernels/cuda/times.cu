// kernels/cuda/times.cu -- contract: kernels/cuda/times.h
#include <cxxabi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <mutex>
#include <string_view>

#include "kernels/cuda/device.h"
#include "kernels/cuda/times.h"

namespace nncpp::cuda {
namespace {

// Long enough for the host to bring what comes next, on any of today's clocks.
constexpr int64_t kWaitCycles = 30000;
constexpr int kEmptyKernels = 15;

// One thread. An event that the stream reaches while the host is still about
// to start the kernel would count that time too: so this goes before it.
__global__ void WaitKernel(int64_t cycles) {
#ifdef NNCPP_CUDA_EMULATED
  static_cast<void>(cycles);
#else
  const int64_t begin = clock64();
  while (clock64() - begin < cycles) {
  }
#endif
}

std::mutex mutex;
std::map<cudaStream_t, KernelTimes*>& Streams() {
  static std::map<cudaStream_t, KernelTimes*> streams;
  return streams;
}

std::string NameOf(const void* kernel, int64_t number) {
#if !defined(NNCPP_CUDA_EMULATED) && CUDART_VERSION >= 12030
  const char* mangled = nullptr;
  if (cudaFuncGetName(&mangled, kernel) == cudaSuccess && mangled != nullptr) {
    return BareName(mangled);
  }
  cudaGetLastError();  // forgets it
#endif
  static_cast<void>(kernel);
  return "kernel " + std::to_string(number);
}

bool StartsWithOneOf(std::string_view name,
                     std::initializer_list<std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view b) { return name.starts_with(b); });
}

}  // namespace

std::string BareName(const char* mangled) {
  int failed = 0;
  char* const demangled =
      abi::__cxa_demangle(mangled, nullptr, nullptr, &failed);
  std::string name = failed == 0 ? demangled : mangled;
  std::free(demangled);
  for (const std::string_view part :
       {"(anonymous namespace)::", "nncpp::", "cuda::", "void "}) {
    for (size_t at; (at = name.find(part)) != std::string::npos;) {
      name.erase(at, part.size());
    }
  }
  return name.substr(0, name.find('('));
}

std::string TimesTable(std::vector<KernelTotal> totals) {
  std::stable_sort(
      totals.begin(), totals.end(),
      [](const KernelTotal& a, const KernelTotal& b) { return a.ms > b.ms; });
  double all = 0, update = 0, fused = 0;
  for (const KernelTotal& t : totals) {
    all += t.ms;
    // The last two end what quantises weights.
    if (StartsWithOneOf(t.name,
                        {"Adam", "Quantize", "Transpose", "RowSquares"})) {
      update += t.ms;
    } else if (StartsWithOneOf(t.name, {"RmsNormForward", "GateForward"})) {
      fused += t.ms;
    }
  }
  const auto percent = [all](double ms) {
    return all > 0 ? 100 * ms / all : 0;
  };
  std::string table = "| kernel | calls | ms | share |\n|---|---|---|---|\n";
  char line[512];
  for (const KernelTotal& t : totals) {
    std::snprintf(line, sizeof(line), "| %s | %lld | %.3f | %.1f %% |\n",
                  t.name.c_str(), static_cast<long long>(t.calls), t.ms,
                  percent(t.ms));
    table += line;
  }
  std::snprintf(line, sizeof(line),
                "optimiser and quantisation: %.1f %% of %.1f ms; norms and "
                "gates, which quantise what they write: %.1f %%\n",
                percent(update), all, percent(fused));
  return table + line;
}

std::unique_ptr<KernelTimes> KernelTimes::IfAsked(cudaStream_t stream) {
  const char* const asked = std::getenv("NNCPP_CUDA_TIMES");
  if (asked == nullptr || std::string_view(asked) != "1") return nullptr;
  return std::make_unique<KernelTimes>(stream);
}

KernelTimes::KernelTimes(cudaStream_t stream) : stream_(stream) {
  std::vector<double> empty;
  for (int i = 0; i < kEmptyKernels; ++i) {
    Begin();
    LaunchPlainly(WaitKernel, 1, 1, 0, stream_, int64_t{0});
    empty.push_back(MsSinceBegin());
  }
  std::sort(empty.begin(), empty.end());
  empty_ms_ = empty[kEmptyKernels / 2];
  const std::lock_guard lock(mutex);
  Streams()[stream_] = this;
  ++timed_streams_;
}

KernelTimes::~KernelTimes() {
  {
    const std::lock_guard lock(mutex);
    Streams().erase(stream_);
    --timed_streams_;
  }
  std::vector<KernelTotal> totals;
  for (const void* kernel : order_) {
    const Calls& calls = calls_[kernel];
    const auto count = static_cast<double>(calls.count);
    // The first call may have loaded the kernel: it counts like the others.
    totals.push_back({NameOf(kernel, std::ssize(totals) + 1), calls.count,
                      calls.count == 1 ? calls.first_ms
                                       : calls.other_ms * count / (count - 1)});
  }
  std::fputs(TimesTable(totals).c_str(), stderr);
}

KernelTimes* KernelTimes::Find(cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  const auto found = Streams().find(stream);
  return found == Streams().end() ? nullptr : found->second;
}

void KernelTimes::Begin() {
  LaunchPlainly(WaitKernel, 1, 1, 0, stream_, kWaitCycles);
  NNCPP_CUDA_CHECK(cudaEventRecord(begin_, stream_));
}

double KernelTimes::MsSinceBegin() {
  NNCPP_CUDA_CHECK(cudaEventRecord(end_, stream_));
  NNCPP_CUDA_CHECK(cudaEventSynchronize(end_));
  float ms = 0;
  NNCPP_CUDA_CHECK(cudaEventElapsedTime(&ms, begin_, end_));
  return std::max(0.0, static_cast<double>(ms) - empty_ms_);
}

void KernelTimes::End(const void* kernel) {
  const double ms = MsSinceBegin();
  Calls& calls = calls_[kernel];
  if (calls.count++ == 0) {
    order_.push_back(kernel);
    calls.first_ms = ms;
  } else {
    calls.other_ms += ms;
  }
}

}  // namespace nncpp::cuda
