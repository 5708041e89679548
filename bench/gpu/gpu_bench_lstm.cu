// bench/gpu/gpu_bench_lstm.cu -- LSTM layers, forwards, beside cuDNN's.
//
// One step is what decoding a symbol costs; of 32 steps a layer's product from
// below is one, as in encoding. cuDNN's LSTM has four gates; so has the classic
// cell. The models' own cell has three, and normalises them. A program apart,
// so that what happens in cuDNN harms no other measurement.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/gpu/cudnn_lstm.h"
#include "bench/gpu/measure.h"
#include "kernels/make_backend.h"

namespace nncpp {
namespace {

// A layer's numbers of T steps, T B rows, and what it starts from.
struct Layer {
  std::unique_ptr<Weights> below_q, recurrent_q;
  Matrix below, normed, inverse_rms, gates;
  Matrix c, h;  // T + 1 steps
};

class OurLstm {
 public:
  OurLstm(Backend& b, const LstmShape& shape, bool classic)
      : b_(b), shape_(shape), classic_(classic), bench_(b) {
    const int64_t sums = (classic ? 4 : 3) * shape.cells;
    const int64_t rows = shape.steps * shape.streams;
    x_ = bench_.New(rows, shape.cells);
    table_ = bench_.New(256, sums);
    gain_ = bench_.New(1, sums);
    bias_ = bench_.New(1, sums);
    symbols_ = b.NewSymbols(rows);
    products_ = bench_.Zeros(shape.streams, sums);
    for (int64_t i = 0; i < shape.layers; ++i) {
      layers_.push_back(NewLayer(rows, sums));
    }
  }

  void Run() {
    ConstMatrix from = x_;
    for (const Layer& layer : layers_) from = RunLayer(layer, from);
  }

  // Seconds of a step, issued plainly and as a graph.
  double Plainly() {
    return bench_.Seconds(Calls(), [&](int) { Run(); }) / Steps();
  }
  double AsGraph() {
    const auto routine = b_.NewRoutine();
    return bench_.Seconds(Calls(), [&](int) {
      b_.Run(*routine, 1, [&] { Run(); });
    }) / Steps();
  }

 private:
  int Calls() const { return shape_.steps == 1 ? 100 : 10; }
  double Steps() const { return static_cast<double>(shape_.steps); }

  Layer NewLayer(int64_t rows, int64_t sums) {
    const int64_t cells = shape_.cells;
    Layer layer;
    layer.below_q = bench_.NewWeights(sums, cells);
    layer.recurrent_q = bench_.NewWeights(sums, cells);
    layer.below = bench_.Zeros(rows, sums);
    layer.gates = bench_.Zeros(rows, sums);
    if (!classic_) {
      layer.normed = bench_.Zeros(rows, sums);
      layer.inverse_rms = bench_.Zeros(rows, 3);
    }
    layer.c = bench_.New(rows + shape_.streams, cells);
    layer.h = bench_.New(rows + shape_.streams, cells);
    return layer;
  }

  ConstMatrix RunLayer(const Layer& layer, ConstMatrix from) {
    const int64_t n = shape_.streams;
    b_.ProductForward(from, *layer.below_q, layer.below);
    const int64_t rows = shape_.steps * n;
    b_.LstmLayerForward({.cell = {.from_below = layer.below,
                                  .recurrent = {},
                                  .table = table_,
                                  .gain = classic_ ? ConstMatrix() : gain_,
                                  .bias = bias_,
                                  .c_before = layer.c.Rows(0, rows),
                                  .normed = layer.normed,
                                  .inverse_rms = layer.inverse_rms,
                                  .gates = layer.gates,
                                  .c = layer.c.Rows(n, rows),
                                  .h = layer.h.Rows(n, rows)},
                         .streams = n,
                         .weights = *layer.recurrent_q,
                         .h_before = layer.h.Rows(0, rows),
                         .products = products_},
                        {symbols_.get(), shape_.steps, n});
    return layer.h.Rows(n, rows);
  }

  Backend& b_;
  const LstmShape shape_;
  const bool classic_;
  Bench bench_;
  Matrix x_, products_;
  ConstMatrix table_, gain_, bias_;
  std::shared_ptr<int32_t[]> symbols_;
  std::vector<Layer> layers_;
};

// Seconds of a step; 0: not measured.
struct Seconds {
  double plainly = 0, as_graph = 0;
  double Best() const {
    if (plainly == 0 || as_graph == 0) return std::max(plainly, as_graph);
    return std::min(plainly, as_graph);
  }
};

std::string Figure(const char* format, double x) {
  if (!(x > 0)) return "not measured";
  char text[32];
  std::snprintf(text, sizeof(text), format, x);
  return text;
}

void Row(const std::string& name, const LstmShape& s, const Seconds& seconds,
         double of_ours, double of_classic) {
  std::printf("| %s | %ld | %s | %s | %s | %s |\n", name.c_str(), s.steps,
              Figure("%.1f", seconds.plainly * 1e6).c_str(),
              Figure("%.1f", seconds.as_graph * 1e6).c_str(),
              Figure("%.2f", of_ours).c_str(),
              Figure("%.2f", of_classic).c_str());
}

Seconds Ours(Backend& b, const LstmShape& shape, bool classic) {
  Seconds seconds;
  Guarded([&] {
    OurLstm lstm(b, shape, classic);
    seconds.plainly = lstm.Plainly();
    seconds.as_graph = lstm.AsGraph();
  });
  return seconds;
}

Seconds Theirs(const LstmShape& shape, CudnnLstm::Algorithm algorithm) {
  Seconds seconds;
  const int calls = shape.steps == 1 ? 100 : 10;
  const auto steps = static_cast<double>(shape.steps);
  Guarded([&] {
    CudnnLstm lstm(shape, algorithm);
    const auto wait = [&] { lstm.Wait(); };
    seconds.plainly = Time(
                          calls, [&](int) { lstm.Run(); }, wait) /
                      steps;
    seconds.as_graph = Time(
                           calls, [&](int) { lstm.RunGraph(); }, wait) /
                       steps;
  });
  return seconds;
}

void Compare(Backend& b, const LstmShape& s) {
  std::printf(
      "\n%ld layers of %ld cells, %ld streams: us a step; cuDNN's best as a "
      "multiple of nncpp's best\n\n"
      "| LSTM | steps | plainly | as a graph | of the coupled cell | of the "
      "classic cell |\n|---|---|---|---|---|---|\n",
      s.layers, s.cells, s.streams);
  for (const int64_t steps : {int64_t{1}, int64_t{32}}) {
    LstmShape shape = s;
    shape.steps = steps;
    const Seconds coupled = Ours(b, shape, /*classic=*/false);
    Row("nncpp, coupled, normalised", shape, coupled, 0, 0);
    const Seconds classic = Ours(b, shape, /*classic=*/true);
    Row("nncpp, classic", shape, classic, 0, 0);
    const auto their_row = [&](const char* name, CudnnLstm::Algorithm a) {
      const Seconds theirs = Theirs(shape, a);
      const auto multiple = [&](const Seconds& ours) {
        return ours.Best() > 0 ? theirs.Best() / ours.Best() : 0;
      };
      Row(name, shape, theirs, multiple(coupled), multiple(classic));
    };
    their_row("cuDNN, standard", CudnnLstm::Algorithm::kStandard);
    their_row("cuDNN, persistent", CudnnLstm::Algorithm::kPersistStatic);
  }
}

void Run() {
  Guarded([] {
    std::printf("\ncuDNN %s: four gates, halves, float sums, inference\n",
                CudnnLstm::Version().c_str());
  });
  const auto backend = MakeCudaBackend(/*device=*/0, /*reserve_bytes=*/0);
  Compare(*backend, {8, 1400, 128, 1});
  Compare(*backend, {3, 320, 4, 1});
  Compare(*backend, {2, 144, 16, 1});  // weights that stay on the chip
}

}  // namespace
}  // namespace nncpp

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return nncpp::Guarded(nncpp::Run) ? 0 : 1;
}
