// bench/product_bench.cc -- the integer product against its limits and sgemm.
//
// Prints, in Gop/s (2 M N K operations a product, one thread): the peaks of the
// instructions on this core, the forms of the product that it can run, and
// OpenBLAS sgemm of the same shape. Competitors take turns within every trial,
// so that a slow moment of the machine meets all of them; rates are medians of
// trials, ratios are medians of the ratios within a trial.
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
#include <vector>

#include "bench/product_operands.h"
#include "bench/product_peaks.h"
#include "kernels/cpu/product.h"

namespace nncpp::bench {
namespace {

struct Form {
  std::string name;
  const cpu::ProductTable* table;
};

std::vector<Form> FormsHere() {
  std::vector<Form> forms = {{"scalar", &cpu::kProductScalar}};
  if (__builtin_cpu_supports("avx2")) {
    forms.push_back({"avx2", &cpu::kProductAvx2});
  }
  if (__builtin_cpu_supports("avx512vnni") &&
      __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    forms.push_back({"avx512", &cpu::kProductAvx512});
  }
  return forms;
}

struct Competitor {
  std::string name;
  std::function<void()> call;
};

struct Rates {
  std::vector<double> gops;   // median of each competitor
  std::vector<double> ratio;  // to the last competitor
};

// Lets the competitors take turns. Each turn lasts about half a millisecond;
// its first call, which fills the caches, is not counted.
Rates Race(const std::vector<Competitor>& competitors, double ops, int trials) {
  const size_t count = competitors.size();
  std::vector<int> calls(count);
  for (size_t i = 0; i < count; ++i) {
    competitors[i].call();
    const double start = Seconds();
    competitors[i].call();
    const double once = Seconds() - start;
    calls[i] = std::clamp(static_cast<int>(0.5e-3 / once), 1, 10000);
  }
  std::vector<std::vector<double>> rate(count), ratio(count);
  for (int t = 0; t < trials; ++t) {
    for (size_t i = 0; i < count; ++i) {
      competitors[i].call();
      const double start = Seconds();
      for (int c = 0; c < calls[i]; ++c) competitors[i].call();
      rate[i].push_back(ops * calls[i] / (Seconds() - start) * 1e-9);
    }
    for (size_t i = 0; i < count; ++i) {
      ratio[i].push_back(rate[i].back() / rate[count - 1].back());
    }
  }
  Rates rates;
  for (size_t i = 0; i < count; ++i) {
    rates.gops.push_back(Median(rate[i]));
    rates.ratio.push_back(Median(ratio[i]));
  }
  return rates;
}

void PrintHeader(const char* title, const std::vector<Competitor>& list) {
  std::printf("\n%s\n%6s %6s %6s", title, "M", "N", "K");
  for (const Competitor& c : list) std::printf(" %9s", c.name.c_str());
  for (size_t i = 0; i + 1 < list.size(); ++i) {
    std::printf(" %9s", (list[i].name + "/").c_str());
  }
  std::printf("\n");
}

// Rates of all, then the ratio of each to the last.
void PrintRow(int64_t m, int64_t n, int64_t k, const Rates& rates) {
  std::printf("%6d %6d %6d", static_cast<int>(m), static_cast<int>(n),
              static_cast<int>(k));
  for (const double r : rates.gops) std::printf(" %9.1f", r);
  for (size_t i = 0; i + 1 < rates.ratio.size(); ++i) {
    std::printf(" %9.2f", rates.ratio[i]);
  }
  std::printf("\n");
  std::fflush(stdout);
}

double Ops(int64_t m, int64_t n, int64_t k) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) *
         static_cast<double>(k);
}

void Sgemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int64_t m, int64_t n,
           int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb,
           float* c) {
  cblas_sgemm(CblasRowMajor, ta, tb, static_cast<int>(m), static_cast<int>(n),
              static_cast<int>(k), 1.0f, a, static_cast<int>(lda), b,
              static_cast<int>(ldb), 0.0f, c, static_cast<int>(n));
}

// The shapes that issue 2 names. "+q" quantises the activations as well.
void RaceForward(const std::vector<Form>& forms, int trials) {
  struct NK {
    int64_t n, k;
  };
  bool header = false;
  for (const NK& s : {NK{512, 512}, {1024, 256}, {2048, 512}, {1024, 1024}}) {
    for (const int64_t m : {4, 8, 16, 32, 64, 512}) {
      const Floats a(m, s.k, 1), w(s.n, s.k, 2);
      const Rows qw(w);
      Rows qa(a);
      std::vector<float> y(static_cast<size_t>(m * s.n));
      std::vector<Competitor> list;
      for (const Form& form : forms) {
        const auto multiply = [&, form] {
          form.table->forward(qa.view, qw.view, y.data(), s.n, 0, s.n);
        };
        list.push_back({form.name, multiply});
        list.push_back({form.name + "+q", [&, multiply] {
                          qa.Quantise(a);
                          multiply();
                        }});
      }
      list.push_back({"OpenBLAS", [&] {
                        Sgemm(CblasNoTrans, CblasTrans, m, s.n, s.k, a.data(),
                              s.k, w.data(), s.k, y.data());
                      }});
      if (!header) PrintHeader("forward: M x K times (N x K)'", list);
      header = true;
      PrintRow(m, s.n, s.k, Race(list, Ops(m, s.n, s.k), trials));
    }
  }
}

// A decode step: different weights in every call, about 4 MB in turn. sgemm
// does the same with twice the bytes. The last column is what reading weights
// allows: 2 M operations for every two bytes.
void RaceDecode(const std::vector<Form>& forms, int trials) {
  bool header = false;
  for (const int64_t k : {320, 640}) {
    for (const int64_t m : {1, 2, 3, 4, 8, 16}) {
      const int64_t n = 960, count = (4 << 20) / (n * k * 2);
      const Floats a(m, k, 1), w(n, k, 2);
      const Rows qa(a);
      std::vector<Rows> qw;
      std::vector<Floats> fw;
      for (int64_t i = 0; i < count; ++i) {
        qw.emplace_back(w);
        fw.push_back(w);
      }
      std::vector<float> y(static_cast<size_t>(m * n));
      size_t turn = 0;
      std::vector<Competitor> list;
      for (const Form& form : forms) {
        list.push_back({form.name, [&, form] {
                          turn = (turn + 1) % qw.size();
                          form.table->forward(qa.view, qw[turn].view, y.data(),
                                              n, 0, n);
                        }});
      }
      list.push_back({"sgemm", [&] {
                        turn = (turn + 1) % fw.size();
                        Sgemm(CblasNoTrans, CblasTrans, m, n, k, a.data(), k,
                              fw[turn].data(), k, y.data());
                      }});
      list.push_back({"read", [&] {
                        turn = (turn + 1) % qw.size();
                        ReadAll(qw[turn].view.q, n * k * 2);
                      }});
      if (!header) PrintHeader("decode: 4 MB of weights in turn", list);
      header = true;
      PrintRow(m, n, k, Race(list, Ops(m, n, k), trials));
    }
  }
}

void RaceBackward(const std::vector<Form>& forms, int trials) {
  struct Shape {
    int64_t m, n, k;
  };
  bool header = false;
  for (const Shape& s : {Shape{2, 960, 320},
                         {4, 960, 320},
                         {4, 960, 640},
                         {32, 960, 320},
                         {64, 960, 640},
                         {128, 960, 640},
                         {32, 512, 512},
                         {64, 1024, 1024},
                         {64, 4096, 512}}) {
    const Floats d(s.m, s.n, 1), w(s.n, s.k, 2);
    const Rows qd(d), qw(w);
    std::vector<float> y(static_cast<size_t>(s.m * s.k));
    std::vector<Competitor> list;
    for (const Form& form : forms) {
      list.push_back({form.name, [&, form] {
                        form.table->backward(qd.view, qw.view, y.data(), s.k, 0,
                                             s.k);
                      }});
    }
    list.push_back({"OpenBLAS", [&] {
                      Sgemm(CblasNoTrans, CblasNoTrans, s.m, s.k, s.n, d.data(),
                            s.n, w.data(), s.k, y.data());
                    }});
    if (!header) PrintHeader("backward: M x N times N x K", list);
    header = true;
    PrintRow(s.m, s.n, s.k, Race(list, Ops(s.m, s.n, s.k), trials));
  }
}

// M is R, the rows that are added over.
void RaceGradient(const std::vector<Form>& forms, int trials) {
  struct Shape {
    int64_t r, n, k;
  };
  bool header = false;
  for (const Shape& s : {Shape{16, 960, 320},
                         {32, 960, 320},
                         {32, 960, 640},
                         {64, 960, 640},
                         {256, 960, 640},
                         {32, 512, 512},
                         {64, 1024, 1024},
                         {64, 4096, 512}}) {
    const Floats d(s.r, s.n, 1), x(s.r, s.k, 2);
    const Columns qd(d), qx(x);
    std::vector<float> g(static_cast<size_t>(s.n * s.k));
    std::vector<Competitor> list;
    for (const Form& form : forms) {
      list.push_back({form.name, [&, form] {
                        form.table->gradient(qd.view, qx.view, g.data(), s.k, 0,
                                             s.n);
                      }});
    }
    list.push_back({"OpenBLAS", [&] {
                      Sgemm(CblasTrans, CblasNoTrans, s.n, s.k, s.r, d.data(),
                            s.n, x.data(), s.k, g.data());
                    }});
    if (!header) PrintHeader("gradient: (M x N)' times M x K", list);
    header = true;
    PrintRow(s.r, s.n, s.k, Race(list, Ops(s.r, s.n, s.k), trials));
  }
}

int Main(int argc, char** argv) {
  const int trials = argc > 1 ? std::atoi(argv[1]) : 31;
  openblas_set_num_threads(1);
  std::printf("OpenBLAS kernels: %s\n", openblas_get_corename());
  PrintPeaks();
  const std::vector<Form> forms = FormsHere();
  RaceDecode(forms, trials);
  RaceForward(forms, trials);
  RaceBackward(forms, trials);
  RaceGradient(forms, trials);
  return 0;
}

}  // namespace
}  // namespace nncpp::bench

int main(int argc, char** argv) { return nncpp::bench::Main(argc, argv); }
