// bench/gpu/gpu_bench.cu -- the CUDA backend beside what the GPU can do.
//
// gpu_bench [PART...] prints tables for bench/results.md, of all parts or of
// those named: limits, products, wgmma, steps, updates. A part that fails says
// why, and the others go on. Rates count the quantisation of activations and
// gradients, as the model pays for it. Operands that would stay in the cache
// rotate.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/gpu/measure.h"
#include "kernels/make_backend.h"

namespace nncpp {
namespace {

std::unique_ptr<Backend> NewBackend() {
  return MakeCudaBackend(/*device=*/0, /*reserve_bytes=*/0);
}

// What the GPU gives to programs that do nothing else; gpu_rates.sh reads it.
void Limits() {
  std::printf("copy_tb_s %.3f\n", CopyBandwidth() * 1e-12);
  double best = 0;
  for (const Shape& s : {Shape{2048, 4096, 1024}, Shape{2048, 16384, 1024}}) {
    best = std::max(best, Operations(s) / LibraryProduct(s) * 1e-12);
  }
  std::printf("fp16_top_s %.1f\n", best);
}

// A rate of ours beside the library's for the shape; its own is 0 where that
// is not measured.
struct Compared {
  Compared(double ours_, const Shape& s) : ours(ours_) {
    Guarded([&] { library = Operations(s) / LibraryProduct(s) * 1e-12; });
  }
  double Ratio() const { return library > 0 ? ours / library : 0; }

  double ours, library = 0;
};

void LargeProducts(Backend& b) {
  std::printf(
      "| M x N x K | forward | backward | gradient | cuBLASLt, the same "
      "three | ratios |\n|---|---|---|---|---|---|\n");
  for (const Shape& s : {Shape{2048, 4096, 1024}, Shape{2048, 1024, 4096},
                         Shape{2048, 1024, 1024}, Shape{2048, 16384, 1024}}) {
    Bench bench(b);
    const Matrix x = bench.New(s.m, s.k), y = bench.New(s.m, s.n),
                 dx = bench.Zeros(s.m, s.k), dw = bench.Zeros(s.n, s.k),
                 out = bench.Zeros(s.m, s.n);
    const auto weights = bench.NewWeights(s.n, s.k);
    const double work = Operations(s) * 1e-12;
    const auto rate = [&](const std::function<void()>& product) {
      return work / bench.Seconds(30, [&](int) { product(); });
    };
    const Compared forward(rate([&] { b.ProductForward(x, *weights, out); }),
                           s);
    const Compared backward(rate([&] {
                              b.ProductBackward(y, *weights, {1, 2, 3}, 0, dx);
                            }),
                            {s.m, s.k, s.n});
    const Compared gradient(rate([&] {
                              b.ProductGradient(y, x, {1, 2, 3}, dw);
                            }),
                            {s.n, s.k, s.m});
    std::printf(
        "| %ld x %ld x %ld | %.0f | %.0f | %.0f | %.0f, %.0f, %.0f | %.2f, "
        "%.2f, %.2f |\n",
        s.m, s.n, s.k, forward.ours, backward.ours, gradient.ours,
        forward.library, backward.library, gradient.library, forward.Ratio(),
        backward.Ratio(), gradient.Ratio());
  }
}

constexpr const char* kLargeProducts =
    "\nLarge products%s, Top/s; quantisation included, in cuBLASLt's fp16 "
    "rates not\n\n";

void Products() {
  std::printf(kLargeProducts, "");
  ::unsetenv("NNCPP_CUDA_WGMMA");
  LargeProducts(*NewBackend());
}

// The same with a kernel for compute capability 9.0, where there is one: the
// switch is read when a backend is made.
void Wgmma() {
  std::printf(kLargeProducts, " with NNCPP_CUDA_WGMMA=1");
  ::setenv("NNCPP_CUDA_WGMMA", "1", 1);
  const std::unique_ptr<Backend> backend = NewBackend();
  ::unsetenv("NNCPP_CUDA_WGMMA");
  LargeProducts(*backend);
}

void Steps() {
  const std::unique_ptr<Backend> backend = NewBackend();
  Backend& b = *backend;
  const double bandwidth = CopyBandwidth();
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

void Updates() {
  const std::unique_ptr<Backend> backend = NewBackend();
  Backend& b = *backend;
  const double bandwidth = CopyBandwidth();
  Bench bench(b);
  const int64_t n = 8192, k = 4096;
  const Matrix w = bench.New(n, k), v = bench.New(n, k), g = bench.New(n, k);
  const auto weights = b.NewWeights(n, k);
  const AdamStep step = {1e-6f, 0.9999f, 1.0f, 1e-8f, 1.0f};
  const double adam = bench.Seconds(50, [&](int) { b.Adam(step, g, w, v); });
  const double quantize =
      bench.Seconds(50, [&](int) { b.QuantizeWeights(w, *weights); });
  const double both =
      bench.Seconds(50, [&](int) { b.AdamQuantize(step, g, w, v, *weights); });
  const auto count = static_cast<double>(n * k);
  std::printf(
      "\nUpdate, for each parameter\n\n"
      "| operation | ps | bytes at the least | of the copy |\n"
      "|---|---|---|---|\n");
  const auto row = [&](const char* name, double seconds, double bytes) {
    std::printf("| %s | %.2f | %.0f | %.2f |\n", name, seconds / count * 1e12,
                bytes, bytes * count / seconds / bandwidth);
  };
  row("Adam", adam, 20);
  row("quantisation, both ways", quantize, 8);
  row("Adam and quantisation", both, 24);
}

struct Part {
  std::string_view name;
  void (*run)();
};

// Returns how many of them failed.
int Run(const std::vector<std::string_view>& asked) {
  const Part parts[] = {{"limits", Limits},
                        {"products", Products},
                        {"wgmma", Wgmma},
                        {"steps", Steps},
                        {"updates", Updates}};
  int failed = 0;
  for (const Part& part : parts) {
    bool wanted = asked.empty();
    for (const std::string_view name : asked) wanted |= name == part.name;
    if (wanted && !Guarded(part.run)) ++failed;
  }
  return failed;
}

}  // namespace
}  // namespace nncpp

int main(int count, char** words) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return nncpp::Run({words + 1, words + count}) == 0 ? 0 : 1;
}
