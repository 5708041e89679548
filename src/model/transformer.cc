// src/model/transformer.cc -- contract: src/model/transformer.h
#include "src/model/transformer.h"

#include <algorithm>
#include <cmath>

#include "src/base/check.h"
#include "src/model/train_ngrams.h"

namespace nncpp {
namespace {

// The weights at the start: gains are 1, what gives the logits is 0.
std::vector<float> InitialParameters(const ModelConfig& config,
                                     const TransformerParameters& names) {
  std::vector<float> initial(static_cast<size_t>(names.layout.count()));
  const auto range = [&](int64_t inputs) {
    return config.init_range / std::sqrt(static_cast<float>(inputs));
  };
  for (int64_t i = 0; i < std::ssize(names.layout.views()); ++i) {
    const ParameterView& view = names.layout.views()[static_cast<size_t>(i)];
    const std::span<float> x(initial.data() + view.offset,
                             static_cast<size_t>(view.count()));
    const auto tensor = static_cast<uint32_t>(i);
    if (view.name.find("gain") != std::string::npos) {
      std::fill(x.begin(), x.end(), 1.0f);
    } else if (view.name.starts_with("table")) {
      FillUniform(config.seed, tensor, config.table_range, x);
    } else if (view.name.starts_with("position bias")) {
      const int64_t p = config.positions;
      const float steepest = SteepestSlope(config);
      for (int64_t w = 0; w < view.cols; ++w) {
        const float distance = static_cast<float>(p - 1 - w % p);
        const float slope =
            steepest * PowerOfTwo(-static_cast<int32_t>(w / p % 8));
        x[static_cast<size_t>(w)] = -distance * slope;
      }
    } else if (view.name != "output" && view.rows > 1 &&
               !view.name.starts_with("position")) {
      FillUniform(config.seed, tensor, range(view.cols), x);
    }
  }
  return initial;
}

}  // namespace

float SteepestSlope(const ModelConfig& config) {
  return std::sqrt(static_cast<float>(config.cells / config.heads)) / 2;
}

Transformer::Transformer(const ModelConfig& config, Backend& backend)
    : Model(backend),
      config_(config),
      backend_(backend),
      names_(config),
      ngrams_(config),
      symbols_(config_, backend, config.recent) {
  const int64_t c = config.cells, v = config.alphabet, f = config.inner;
  const int64_t s = MostStreams(config), rows = SegmentRows(config);
  const int64_t hp = config.heads * config.positions;
  const int64_t size = c / config.heads;
  NNCPP_CHECK(size * config.heads == c);
  parameters_ = backend.NewArray(layout().count());
  gradients_ = backend.NewArray(layout().count());
  second_ = backend.NewArray(layout().count());
  backend.Upload(InitialParameters(config, names_), parameters_.get());
  const auto new_norm = [&] {
    return Norm{backend.NewArray(rows * c), backend.NewArray(rows * c),
                backend.NewArray(rows)};
  };
  layers_.resize(static_cast<size_t>(config.layers));
  for (Layer& layer : layers_) {
    layer.qkv_q = backend.NewWeights(3 * c, c);
    layer.projection_q = backend.NewWeights(c, c);
    layer.up_q = backend.NewWeights(2 * f, c);
    layer.down_q = backend.NewWeights(c, f);
    if (config.position_vectors != 0) {
      layer.positions_q =
          backend.NewPositionVectors(config.heads, size, config.positions);
    }
    layer.memory_q = backend.NewKeyValues(s, config.heads, size,
                                          Memory() + MostSteps(config));
    layer.attention_norm = new_norm();
    layer.gate_norm = new_norm();
    layer.qkv = backend.NewArray(rows * 3 * c);
    if (config.head_norms != 0) {
      layer.heads_normed = backend.NewArray(rows * 3 * c);
      layer.heads_inverse_rms = backend.NewArray(rows * 3 * config.heads);
    }
    layer.weights = backend.NewArray(rows * hp);
    layer.context = backend.NewArray(rows * c);
    layer.up = backend.NewArray(rows * 2 * f);
    layer.gated = backend.NewArray(rows * f);
    for (auto& memory : layer.memory) {
      memory = backend.NewArray(Memory() * s * 2 * c);
    }
  }
  final_norm_ = new_norm();
  output_q_ = backend.NewWeights(v, c);
  AllocateSegment();
  row_power_.assign(static_cast<size_t>(config.recent * v), 1.0);
  QuantizeAll();
}

void Transformer::AllocateSegment() {
  const int64_t c = config_.cells, v = config_.alphabet, f = config_.inner;
  const int64_t rows = SegmentRows(config_);
  const int64_t hp = config_.heads * config_.positions;
  for (auto* array : {&x_, &added_, &dx_, &dy_, &dadded_}) {
    *array = backend_.NewArray(rows * c);
  }
  if (config_.replay_period > 0) dropped_ = backend_.NewArray(rows * c);
  dqkv_ = backend_.NewArray(rows * 3 * c);
  dheads_ = config_.head_norms == 0 ? dqkv_ : backend_.NewArray(rows * 3 * c);
  drelative_ = backend_.NewArray(rows * hp);
  dup_ = backend_.NewArray(rows * 2 * f);
  dgated_ = backend_.NewArray(rows * f);
  logits_ = backend_.NewArray(rows * v);
  dlogits_ = backend_.NewArray(rows * v);
}

std::vector<Weights*> Transformer::Quantized() const {
  std::vector<Weights*> quantized(layout().views().size());
  const auto put = [&](int64_t index, const std::unique_ptr<Weights>& weights) {
    quantized[static_cast<size_t>(index)] = weights.get();
  };
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const TransformerParameters::Layer& names = names_.layers[i];
    put(names.qkv, layer.qkv_q);
    put(names.projection, layer.projection_q);
    put(names.up, layer.up_q);
    put(names.down, layer.down_q);
  }
  put(names_.output, output_q_);
  return quantized;
}

void Transformer::QuantizeAll() {
  const std::vector<Weights*> quantized = Quantized();
  for (int64_t i = 0; i < std::ssize(quantized); ++i) {
    Weights* weights = quantized[static_cast<size_t>(i)];
    if (weights != nullptr) backend_.QuantizeWeights(Param(i), *weights);
  }
  QuantizeVectors();
}

void Transformer::QuantizeVectors() {
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i].positions_q == nullptr) continue;
    backend_.QuantizePositionVectors(Param(names_.layers[i].position_vectors),
                                     *layers_[i].positions_q);
  }
}

void Transformer::StartBlock(int64_t streams) {
  NNCPP_CHECK(streams >= 1 && streams <= config_.streams);
  // Stream 0 goes on where the block before ended; the others begin anew.
  const int64_t from = counters_.last_stream, before = from + 1;
  const int64_t width = 2 * config_.cells;
  const auto size = static_cast<size_t>(Memory() * config_.streams * width);
  std::vector<float> old(size), moved(size);
  for (Layer& layer : layers_) {
    float* memory = layer.memory[current_].get();
    backend_.Download(memory, old);
    for (int64_t j = 0; j < Memory(); ++j) {
      std::copy_n(old.begin() + (j * before + from) * width, width,
                  moved.begin() + j * streams * width);
    }
    backend_.Upload(moved, memory);
    // Rows that a block of fewer streams will not write.
    backend_.Upload(std::vector<float>(size), layer.memory[1 - current_].get());
  }
  symbols_.StartBlock(streams, from);
  ngrams_.StartBlock(from);
  streams_ = streams;
  counters_.last_stream = streams - 1;
  QuantizeMemory();
}

void Transformer::QuantizeMemory() {
  const int64_t c = config_.cells;
  for (Layer& layer : layers_) {
    const Matrix all(layer.memory[current_].get(), Memory() * streams_, 2 * c);
    backend_.QuantizeKeyValues(all.Columns(0, c), all.Columns(c, c), streams_,
                               0, *layer.memory_q);
  }
}

void Transformer::Drop(int64_t branch, int64_t first_row, ConstMatrix x,
                       Matrix y) {
  const NoiseKey noise = {config_.seed,
                          static_cast<uint32_t>(counters_.updates),
                          kDropout + static_cast<uint32_t>(branch)};
  backend_.Dropout(x, noise, first_row, config_.dropout, y);
}

NoiseKey Transformer::Noise(int64_t layer, NoiseUse use, bool gradient) const {
  const auto tensor = static_cast<uint32_t>((layer * kUses + use) * 2) +
                      static_cast<uint32_t>(gradient);
  return {config_.seed, static_cast<uint32_t>(counters_.updates), tensor};
}

Attention Transformer::AttentionOf(const Layer& layer, int64_t index,
                                   int64_t first, int64_t count) const {
  const int64_t c = config_.cells, b = streams_;
  const int64_t hp = config_.heads * config_.positions;
  const int64_t row = first * b, rows = count * b;
  const int64_t bias = names_.layers[static_cast<size_t>(index)].position_bias;
  return {
      .streams = b,
      .heads = config_.heads,
      .first = first,
      .scale = 1.0f / std::sqrt(static_cast<float>(c / config_.heads)),
      .query = {layer.qkv.get() + row * 3 * c, rows, c, 3 * c},
      .relative = Param(bias),
      .weights = {layer.weights.get() + row * hp, rows, hp},
      .out = {layer.context.get() + row * c, rows, c},
      .vectors = layer.positions_q.get(),
  };
}

RmsNorm Transformer::NormOf(const Norm& norm, int64_t gain, int64_t bias,
                            int64_t first_row, int64_t rows) const {
  const int64_t c = config_.cells, at = first_row * c;
  return {.x = {x_.get() + at, rows, c},
          .gain = Param(gain),
          .bias = Param(bias),
          .normed = {norm.normed.get() + at, rows, c},
          .inverse_rms = {norm.inverse_rms.get() + first_row, rows, 1},
          .y = {norm.y.get() + at, rows, c}};
}

void Transformer::AddBranch(int64_t branch, int64_t first_row, int64_t rows,
                            const Weights& weights, int64_t bias,
                            const std::function<void(const Linear&)>& forward) {
  const int64_t c = config_.cells;
  const Matrix x(x_.get() + first_row * c, rows, c);
  if (!Dropping()) {
    return forward(
        {.weights = weights, .bias = Param(bias), .y = x, .add = true});
  }
  const Matrix added(added_.get() + first_row * c, rows, c);
  forward({.weights = weights, .bias = Param(bias), .y = added});
  Drop(branch, first_row, added, added);
  backend_.Add(added, x);
}

void Transformer::ForwardAttention(int64_t index, int64_t first,
                                   int64_t count) {
  Layer& layer = layers_[static_cast<size_t>(index)];
  const TransformerParameters::Layer& names =
      names_.layers[static_cast<size_t>(index)];
  const int64_t c = config_.cells, size = c / config_.heads;
  const int64_t row = first * streams_, rows = count * streams_;
  const Matrix qkv(layer.qkv.get() + row * 3 * c, rows, 3 * c);
  backend_.NormLinearForward(NormOf(layer.attention_norm, names.attention_gain,
                                    names.attention_bias, row, rows),
                             {.weights = *layer.qkv_q, .bias = {}, .y = qkv});
  if (names.head_gain >= 0) {
    const int64_t heads = 3 * config_.heads, at = row * heads;
    const Matrix all(qkv.data, rows * heads, size);
    backend_.RmsNormForward(
        {.x = all,
         .gain = Param(names.head_gain),
         .bias = {},
         .normed = {layer.heads_normed.get() + at * size, rows * heads, size},
         .inverse_rms = {layer.heads_inverse_rms.get() + at, rows * heads, 1},
         .y = all});
  }
  backend_.QuantizeKeyValues(qkv.Columns(c, c), qkv.Columns(2 * c, c), streams_,
                             Memory() + first, *layer.memory_q);
  const Attention attention = AttentionOf(layer, index, first, count);
  backend_.AttentionForward(attention, *layer.memory_q);
  AddBranch(2 * index, row, rows, *layer.projection_q, /*bias=*/-1,
            [&](const Linear& projection) {
              backend_.LinearForward(attention.out, projection);
            });
}

void Transformer::ForwardGate(int64_t index, int64_t first, int64_t count) {
  Layer& layer = layers_[static_cast<size_t>(index)];
  const TransformerParameters::Layer& names =
      names_.layers[static_cast<size_t>(index)];
  const int64_t f = config_.inner;
  const int64_t row = first * streams_, rows = count * streams_;
  const Matrix up(layer.up.get() + row * 2 * f, rows, 2 * f);
  backend_.NormLinearForward(
      NormOf(layer.gate_norm, names.gate_gain, names.gate_bias, row, rows),
      {.weights = *layer.up_q, .bias = {}, .y = up});
  const GatedUnit unit = {.u = up,
                          .bias = Param(names.up_bias),
                          .y = {layer.gated.get() + row * f, rows, f}};
  AddBranch(
      2 * index + 1, row, rows, *layer.down_q, names.down_bias,
      [&](const Linear& down) { backend_.GateLinearForward(unit, down); });
}

void Transformer::PredictSteps(int64_t first, int64_t count,
                               std::span<const int32_t> targets) {
  const int64_t b = streams_, c = config_.cells, v = config_.alphabet;
  const int64_t row = first * b, rows = count * b;
  const Matrix x(x_.get() + row * c, rows, c);
  const Matrix added(added_.get() + row * c, rows, c);
  for (int64_t k = 0; k < config_.recent; ++k) {
    backend_.EmbeddingForward(Param(names_.tables[static_cast<size_t>(k)]),
                              symbols_.Inputs(k, first, count),
                              k == 0 ? x : added);
    if (k > 0) backend_.Add(added, x);
  }
  for (int64_t i = 0; i < config_.layers; ++i) {
    ForwardAttention(i, first, count);
    ForwardGate(i, first, count);
  }
  const Matrix logits(logits_.get() + row * v, rows, v);
  backend_.NormLinearForward(
      NormOf(final_norm_, names_.final_gain, names_.final_bias, row, rows),
      {.weights = *output_q_, .bias = Param(names_.output_bias), .y = logits});
  // Features stay out of replay (src/model/lstm.cc). The elements' rows count
  // from the segment's first.
  if (ngrams_.enabled() && !replaying_) {
    backend_.AddElements(ngrams_.Locate(first, count, b, targets),
                         {logits_.get(), row + rows, v});
  }
  backend_.SoftmaxFrequencies(logits, row, symbols_.frequencies());
}

void Transformer::Predict(int64_t first, int64_t count,
                          std::span<const int32_t> targets) {
  symbols_.Predict(first, count, targets, ngrams_.enabled() && !replaying_,
                   counters_.updates,
                   [&] { PredictSteps(first, count, targets); });
}

std::span<const uint64_t> Transformer::FrequenciesAt(int64_t row) const {
  return symbols_.frequencies().At(row);
}

uint64_t Transformer::TotalAt(int64_t row) const {
  return symbols_.frequencies().TotalAt(row);
}

void Transformer::Encode(std::span<const int32_t> targets,
                         std::span<RangeEncoder> encoders) {
  symbols_.Encode(targets, encoders);
}

void Transformer::Decode(std::span<const int64_t> counts,
                         std::span<RangeDecoder> decoders,
                         std::span<int32_t> targets) {
  symbols_.Decode(counts, decoders, targets, ngrams_.enabled(),
                  counters_.updates,
                  [&](int64_t step) { PredictSteps(step, 1, targets); });
}

void Transformer::Learn(int64_t steps, std::span<const int32_t> targets) {
  Backward(steps, targets);
  Update(steps);
}

void Transformer::Train(int64_t steps, std::span<const int32_t> targets) {
  Learn(steps, targets);
  TrainNgrams(*this, backend_,
              {dlogits_.get(), steps * streams_, config_.alphabet}, steps,
              streams_, targets, ngrams_);
  CarryMemory(steps);
  symbols_.Carry(steps);
}

void Transformer::ReplaySegment(int64_t steps,
                                std::span<const int32_t> targets) {
  Predict(0, steps, targets);
  Learn(steps, targets);
  CarryMemory(steps);
  symbols_.Carry(steps);
}

}  // namespace nncpp
