// bench/gpu/gpu_bench.cu -- the CUDA backend beside what the GPU can do.
//
// Prints tables for bench/results.md. Rates count the quantisation of
// activations and gradients, as the model pays for it. Operands are random,
// and rotate where they would stay in the cache otherwise. Times are host
// times around many calls and a wait: medians of kTurns.
#include <cublasLt.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda/check.h"
#include "kernels/make_backend.h"
#include "src/base/error.h"
#include "tests/support/random_floats.h"

namespace nncpp {
namespace {

constexpr int kTurns = 7;

double Now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

// Median seconds of one of `calls` calls; `wait` ends each turn.
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

double CopyBandwidth() {
  constexpr int64_t kBytes = int64_t{1} << 30;
  void *from = nullptr, *to = nullptr;
  NNCPP_CUDA_CHECK(cudaMalloc(&from, kBytes));
  NNCPP_CUDA_CHECK(cudaMalloc(&to, kBytes));
  NNCPP_CUDA_CHECK(cudaMemset(from, 0x37, kBytes));
  const double seconds = Time(
      10,
      [&](int) {
        NNCPP_CUDA_CHECK(
            cudaMemcpyAsync(to, from, kBytes, cudaMemcpyDeviceToDevice));
      },
      WaitForDevice);
  cudaFree(from);
  cudaFree(to);
  return 2.0 * kBytes / seconds;  // read and written
}

void CheckLt(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(ErrorKind::kDevice,
              std::string(call) + ": status " + std::to_string(status));
}
#define NNCPP_LT_CHECK(call) CheckLt((call), #call)

struct Shape {
  int64_t m, n, k;
};

double Operations(const Shape& s) {
  return 2.0 * static_cast<double>(s.m) * static_cast<double>(s.n) *
         static_cast<double>(s.k);
}

// A copy of random halves on the device.
__half* RandomHalves(int64_t count, uint64_t seed) {
  std::vector<__half> host;
  for (const float x : testing::RandomFloats(count, seed)) {
    host.push_back(__float2half(x));
  }
  void* device = nullptr;
  const size_t bytes = host.size() * sizeof(__half);
  NNCPP_CUDA_CHECK(cudaMalloc(&device, bytes));
  NNCPP_CUDA_CHECK(
      cudaMemcpy(device, host.data(), bytes, cudaMemcpyHostToDevice));
  return static_cast<__half*>(device);
}

// Seconds of cuBLASLt's y = x w', halves with float accumulators and results.
double LibraryProduct(const Shape& s) {
  cublasLtHandle_t handle;
  NNCPP_LT_CHECK(cublasLtCreate(&handle));
  __half* w = RandomHalves(s.n * s.k, 1);
  __half* x = RandomHalves(s.m * s.k, 2);
  void *y = nullptr, *workspace = nullptr;
  size_t room = 64 << 20;
  NNCPP_CUDA_CHECK(cudaMalloc(&y, static_cast<size_t>(s.m * s.n) * 4));
  NNCPP_CUDA_CHECK(cudaMalloc(&workspace, room));
  cublasLtMatmulDesc_t product;
  NNCPP_LT_CHECK(
      cublasLtMatmulDescCreate(&product, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  // Column-major, as the library has it: y' = (w')' x'.
  const cublasOperation_t transposed = CUBLAS_OP_T;
  NNCPP_LT_CHECK(cublasLtMatmulDescSetAttribute(
      product, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof(transposed)));
  const auto layout = [](cudaDataType type, int64_t rows, int64_t cols) {
    cublasLtMatrixLayout_t result;
    NNCPP_LT_CHECK(
        cublasLtMatrixLayoutCreate(&result, type, static_cast<uint64_t>(rows),
                                   static_cast<uint64_t>(cols), rows));
    return result;
  };
  const auto lw = layout(CUDA_R_16F, s.k, s.n);
  const auto lx = layout(CUDA_R_16F, s.k, s.m);
  const auto ly = layout(CUDA_R_32F, s.n, s.m);
  cublasLtMatmulPreference_t preference;
  NNCPP_LT_CHECK(cublasLtMatmulPreferenceCreate(&preference));
  NNCPP_LT_CHECK(cublasLtMatmulPreferenceSetAttribute(
      preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &room,
      sizeof(room)));
  cublasLtMatmulHeuristicResult_t best;
  int found = 0;
  NNCPP_LT_CHECK(cublasLtMatmulAlgoGetHeuristic(handle, product, lw, lx, ly, ly,
                                                preference, 1, &best, &found));
  const float one = 1, zero = 0;
  const double seconds = Time(
      50,
      [&](int) {
        NNCPP_LT_CHECK(cublasLtMatmul(handle, product, &one, w, lw, x, lx,
                                      &zero, y, ly, y, ly, &best.algo,
                                      workspace, room, nullptr));
      },
      WaitForDevice);
  for (void* p : {static_cast<void*>(w), static_cast<void*>(x), y, workspace}) {
    cudaFree(p);
  }
  cublasLtDestroy(handle);
  return seconds;
}

// Matrices in the backend's memory, random.
class Bench {
 public:
  explicit Bench(Backend& backend) : b_(backend) {}

  Matrix New(int64_t rows, int64_t cols) {
    arrays_.push_back(b_.NewArray(rows * cols));
    b_.Upload(testing::RandomFloats(rows * cols, arrays_.size()),
              arrays_.back().get());
    return {arrays_.back().get(), rows, cols};
  }
  std::unique_ptr<Weights> NewWeights(int64_t n, int64_t k) {
    auto weights = b_.NewWeights(n, k);
    b_.QuantizeWeights(New(n, k), *weights);
    return weights;
  }
  double Seconds(int calls, const std::function<void(int)>& call) {
    return Time(calls, call, [this] {
      float one;
      b_.Download(arrays_.front().get(), {&one, 1});
    });
  }

 private:
  Backend& b_;
  std::vector<std::shared_ptr<float[]>> arrays_;
};

void LargeProducts(Backend& b) {
  std::printf(
      "\nLarge products, Top/s; quantisation included, cuBLASLt without it\n\n"
      "| M x N x K | forward | backward | gradient | cuBLASLt fp16 | forward "
      "/ cuBLASLt |\n|---|---|---|---|---|---|\n");
  for (const Shape& s : {Shape{2048, 4096, 1024}, Shape{2048, 1024, 4096},
                         Shape{2048, 1024, 1024}, Shape{2048, 16384, 1024}}) {
    Bench bench(b);
    const Matrix x = bench.New(s.m, s.k), y = bench.New(s.m, s.n),
                 dw = bench.New(s.n, s.k);
    const auto weights = bench.NewWeights(s.n, s.k);
    const double forward =
        bench.Seconds(30, [&](int) { b.ProductForward(x, *weights, y); });
    const double gradient = bench.Seconds(30, [&](int) {
      b.ProductGradient(y, x, {1, 2, 3}, dw);
    });
    const double backward = bench.Seconds(30, [&](int) {
      b.ProductBackward(y, *weights, {1, 2, 3}, 0, x);
    });
    const double library = LibraryProduct(s);
    const double work = Operations(s) * 1e-12;
    std::printf("| %ld x %ld x %ld | %.0f | %.0f | %.0f | %.0f | %.2f |\n", s.m,
                s.n, s.k, work / forward, work / backward, work / gradient,
                work / library, library / forward);
  }
}

void SkinnyProducts(Backend& b, double bandwidth) {
  std::printf(
      "\nProducts of one step: weights read once, in TB/s\n\n"
      "| B x N x K | us | TB/s | of the copy |\n|---|---|---|---|\n");
  for (const Shape& s : {Shape{4, 4096, 1024}, Shape{32, 4096, 1024},
                         Shape{32, 1024, 4096}, Shape{32, 16384, 1024}}) {
    Bench bench(b);
    const Matrix x = bench.New(s.m, s.k), y = bench.New(s.m, s.n);
    std::vector<std::unique_ptr<Weights>> weights;
    const double bytes = 2.0 * static_cast<double>(s.n * s.k);
    while (static_cast<double>(weights.size()) * bytes < 256e6) {
      weights.push_back(bench.NewWeights(s.n, s.k));
    }
    const double seconds = bench.Seconds(500, [&](int i) {
      b.ProductForward(x, *weights[static_cast<size_t>(i) % weights.size()], y);
    });
    std::printf("| %ld x %ld x %ld | %.1f | %.2f | %.2f |\n", s.m, s.n, s.k,
                seconds * 1e6, bytes / seconds * 1e-12,
                bytes / seconds / bandwidth);
  }
}

// One step of a stack of layers, forwards: what decoding a symbol costs.
void LstmStep(Backend& b, int64_t layers, int64_t c, int64_t streams) {
  Bench bench(b);
  const Matrix below = bench.New(streams, 3 * c),
               recurrent = bench.New(streams, 3 * c),
               table = bench.New(256, 3 * c), gain = bench.New(1, 3 * c),
               bias = bench.New(1, 3 * c), before = bench.New(streams, c),
               normed = bench.New(streams, 3 * c), rms = bench.New(streams, 3),
               gates = bench.New(streams, 3 * c), after = bench.New(streams, c),
               h = bench.New(streams, c);
  std::vector<std::unique_ptr<Weights>> weights;
  for (int64_t i = 0; i < 2 * layers; ++i) {
    weights.push_back(bench.NewWeights(3 * c, c));
  }
  const auto symbols = b.NewSymbols(streams);
  const double seconds = bench.Seconds(100, [&](int) {
    for (size_t i = 0; i < static_cast<size_t>(layers); ++i) {
      b.ProductForward(before, *weights[2 * i], below);
      b.ProductForward(before, *weights[2 * i + 1], recurrent);
      b.LstmCellForward({below, recurrent, table, gain, bias, before, normed,
                         rms, gates, after, h},
                        {symbols.get(), 1, streams});
    }
  });
  std::printf("| %ld x %ld, %ld streams | %.0f | not measured |\n", layers, c,
              streams, seconds * 1e6);
}

void Updates(Backend& b, double bandwidth) {
  Bench bench(b);
  const int64_t n = 8192, k = 4096;
  const Matrix w = bench.New(n, k), v = bench.New(n, k), g = bench.New(n, k);
  const auto weights = b.NewWeights(n, k);
  const AdamStep step = {1e-6f, 0.9999f, 1.0f, 1e-8f, 1.0f};
  const double adam = bench.Seconds(50, [&](int) { b.Adam(step, g, w, v); });
  const double quantize =
      bench.Seconds(50, [&](int) { b.QuantizeWeights(w, *weights); });
  const auto count = static_cast<double>(n * k);
  std::printf(
      "\nUpdate, for each parameter\n\n"
      "| operation | ps | bytes at the least | of the copy |\n"
      "|---|---|---|---|\n"
      "| Adam | %.2f | 20 | %.2f |\n| quantisation, both ways | %.2f | 8 | "
      "%.2f |\n",
      adam / count * 1e12, 20 * count / adam / bandwidth,
      quantize / count * 1e12, 8 * count / quantize / bandwidth);
}

void Run() {
  const auto backend = MakeCudaBackend(/*device=*/0, /*reserve_bytes=*/0);
  const double bandwidth = CopyBandwidth();
  std::printf("%s; copy %.2f TB/s (read and written)\n",
              std::string(backend->Name()).c_str(), bandwidth * 1e-12);
  LargeProducts(*backend);
  SkinnyProducts(*backend, bandwidth);
  std::printf(
      "\nOne step of LSTM layers, forwards\n\n| layers x cells | us | cuDNN "
      "|\n|---|---|---|\n");
  LstmStep(*backend, 8, 1400, 128);
  LstmStep(*backend, 3, 320, 4);
  Updates(*backend, bandwidth);
}

}  // namespace
}  // namespace nncpp

int main() {
  try {
    nncpp::Run();
  } catch (const nncpp::Error& error) {
    std::printf("not measured: %s\n", error.what());
    return 1;
  }
}
