// bench/gpu/measure.h -- what the measurements on a GPU share.
//
// Times are host times around many calls and a wait: medians of several turns.
// Operands are random.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "kernels/make_backend.h"

namespace nncpp {

// Median seconds of one of `calls` calls; `wait` ends each turn.
double Time(int calls, const std::function<void(int)>& call,
            const std::function<void()>& wait);

void WaitForDevice();

// Does `part`. Where that fails, says "not measured" and why, and what comes
// after it goes on.
bool Guarded(const std::function<void()>& part);

struct FreesDevice {
  void operator()(void* p) const { cudaFree(p); }
};
using DeviceMemory = std::unique_ptr<void, FreesDevice>;
DeviceMemory NewDeviceMemory(size_t bytes);

// Random halves within `range` of zero, on the device.
DeviceMemory RandomHalves(int64_t count, uint64_t seed, float range = 1.0f);

// Bytes a second, read and written.
double CopyBandwidth();

// m x n results of k terms each.
struct Shape {
  int64_t m, n, k;
};
double Operations(const Shape& s);

// Seconds of cuBLASLt's product: halves, with float accumulators and results.
double LibraryProduct(const Shape& s);

// Matrices in a backend's memory, random.
class Bench {
 public:
  explicit Bench(Backend& backend) : b_(backend) {}

  Matrix New(int64_t rows, int64_t cols);
  Matrix Zeros(int64_t rows, int64_t cols);
  std::unique_ptr<Weights> NewWeights(int64_t n, int64_t k);
  double Seconds(int calls, const std::function<void(int)>& call);

 private:
  Backend& b_;
  std::vector<std::shared_ptr<float[]>> arrays_;
};

}  // namespace nncpp
