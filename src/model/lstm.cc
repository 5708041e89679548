// src/model/lstm.cc -- contract: src/model/lstm.h
#include "src/model/lstm.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "src/base/check.h"

namespace nncpp {

Lstm::Lstm(const ModelConfig& config, Backend& backend)
    : Model(backend),
      config_(config),
      backend_(backend),
      gates_(config.classic != 0 ? 4 : 3),
      ngrams_(config),
      symbols_(config_, backend, /*recent=*/1) {
  AddParameters();
  Initialize();
  AllocateSegment();
  QuantizeAll();
}

void Lstm::AddParameters() {
  const int64_t c = config_.cells, v = config_.alphabet, e = config_.embedding;
  layers_.resize(static_cast<size_t>(config_.layers));
  for (int64_t i = 0; i < config_.layers; ++i) {
    Layer& layer = layers_[static_cast<size_t>(i)];
    const std::string name = " " + std::to_string(i);
    if (i > 0) layer.below = layout_.AddDense("below" + name, gates_ * c, c);
    layer.recurrent = layout_.AddDense("recurrent" + name, gates_ * c, c);
    if (config_.classic == 0) {
      layer.gain = layout_.AddDense("gain" + name, 1, gates_ * c);
    }
    layer.bias = layout_.AddDense("bias" + name, 1, gates_ * c);
    if (e > 0)
      layer.embedded = layout_.AddDense("embedded" + name, gates_ * c, e);
  }
  output_ = layout_.AddDense("output", v, config_.layers * c);
  output_bias_ = layout_.AddDense("output bias", 1, v);
  if (e > 0) embedding_ = layout_.AddTable("table", v, e);
  for (int64_t i = 0; e == 0 && i < config_.layers; ++i) {
    layers_[static_cast<size_t>(i)].table =
        layout_.AddTable("table " + std::to_string(i), v, gates_ * c);
  }
}

void Lstm::Initialize() {
  const int64_t c = config_.cells;
  parameters_ = backend_.NewArray(layout_.count());
  gradients_ = backend_.NewArray(layout_.count());
  second_ = backend_.NewArray(layout_.count());

  std::vector<float> initial(static_cast<size_t>(layout_.count()));
  const float range = config_.init_range / std::sqrt(static_cast<float>(c));
  for (int64_t i = 0; i < std::ssize(layout_.views()); ++i) {
    const ParameterView& view = layout_.views()[static_cast<size_t>(i)];
    const std::span<float> x(initial.data() + view.offset,
                             static_cast<size_t>(view.count()));
    if (view.name.starts_with("gain")) {
      std::fill(x.begin(), x.end(), 1.0f);
    } else if (view.name.starts_with("bias")) {
      std::fill_n(x.begin(), c, config_.forget_bias);
    } else if (view.name.starts_with("table")) {
      FillUniform(config_.seed, static_cast<uint32_t>(i), config_.table_range,
                  x);
    } else if (view.name.starts_with("below") ||
               view.name.starts_with("recurrent") ||
               view.name.starts_with("embedded")) {
      FillUniform(config_.seed, static_cast<uint32_t>(i), range, x);
    }  // the output layer starts at zero: every symbol equally likely
  }
  backend_.Upload(initial, parameters_.get());
}

void Lstm::AllocateSegment() {
  const int64_t c = config_.cells, v = config_.alphabet, e = config_.embedding;
  const int64_t rows = SegmentRows(config_), streams = MostStreams(config_);
  const int64_t hidden = config_.layers * c, sums = rows * gates_ * c;
  for (Layer& layer : layers_) {
    if (layer.below >= 0) {
      layer.below_q = backend_.NewWeights(gates_ * c, c);
      layer.from_below = backend_.NewArray(sums);
    }
    if (e > 0) layer.embedded_q = backend_.NewWeights(gates_ * c, e);
    layer.recurrent_q = backend_.NewWeights(gates_ * c, c);
    layer.gates = backend_.NewArray(sums);
    layer.dsum = backend_.NewArray(sums);
    if (layer.gain >= 0) {
      layer.normed = backend_.NewArray(sums);
      layer.dnormed = backend_.NewArray(sums);
      layer.inverse_rms = backend_.NewArray(rows * gates_);
    }
    layer.c = backend_.NewArray((rows + streams) * c);
  }
  if (e > 0) {
    embedded_ = backend_.NewArray(rows * e);
    dembedded_ = backend_.NewArray(rows * e);
    dinput_ = backend_.NewArray(rows * e);
    from_embedding_ = backend_.NewArray(sums);
  }
  output_q_ = backend_.NewWeights(v, hidden);
  hidden_ = backend_.NewArray((rows + streams) * hidden);
  if (config_.replay_period > 0 && config_.dropout > 0) {
    dropped_ = backend_.NewArray((rows + streams) * hidden);
  }
  dhidden_ = backend_.NewArray(rows * hidden);
  logits_ = backend_.NewArray(rows * v);
  dlogits_ = backend_.NewArray(rows * v);
  dbelow_ = backend_.NewArray(rows * c);
  products_ = backend_.NewArray(streams * gates_ * c);
  dh_ = backend_.NewArray(streams * c);
  dc_ = backend_.NewArray(streams * c);
  row_power_.assign(static_cast<size_t>(v), 1.0);
  std::vector<int32_t> numbers(static_cast<size_t>(rows));
  std::iota(numbers.begin(), numbers.end(), 0);
  row_numbers_ = backend_.NewSymbols(rows);
  backend_.UploadSymbols(numbers, row_numbers_.get());
}

std::vector<Weights*> Lstm::Quantized() const {
  std::vector<Weights*> quantized(layout_.views().size());
  const auto put = [&](int64_t index, const std::unique_ptr<Weights>& weights) {
    if (index >= 0) quantized[static_cast<size_t>(index)] = weights.get();
  };
  for (const Layer& layer : layers_) {
    put(layer.below, layer.below_q);
    put(layer.recurrent, layer.recurrent_q);
    put(layer.embedded, layer.embedded_q);
  }
  put(output_, output_q_);
  return quantized;
}

void Lstm::QuantizeAll() {
  const std::vector<Weights*> quantized = Quantized();
  for (int64_t i = 0; i < std::ssize(quantized); ++i) {
    Weights* weights = quantized[static_cast<size_t>(i)];
    if (weights != nullptr) backend_.QuantizeWeights(Param(i), *weights);
  }
}

void Lstm::StartBlock(int64_t streams) {
  NNCPP_CHECK(streams >= 1 && streams <= config_.streams);
  // Stream 0 goes on where the block before ended, with its last stream; the
  // others begin anew.
  const int64_t from = counters_.last_stream, most = config_.streams;
  for (const Carried& carried : CarriedArrays()) {
    const int64_t width = carried.width;
    std::vector<float> all(static_cast<size_t>(most * width));
    backend_.Download(
        carried.array + (most - 1) * width,
        std::span(all).subspan(static_cast<size_t>((most - streams) * width),
                               static_cast<size_t>(width)));
    backend_.Upload(all, carried.array);
  }
  symbols_.StartBlock(streams, from);
  ngrams_.StartBlock(from);
  streams_ = streams;
  counters_.last_stream = streams - 1;
}

NoiseKey Lstm::Noise(int64_t layer, NoiseUse use, bool gradient) const {
  const auto tensor = static_cast<uint32_t>((layer * kUses + use) * 2) +
                      static_cast<uint32_t>(gradient);
  return {config_.seed, static_cast<uint32_t>(counters_.updates), tensor};
}

void Lstm::Drop(int64_t layer, int64_t first_row, ConstMatrix x, Matrix y) {
  backend_.Dropout(x, Noise(layer, kOutput, false), first_row, config_.dropout,
                   y);
}

LstmCell Lstm::Cell(int64_t index, int64_t first_row, int64_t rows) const {
  const Layer& layer = layers_[static_cast<size_t>(index)];
  const int64_t c = config_.cells, sums = gates_ * c;
  const auto of = [&](const std::shared_ptr<float[]>& array, int64_t width,
                      int64_t first) -> Matrix {
    if (array == nullptr) return {};
    return {array.get() + first * width, rows, width};
  };
  return {
      .from_below = of(layer.from_below, sums, first_row),
      .recurrent = {},
      .table = embedding_ < 0 ? Param(layer.table)
                              : of(from_embedding_, sums, first_row),
      .gain = Param(layer.gain),
      .bias = Param(layer.bias),
      .c_before = of(layer.c, c, Absent() + first_row),
      .normed = of(layer.normed, sums, first_row),
      .inverse_rms = of(layer.inverse_rms, gates_, first_row),
      .gates = of(layer.gates, sums, first_row),
      .c = of(layer.c, c, Absent() + first_row + streams_),
      .h = Hidden(first_row + streams_, rows).Columns(index * c, c),
  };
}

void Lstm::ForwardLayer(int64_t index, int64_t first, int64_t count) {
  Layer& layer = layers_[static_cast<size_t>(index)];
  const int64_t c = config_.cells, b = streams_, sums = gates_ * c;
  const int64_t from = first * b, rows = count * b;
  if (index > 0) {
    backend_.ProductForward(Upward(from + b, rows).Columns((index - 1) * c, c),
                            *layer.below_q,
                            {layer.from_below.get() + from * sums, rows, sums});
  }
  if (embedding_ >= 0) {
    backend_.ProductForward(Embedded(from, rows), *layer.embedded_q,
                            {from_embedding_.get() + from * sums, rows, sums});
  }
  // A cell's symbol is a row of the table, or of what the embedding gives.
  backend_.LstmLayerForward(
      {.cell = Cell(index, from, rows),
       .streams = b,
       .weights = *layer.recurrent_q,
       .h_before = Hidden(from, rows).Columns(index * c, c),
       .products = {products_.get(), b, sums}},
      embedding_ < 0 ? symbols_.Inputs(0, first, count)
                     : ConstSymbols(row_numbers_.get(), count, b));
  if (replaying_ && config_.dropout > 0) {
    Drop(index, from, Hidden(from + b, rows).Columns(index * c, c),
         Upward(from + b, rows).Columns(index * c, c));
  }
}

void Lstm::PredictSteps(int64_t first, int64_t count,
                        std::span<const int32_t> targets) {
  const int64_t b = streams_, v = config_.alphabet;
  if (embedding_ >= 0) {
    backend_.EmbeddingForward(Param(embedding_),
                              symbols_.Inputs(0, first, count),
                              Embedded(first * b, count * b));
  }
  for (int64_t i = 0; i < config_.layers; ++i) ForwardLayer(i, first, count);
  const Matrix logits(logits_.get() + first * b * v, count * b, v);
  backend_.LinearForward(
      Upward((first + 1) * b, count * b),
      {.weights = *output_q_, .bias = Param(output_bias_), .y = logits});
  // The features know the past by heart: replay is for the net alone. The
  // elements' rows count from the segment's first.
  if (ngrams_.enabled() && !replaying_) {
    backend_.AddElements(ngrams_.Locate(first, count, b, targets),
                         {logits_.get(), (first + count) * b, v});
  }
  backend_.SoftmaxFrequencies(logits, first * b, symbols_.frequencies());
}

void Lstm::Predict(int64_t first, int64_t count,
                   std::span<const int32_t> targets) {
  symbols_.Predict(first, count, targets, ngrams_.enabled() && !replaying_,
                   counters_.updates,
                   [&] { PredictSteps(first, count, targets); });
}

std::span<const uint64_t> Lstm::FrequenciesAt(int64_t row) const {
  return symbols_.frequencies().At(row);
}

uint64_t Lstm::TotalAt(int64_t row) const {
  return symbols_.frequencies().TotalAt(row);
}

void Lstm::Encode(std::span<const int32_t> targets,
                  std::span<RangeEncoder> encoders) {
  symbols_.Encode(targets, encoders);
}

void Lstm::Decode(std::span<const int64_t> counts,
                  std::span<RangeDecoder> decoders,
                  std::span<int32_t> targets) {
  symbols_.Decode(counts, decoders, targets, ngrams_.enabled(),
                  counters_.updates,
                  [&](int64_t step) { PredictSteps(step, 1, targets); });
}

}  // namespace nncpp
