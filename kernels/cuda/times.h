// kernels/cuda/times.h -- how long each kernel takes: for developers.
//
// NNCPP_CUDA_TIMES=1 in the environment, when a backend is made, asks for it
// (docs/testing.md). Nothing is recorded as a graph then, and the host waits
// for every kernel.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda/check.h"

namespace nncpp::cuda {

// All calls of one kernel.
struct KernelTotal {
  std::string name;
  int64_t calls = 0;
  double ms = 0;
};

// In markdown, the longest first. The last line is the share of the optimiser
// and of quantisation, which are known by their names.
std::string TimesTable(std::vector<KernelTotal> totals);

// The name of a kernel without its namespaces and parameters.
std::string BareName(const char* mangled);

// An event of the device, which remembers when it was reached.
class Event {
 public:
  Event() { NNCPP_CUDA_CHECK(cudaEventCreate(&event_)); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  operator cudaEvent_t() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

// Takes the time of each kernel of a stream as long as it lives; prints the
// table to stderr at its end.
class KernelTimes {
 public:
  // Null where nobody asks.
  static std::unique_ptr<KernelTimes> IfAsked(cudaStream_t stream);
  explicit KernelTimes(cudaStream_t stream);
  ~KernelTimes();
  KernelTimes(const KernelTimes&) = delete;
  KernelTimes& operator=(const KernelTimes&) = delete;

  // Those of the stream, or null.
  static KernelTimes* Of(cudaStream_t stream) {
    return timed_streams_ == 0 ? nullptr : Find(stream);
  }

  // Before and after a kernel is started; End waits for it.
  void Begin();
  void End(const void* kernel);

 private:
  struct Calls {
    int64_t count = 0;
    double first_ms = 0, other_ms = 0;
  };

  static KernelTimes* Find(cudaStream_t stream);
  double MsSinceBegin();

  static inline std::atomic<int> timed_streams_ = 0;

  cudaStream_t stream_;
  Event begin_, end_;
  double empty_ms_ = 0;  // of a kernel that does nothing
  std::vector<const void*> order_;
  std::map<const void*, Calls> calls_;
};

}  // namespace nncpp::cuda
