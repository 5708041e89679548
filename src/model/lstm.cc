// src/model/lstm.cc -- contract: src/model/lstm.h
#include "src/model/lstm.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "src/base/check.h"
#include "src/model/train_ngrams.h"

namespace nncpp {

Lstm::Lstm(const ModelConfig& config, Backend& backend)
    : config_(config), backend_(backend), ngrams_(config) {
  const int64_t c = config.cells, v = config.alphabet;
  const int64_t rows = config.steps * config.streams;
  const int64_t hidden = config.layers * c;
  layers_.resize(static_cast<size_t>(config.layers));
  for (int64_t i = 0; i < config.layers; ++i) {
    Layer& layer = layers_[static_cast<size_t>(i)];
    const std::string name = " " + std::to_string(i);
    if (i > 0) layer.below = layout_.AddDense("below" + name, 3 * c, c);
    layer.recurrent = layout_.AddDense("recurrent" + name, 3 * c, c);
    layer.gain = layout_.AddDense("gain" + name, 1, 3 * c);
    layer.bias = layout_.AddDense("bias" + name, 1, 3 * c);
  }
  output_ = layout_.AddDense("output", v, hidden);
  output_bias_ = layout_.AddDense("output bias", 1, v);
  for (int64_t i = 0; i < config.layers; ++i) {
    layers_[static_cast<size_t>(i)].table =
        layout_.AddTable("table " + std::to_string(i), v, 3 * c);
  }
  parameters_ = backend.NewArray(layout_.count());
  gradients_ = backend.NewArray(layout_.count());
  second_ = backend.NewArray(layout_.count());

  std::vector<float> initial(static_cast<size_t>(layout_.count()));
  const float range = config.init_range / std::sqrt(static_cast<float>(c));
  for (int64_t i = 0; i < std::ssize(layout_.views()); ++i) {
    const ParameterView& view = layout_.views()[static_cast<size_t>(i)];
    const std::span<float> x(initial.data() + view.offset,
                             static_cast<size_t>(view.count()));
    if (view.name.starts_with("gain")) {
      std::fill(x.begin(), x.end(), 1.0f);
    } else if (view.name.starts_with("bias")) {
      std::fill_n(x.begin(), c, config.forget_bias);
    } else if (view.name.starts_with("table")) {
      FillUniform(config.seed, static_cast<uint32_t>(i), config.table_range, x);
    } else if (view.name.starts_with("below") ||
               view.name.starts_with("recurrent")) {
      FillUniform(config.seed, static_cast<uint32_t>(i), range, x);
    }  // the output layer starts at zero: every symbol equally likely
  }
  backend.Upload(initial, parameters_.get());

  for (Layer& layer : layers_) {
    if (layer.below >= 0) layer.below_q = backend.NewWeights(3 * c, c);
    layer.recurrent_q = backend.NewWeights(3 * c, c);
    if (layer.below >= 0) layer.from_below = backend.NewArray(rows * 3 * c);
    layer.from_recurrent = backend.NewArray(rows * 3 * c);
    layer.normed = backend.NewArray(rows * 3 * c);
    layer.gates = backend.NewArray(rows * 3 * c);
    layer.dnormed = backend.NewArray(rows * 3 * c);
    layer.dsum = backend.NewArray(rows * 3 * c);
    layer.inverse_rms = backend.NewArray(rows * 3);
    layer.c = backend.NewArray((rows + config.streams) * c);
  }
  output_q_ = backend.NewWeights(v, hidden);
  hidden_ = backend.NewArray((rows + config.streams) * hidden);
  dhidden_ = backend.NewArray(rows * hidden);
  logits_ = backend.NewArray(rows * v);
  dlogits_ = backend.NewArray(rows * v);
  dbelow_ = backend.NewArray(rows * c);
  dh_ = backend.NewArray(config.streams * c);
  dc_ = backend.NewArray(config.streams * c);
  inputs_.resize(static_cast<size_t>(rows));
  last_.resize(static_cast<size_t>(config.streams));
  frequency_.resize(static_cast<size_t>(rows * v));
  total_.resize(static_cast<size_t>(rows));
  row_power_.assign(static_cast<size_t>(v), 1.0);
  QuantizeAll();
}

void Lstm::QuantizeAll() {
  for (Layer& layer : layers_) {
    if (layer.below >= 0) {
      backend_.QuantizeWeights(Param(layer.below), *layer.below_q);
    }
    backend_.QuantizeWeights(Param(layer.recurrent), *layer.recurrent_q);
  }
  backend_.QuantizeWeights(Param(output_), *output_q_);
}

void Lstm::StartBlock(int64_t streams) {
  NNCPP_CHECK(streams >= 1 && streams <= config_.streams);
  // Stream 0 goes on where the block before ended; the others begin anew.
  const int64_t from = counters_.last_stream, c = config_.cells;
  const auto move = [&](float* rows, int64_t width) {
    std::vector<float> all(static_cast<size_t>(config_.streams * width));
    backend_.Download(rows, all);
    std::copy_n(all.begin() + from * width, width, all.begin());
    std::fill(all.begin() + width, all.end(), 0.0f);
    backend_.Upload(all, rows);
  };
  move(hidden_.get(), config_.layers * c);
  for (Layer& layer : layers_) move(layer.c.get(), c);
  last_[0] = last_[static_cast<size_t>(from)];
  std::fill(last_.begin() + 1, last_.end(), 0);
  ngrams_.StartBlock(from);
  streams_ = streams;
  counters_.last_stream = streams - 1;
}

NoiseKey Lstm::Noise(int64_t layer, NoiseUse use, bool gradient) const {
  const auto tensor = static_cast<uint32_t>((layer * kUses + use) * 2) +
                      static_cast<uint32_t>(gradient);
  return {config_.seed, static_cast<uint32_t>(counters_.updates), tensor};
}

LstmCell Lstm::Cell(const Layer& layer, int64_t index,
                    int64_t first_row) const {
  const int64_t c = config_.cells, b = streams_;
  const auto rows = [&](const std::shared_ptr<float[]>& array, int64_t width,
                        int64_t first) -> Matrix {
    if (array == nullptr) return {};
    return {array.get() + first * width, b, width};
  };
  return {
      .from_below = rows(layer.from_below, 3 * c, first_row),
      .recurrent = rows(layer.from_recurrent, 3 * c, first_row),
      .table = Param(layer.table),
      .gain = Param(layer.gain),
      .bias = Param(layer.bias),
      .c_before = rows(layer.c, c, first_row),
      .normed = rows(layer.normed, 3 * c, first_row),
      .inverse_rms = rows(layer.inverse_rms, 3, first_row),
      .gates = rows(layer.gates, 3 * c, first_row),
      .c = rows(layer.c, c, first_row + b),
      .h = Hidden(first_row + b, b).Columns(index * c, c),
  };
}

void Lstm::ForwardLayer(int64_t index, int64_t first, int64_t count) {
  Layer& layer = layers_[static_cast<size_t>(index)];
  const int64_t c = config_.cells, b = streams_;
  if (index > 0) {
    backend_.ProductForward(
        Hidden((first + 1) * b, count * b).Columns((index - 1) * c, c),
        *layer.below_q,
        {layer.from_below.get() + first * b * 3 * c, count * b, 3 * c});
  }
  for (int64_t t = first; t < first + count; ++t) {
    backend_.ProductForward(
        Hidden(t * b, b).Columns(index * c, c), *layer.recurrent_q,
        {layer.from_recurrent.get() + t * b * 3 * c, b, 3 * c});
    backend_.LstmCellForward(Cell(layer, index, t * b),
                             {inputs_.data() + t * b, static_cast<size_t>(b)});
  }
}

void Lstm::Predict(int64_t first, int64_t count,
                   std::span<const int32_t> targets) {
  const int64_t b = streams_, v = config_.alphabet;
  for (int64_t t = first; t < first + count; ++t) {
    for (int64_t s = 0; s < b; ++s) {
      const int32_t input = t == 0
                                ? last_[static_cast<size_t>(s)]
                                : targets[static_cast<size_t>((t - 1) * b + s)];
      inputs_[static_cast<size_t>(t * b + s)] = input < 0 ? 0 : input;
    }
  }
  for (int64_t i = 0; i < config_.layers; ++i) ForwardLayer(i, first, count);
  const Matrix logits(logits_.get() + first * b * v, count * b, v);
  backend_.ProductForward(Hidden((first + 1) * b, count * b), *output_q_,
                          logits);
  // The elements' rows count from the segment's first.
  backend_.AddBias(Param(output_bias_), logits);
  backend_.AddElements(ngrams_.Locate(first, count, b, targets),
                       {logits_.get(), (first + count) * b, v});
  backend_.SoftmaxFrequencies(
      logits,
      {{frequency_.data() + first * b * v, static_cast<size_t>(count * b * v)},
       {total_.data() + first * b, static_cast<size_t>(count * b)}});
}

std::span<const uint64_t> Lstm::FrequenciesAt(int64_t row) const {
  return {frequency_.data() + row * config_.alphabet,
          static_cast<size_t>(config_.alphabet)};
}

uint64_t Lstm::TotalAt(int64_t row) const {
  return total_[static_cast<size_t>(row)];
}

void Lstm::BackwardLayer(int64_t index, int64_t steps) {
  Layer& layer = layers_[static_cast<size_t>(index)];
  const int64_t c = config_.cells, b = streams_, rows = steps * b;
  const int64_t width = config_.layers * c;
  const Matrix dsum(layer.dsum.get(), rows, 3 * c);
  const Matrix dnormed(layer.dnormed.get(), rows, 3 * c);
  const Matrix dc(dc_.get(), b, c), dh(dh_.get(), b, c);
  const std::vector<float> zeros(static_cast<size_t>(b * c));
  backend_.Upload(zeros, dc.data);
  for (int64_t t = steps - 1; t >= 0; --t) {
    backend_.LstmCellBackward({
        .cell = Cell(layer, index, t * b),
        .dh_above = {dhidden_.get() + t * b * width + index * c, b, c, width},
        .dh_recurrent = t == steps - 1 ? Matrix() : dh,
        .dc = dc,
        .dnormed = dnormed.Rows(t * b, b),
        .dsum = dsum.Rows(t * b, b),
    });
    if (t > 0) {
      backend_.ProductBackward(dsum.Rows(t * b, b), *layer.recurrent_q,
                               Noise(index, kRecurrent, false), t * b, dh);
    }
  }
  if (index > 0) {
    const Matrix dbelow(dbelow_.get(), rows, c);
    backend_.ProductBackward(dsum, *layer.below_q, Noise(index, kBelow, false),
                             0, dbelow);
    backend_.Add(dbelow, {dhidden_.get() + (index - 1) * c, rows, c, width});
    backend_.ProductGradient(dsum, Hidden(b, rows).Columns((index - 1) * c, c),
                             Noise(index, kBelow, true), Gradient(layer.below));
  }
  backend_.ProductGradient(dsum, Hidden(0, rows).Columns(index * c, c),
                           Noise(index, kRecurrent, true),
                           Gradient(layer.recurrent));
  backend_.SumRows(dnormed, Gradient(layer.bias));
  backend_.SumRowProducts(dnormed, {layer.normed.get(), rows, 3 * c},
                          Gradient(layer.gain));
  backend_.EmbeddingGradient(dsum, {inputs_.data(), static_cast<size_t>(rows)},
                             Gradient(layer.table));
}

void Lstm::Backward(int64_t steps, std::span<const int32_t> targets) {
  const int64_t rows = steps * streams_, v = config_.alphabet;
  const Matrix dlogits(dlogits_.get(), rows, v);
  backend_.SoftmaxBackward({{frequency_.data(), static_cast<size_t>(rows * v)},
                            {total_.data(), static_cast<size_t>(rows)}},
                           targets.first(static_cast<size_t>(rows)), dlogits);
  backend_.ProductGradient(dlogits, Hidden(streams_, rows),
                           Noise(config_.layers, kOutput, true),
                           Gradient(output_));
  backend_.SumRows(dlogits, Gradient(output_bias_));
  backend_.ProductBackward(
      dlogits, *output_q_, Noise(config_.layers, kOutput, false), 0,
      {dhidden_.get(), rows, config_.layers * config_.cells});
  for (int64_t i = config_.layers - 1; i >= 0; --i) BackwardLayer(i, steps);
}

void Lstm::Update() {
  counters_.updates += 1;
  counters_.beta2_power *= static_cast<double>(config_.beta2);
  const float age =
      static_cast<float>(counters_.updates) / config_.decay_updates;
  AdamStep step;
  step.rate = config_.learning_rate / std::sqrt(1.0f + age);
  step.beta2 = config_.beta2;
  step.correction = static_cast<float>(1.0 / (1.0 - counters_.beta2_power));
  step.epsilon = config_.epsilon;
  step.clip = config_.clip;
  const int64_t dense = layout_.dense_count();
  backend_.Adam(step, {gradients_.get(), 1, dense},
                {parameters_.get(), 1, dense}, {second_.get(), 1, dense});
  std::vector<float> corrections;
  for (const int32_t s : touched_) {
    double& power = row_power_[static_cast<size_t>(s)];
    power *= static_cast<double>(config_.beta2);
    corrections.push_back(static_cast<float>(1.0 / (1.0 - power)));
  }
  for (const Layer& layer : layers_) {
    backend_.AdamRows(step, touched_, corrections, Gradient(layer.table),
                      Param(layer.table),
                      layout_.View(second_.get(), layer.table));
  }
  QuantizeAll();
}

void Lstm::CarryState(int64_t steps) {
  const int64_t b = streams_, c = config_.cells;
  // The rows of streams that this block does not have become zero.
  const auto carry = [&](float* array, int64_t width) {
    std::vector<float> rows(static_cast<size_t>(config_.streams * width));
    backend_.Download(array + steps * b * width,
                      std::span(rows).first(static_cast<size_t>(b * width)));
    backend_.Upload(rows, array);
  };
  carry(hidden_.get(), config_.layers * c);
  for (Layer& layer : layers_) carry(layer.c.get(), c);
}

void Lstm::Train(int64_t steps, std::span<const int32_t> targets) {
  const int64_t rows = steps * streams_;
  Backward(steps, targets);
  touched_.assign(inputs_.begin(), inputs_.begin() + rows);
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  Update();
  TrainNgrams(*this, backend_, {dlogits_.get(), rows, config_.alphabet}, steps,
              streams_, targets, ngrams_);
  CarryState(steps);
  for (int64_t row = 0; row < rows; ++row) {
    const int32_t s = targets[static_cast<size_t>(row)];
    if (s >= 0) last_[static_cast<size_t>(row % streams_)] = s;
  }
}

}  // namespace nncpp
