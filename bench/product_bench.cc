// bench/product_bench.cc -- the integer product against its limits and sgemm.
//
// Prints, in Gop/s (2 M N K operations a product, one thread): the peaks of the
// instructions on this core, the forms of the product that it can run, and
// OpenBLAS sgemm of the same shape. Competitors take turns within every trial,
// and so does the peak of the best form's instruction: a slow moment of the
// machine meets all of them. Rates are medians of trials; "/blas" and "/peak"
// are medians of the ratios within a trial.
//
//   product_bench [trials]      (31 if not given)
//   OPENBLAS_CORETYPE=Haswell product_bench   sgemm restricted to AVX2
#include <cblas.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/product_operands.h"
#include "bench/product_peaks.h"
#include "kernels/cpu/product.h"

namespace nncpp::bench {
namespace {

struct Form {
  std::string name;
  const cpu::ProductTable* table;
  const cpu::OpsTable* ops;
};

std::vector<Form> FormsHere() {
  std::vector<Form> forms = {
      {"scalar", &cpu::kProductScalar, &cpu::kOpsScalar}};
  if (__builtin_cpu_supports("avx2")) {
    forms.push_back({"avx2", &cpu::kProductAvx2, &cpu::kOpsAvx2});
  }
  if (__builtin_cpu_supports("avx512vnni") &&
      __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    forms.push_back({"avx512", &cpu::kProductAvx512, &cpu::kOpsAvx512});
  }
  return forms;
}

struct Shape {
  int64_t m, n, k;
};

struct Competitor {
  std::string name;
  std::function<void()> call;
  double ops;  // of a call
};

// The last competitor of every race, so many operations at full speed.
Competitor PeakHere() {
  constexpr int64_t kRounds = 500;
  if (FormsHere().back().name == "avx512") {
    return {"peak", [] { WideDotLoop(kRounds); }, 12.0 * 64 * kRounds};
  }
  return {"peak", [] { MaddLoop(kRounds); }, 12.0 * 32 * kRounds};
}

// rate[i][t]: Gop/s of competitor i in trial t.
using Rates = std::vector<std::vector<double>>;

// Lets the competitors take turns. Each turn lasts about half a millisecond;
// its first call, which fills the caches, is not counted.
Rates Race(const std::vector<Competitor>& competitors, int trials) {
  std::vector<int> calls;
  for (const Competitor& c : competitors) {
    c.call();
    const double start = Seconds();
    c.call();
    calls.push_back(
        std::clamp(static_cast<int>(0.5e-3 / (Seconds() - start)), 1, 10000));
  }
  Rates rate(competitors.size());
  for (int t = 0; t < trials; ++t) {
    for (size_t i = 0; i < competitors.size(); ++i) {
      competitors[i].call();
      const double start = Seconds();
      for (int c = 0; c < calls[i]; ++c) competitors[i].call();
      rate[i].push_back(competitors[i].ops * calls[i] / (Seconds() - start) *
                        1e-9);
    }
  }
  return rate;
}

double MedianRatio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratio;
  for (size_t t = 0; t < a.size(); ++t) ratio.push_back(a[t] / b[t]);
  return Median(ratio);
}

// Runs a race and prints its rates, then the ratios of the forms to sgemm (and
// of the last of `forms` to the peak). The forms come first in the list, sgemm
// follows them.
void RaceAndPrint(const char* title, const Shape& s,
                  std::vector<Competitor> list, size_t forms, int trials) {
  list.push_back(PeakHere());
  if (title) {
    std::printf("\n%s\n%5s %5s %5s", title, "M", "N", "K");
    for (const Competitor& c : list) std::printf(" %8s", c.name.c_str());
    for (size_t i = 0; i < forms; ++i) {
      std::printf(" %10s", (list[i].name + "/blas").c_str());
    }
    std::printf(" %10s\n", (list[forms - 1].name + "/peak").c_str());
  }
  const Rates rate = Race(list, trials);
  std::printf("%5d %5d %5d", static_cast<int>(s.m), static_cast<int>(s.n),
              static_cast<int>(s.k));
  for (const auto& r : rate) std::printf(" %8.1f", Median(r));
  for (size_t i = 0; i < forms; ++i) {
    std::printf(" %10.2f", MedianRatio(rate[i], rate[forms]));
  }
  std::printf(" %10.2f\n", MedianRatio(rate[forms - 1], rate.back()));
  std::fflush(stdout);
}

double Ops(const Shape& s) {
  return 2.0 * static_cast<double>(s.m) * static_cast<double>(s.n) *
         static_cast<double>(s.k);
}

void Sgemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int64_t m, int64_t n,
           int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb,
           float* c) {
  cblas_sgemm(CblasRowMajor, ta, tb, static_cast<int>(m), static_cast<int>(n),
              static_cast<int>(k), 1.0f, a, static_cast<int>(lda), b,
              static_cast<int>(ldb), 0.0f, c, static_cast<int>(n));
}

// "+q" quantises the activations as well; packing them is part of the product.
void RaceForward(const std::vector<Form>& forms, const Shape& s,
                 const char* title, int trials) {
  const Floats a(s.m, s.k, 1), w(s.n, s.k, 2);
  const Rows qw(w);
  Rows qa(a);
  std::vector<float> y(static_cast<size_t>(s.m * s.n));
  std::vector<Competitor> list;
  for (const bool quantise : {true, false}) {
    for (const Form& form : forms) {
      if (quantise && form.name == "scalar") continue;
      list.push_back({form.name + (quantise ? "+q" : ""),
                      [&, form, quantise] {
                        if (quantise) qa.Quantise(*form.ops, a);
                        form.table->forward(qa.view, qw.view, y.data(), s.n, 0,
                                            s.n);
                      },
                      Ops(s)});
    }
  }
  const size_t ours = list.size();
  list.push_back({"sgemm",
                  [&] {
                    Sgemm(CblasNoTrans, CblasTrans, s.m, s.n, s.k, a.data(),
                          s.k, w.data(), s.k, y.data());
                  },
                  Ops(s)});
  RaceAndPrint(title, s, list, ours, trials);
}

// A decode step: other weights in every call, about 4 MB in turn, for sgemm
// twice as much. "read" is what reading the weights allows: 2 M operations for
// every two bytes.
void RaceDecode(const std::vector<Form>& forms, const Shape& s,
                const char* title, int trials) {
  const int64_t count = (4 << 20) / (s.n * s.k * 2);
  const Floats a(s.m, s.k, 1), w(s.n, s.k, 2);
  const Rows qa(a);
  std::vector<Rows> qw;
  std::vector<Floats> fw;
  for (int64_t i = 0; i < count; ++i) {
    qw.emplace_back(w);
    fw.push_back(w);
  }
  std::vector<float> y(static_cast<size_t>(s.m * s.n));
  size_t turn = 0;
  std::vector<Competitor> list;
  for (const Form& form : forms) {
    list.push_back({form.name,
                    [&, form] {
                      turn = (turn + 1) % qw.size();
                      form.table->forward(qa.view, qw[turn].view, y.data(), s.n,
                                          0, s.n);
                    },
                    Ops(s)});
  }
  list.push_back({"sgemm",
                  [&] {
                    turn = (turn + 1) % fw.size();
                    Sgemm(CblasNoTrans, CblasTrans, s.m, s.n, s.k, a.data(),
                          s.k, fw[turn].data(), s.k, y.data());
                  },
                  Ops(s)});
  list.push_back({"read",
                  [&] {
                    turn = (turn + 1) % qw.size();
                    ReadAll(qw[turn].view.q, s.n * s.k * 2);
                  },
                  Ops(s)});
  RaceAndPrint(title, s, list, forms.size(), trials);
}

void RaceBackward(const std::vector<Form>& forms, const Shape& s,
                  const char* title, int trials) {
  const Floats d(s.m, s.n, 1), w(s.n, s.k, 2);
  const Rows qd(d), qw(w);
  std::vector<float> y(static_cast<size_t>(s.m * s.k));
  std::vector<Competitor> list;
  for (const Form& form : forms) {
    list.push_back({form.name,
                    [&, form] {
                      form.table->backward(qd.view, qw.view, y.data(), s.k, 0,
                                           s.k);
                    },
                    Ops(s)});
  }
  list.push_back({"sgemm",
                  [&] {
                    Sgemm(CblasNoTrans, CblasNoTrans, s.m, s.k, s.n, d.data(),
                          s.n, w.data(), s.k, y.data());
                  },
                  Ops(s)});
  RaceAndPrint(title, s, list, forms.size(), trials);
}

void RaceGradient(const std::vector<Form>& forms, const Shape& s,
                  const char* title, int trials) {
  const Floats d(s.m, s.n, 1), x(s.m, s.k, 2);
  const Columns qd(d), qx(x);
  std::vector<float> g(static_cast<size_t>(s.n * s.k));
  std::vector<Competitor> list;
  for (const Form& form : forms) {
    list.push_back({form.name,
                    [&, form] {
                      form.table->gradient(qd.view, qx.view, g.data(), s.k, 0,
                                           s.n);
                    },
                    Ops(s)});
  }
  list.push_back({"sgemm",
                  [&] {
                    Sgemm(CblasTrans, CblasNoTrans, s.n, s.k, s.m, d.data(),
                          s.n, x.data(), s.k, g.data());
                  },
                  Ops(s)});
  RaceAndPrint(title, s, list, forms.size(), trials);
}

// One table, with a header above its first row.
void PrintTable(void (*race)(const std::vector<Form>&, const Shape&,
                             const char*, int),
                const char* title, const std::vector<Shape>& shapes,
                int trials) {
  for (const Shape& s : shapes) {
    race(FormsHere(), s, title, trials);
    title = nullptr;
  }
}

int Main(int argc, char** argv) {
  const int trials = argc > 1 ? std::atoi(argv[1]) : 31;
  openblas_set_num_threads(1);
  std::printf("OpenBLAS kernels: %s\n", openblas_get_corename());
  PrintPeaks();
  std::vector<Shape> decode, forward;
  for (const int64_t k : {320, 640}) {
    for (const int64_t m : {1, 2, 3, 4, 8, 16}) decode.push_back({m, 960, k});
  }
  // Shapes of online learning: few rows, and a whole segment.
  for (const Shape& s : {Shape{0, 512, 512}, Shape{0, 1024, 256},
                         Shape{0, 2048, 512}, Shape{0, 1024, 1024}}) {
    for (const int64_t m : {4, 8, 16, 32, 64, 512}) {
      forward.push_back({m, s.n, s.k});
    }
  }
  const std::vector<Shape> backward = {
      {2, 960, 320},  {4, 960, 320},    {4, 960, 640},
      {32, 960, 320}, {64, 960, 640},   {128, 960, 640},
      {32, 512, 512}, {64, 1024, 1024}, {64, 4096, 512}};
  const std::vector<Shape> gradient = {
      {16, 960, 320},  {32, 960, 320}, {32, 960, 640},   {64, 960, 640},
      {256, 960, 640}, {32, 512, 512}, {64, 1024, 1024}, {64, 4096, 512}};
  PrintTable(RaceDecode, "forward, 4 MB of weights in turn", decode, trials);
  PrintTable(RaceForward, "forward: M x K times (N x K)'", forward, trials);
  PrintTable(RaceBackward, "backward: M x N times N x K", backward, trials);
  PrintTable(RaceGradient, "gradient: (M x N)' times M x K", gradient, trials);
  return 0;
}

}  // namespace
}  // namespace nncpp::bench

int main(int argc, char** argv) { return nncpp::bench::Main(argc, argv); }
