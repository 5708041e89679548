// bench/gpu/measure.cu -- contract: bench/gpu/measure.h
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>

#include "bench/gpu/measure.h"
#include "kernels/cuda/check.h"
#include "tests/support/random_floats.h"

namespace nncpp {
namespace {

constexpr int kTurns = 7;

double Now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

}  // namespace

double Time(int calls, const std::function<void(int)>& call,
            const std::function<void()>& wait) {
  std::vector<double> seconds;
  for (int turn = -1; turn < kTurns; ++turn) {
    const double begin = Now();
    for (int i = 0; i < calls; ++i) call(i);
    wait();
    if (turn >= 0) seconds.push_back((Now() - begin) / calls);
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[kTurns / 2];
}

void WaitForDevice() { NNCPP_CUDA_CHECK(cudaDeviceSynchronize()); }

bool Guarded(const std::function<void()>& part) {
  bool done = false;
  try {
    part();
    done = true;
  } catch (const std::exception& error) {
    std::printf("\nnot measured: %s\n", error.what());
  }
  std::fflush(stdout);
  return done;
}

DeviceMemory NewDeviceMemory(size_t bytes) {
  void* p = nullptr;
  NNCPP_CUDA_CHECK(cudaMalloc(&p, bytes));
  return DeviceMemory(p);
}

DeviceMemory RandomHalves(int64_t count, uint64_t seed, float range) {
  std::vector<__half> host;
  host.reserve(static_cast<size_t>(count));
  for (const float x : testing::RandomFloats(count, seed, range)) {
    host.push_back(__float2half(x));
  }
  const size_t bytes = host.size() * sizeof(__half);
  DeviceMemory device = NewDeviceMemory(bytes);
  NNCPP_CUDA_CHECK(
      cudaMemcpy(device.get(), host.data(), bytes, cudaMemcpyHostToDevice));
  return device;
}

double CopyBandwidth() {
  constexpr int64_t kBytes = int64_t{1} << 30;
  const DeviceMemory from = NewDeviceMemory(kBytes);
  const DeviceMemory to = NewDeviceMemory(kBytes);
  NNCPP_CUDA_CHECK(cudaMemset(from.get(), 0x37, kBytes));
  const double seconds = Time(
      10,
      [&](int) {
        NNCPP_CUDA_CHECK(cudaMemcpyAsync(to.get(), from.get(), kBytes,
                                         cudaMemcpyDeviceToDevice));
      },
      WaitForDevice);
  return 2.0 * kBytes / seconds;
}

double Operations(const Shape& s) {
  return 2.0 * static_cast<double>(s.m) * static_cast<double>(s.n) *
         static_cast<double>(s.k);
}

Matrix Bench::Zeros(int64_t rows, int64_t cols) {
  arrays_.push_back(b_.NewArray(rows * cols));
  return {arrays_.back().get(), rows, cols};
}

Matrix Bench::New(int64_t rows, int64_t cols) {
  const Matrix x = Zeros(rows, cols);
  b_.Upload(testing::RandomFloats(rows * cols, arrays_.size()), x.data);
  return x;
}

std::unique_ptr<Weights> Bench::NewWeights(int64_t n, int64_t k) {
  auto weights = b_.NewWeights(n, k);
  b_.QuantizeWeights(New(n, k), *weights);
  return weights;
}

double Bench::Seconds(int calls, const std::function<void(int)>& call) {
  return Time(calls, call, [this] {
    float one;
    b_.Download(arrays_.front().get(), {&one, 1});
  });
}

}  // namespace nncpp
