// src/model/lstm_train.cc -- gradients, updates and replay of src/model/lstm.h
#include <algorithm>
#include <cmath>
#include <utility>

#include "src/base/check.h"
#include "src/model/lstm.h"
#include "src/model/train_ngrams.h"

namespace nncpp {

void Lstm::BackwardLayer(int64_t index, int64_t steps) {
  Layer& layer = layers_[static_cast<size_t>(index)];
  const int64_t c = config_.cells, b = streams_, rows = steps * b;
  const int64_t width = config_.layers * c;
  const Matrix dsum(layer.dsum.get(), rows, gates_ * c);
  const bool coupled = layer.gain >= 0;
  const Matrix dnormed =
      coupled ? Matrix(layer.dnormed.get(), rows, gates_ * c) : Matrix();
  const Matrix dc(dc_.get(), b, c);
  const Matrix dabove(dhidden_.get() + index * c, rows, c, width);
  if (replaying_ && config_.dropout > 0) Drop(index, 0, dabove, dabove);
  backend_.Clear(dc);
  backend_.LstmLayerBackward({.cell = {.cell = Cell(index, 0, rows),
                                       .dh_above = dabove,
                                       .dh_recurrent = {},
                                       .dc = dc,
                                       .dnormed = dnormed,
                                       .dsum = dsum},
                              .streams = b,
                              .weights = *layer.recurrent_q,
                              .noise = Noise(index, kRecurrent, false),
                              .dh = {dh_.get(), b, c}});
  if (index > 0) {
    const Matrix dbelow(dbelow_.get(), rows, c);
    backend_.ProductBackward(dsum, *layer.below_q, Noise(index, kBelow, false),
                             0, dbelow);
    backend_.Add(dbelow, {dhidden_.get() + (index - 1) * c, rows, c, width});
    backend_.ProductGradient(dsum, Upward(b, rows).Columns((index - 1) * c, c),
                             Noise(index, kBelow, true), Gradient(layer.below));
  }
  backend_.ProductGradient(dsum, Hidden(0, rows).Columns(index * c, c),
                           Noise(index, kRecurrent, true),
                           Gradient(layer.recurrent));
  // A classic cell adds its bias to the sums themselves.
  backend_.SumRows(coupled ? dnormed : dsum, Gradient(layer.bias));
  if (coupled) {
    backend_.SumRowProducts(dnormed, {layer.normed.get(), rows, gates_ * c},
                            Gradient(layer.gain));
  }
  if (embedding_ < 0) {
    backend_.EmbeddingGradient(dsum, symbols_.Inputs(0, 0, steps),
                               Gradient(layer.table));
  } else {
    BackwardEmbedded(index, steps);
  }
}

void Lstm::BackwardEmbedded(int64_t index, int64_t steps) {
  Layer& layer = layers_[static_cast<size_t>(index)];
  const int64_t e = config_.embedding, noise = config_.layers + 1 + index;
  const int64_t rows = steps * streams_;
  const Matrix dsum(layer.dsum.get(), rows, gates_ * config_.cells);
  const Matrix all(dembedded_.get(), rows, e);
  const bool first = index == config_.layers - 1;
  const Matrix own = first ? all : Matrix(dinput_.get(), rows, e);
  backend_.ProductBackward(dsum, *layer.embedded_q, Noise(noise, kBelow, false),
                           0, own);
  if (!first) backend_.Add(own, all);
  backend_.ProductGradient(dsum, Embedded(0, rows), Noise(noise, kBelow, true),
                           Gradient(layer.embedded));
  if (index == 0) {
    backend_.EmbeddingGradient(all, symbols_.Inputs(0, 0, steps),
                               Gradient(embedding_));
  }
}

void Lstm::Backward(int64_t steps, std::span<const int32_t> targets) {
  symbols_.PutTargets(steps, targets);
  symbols_.Run(SegmentSymbols::Part::kLearn, steps, counters_.updates,
               [&] { BackwardSteps(steps); });
}

void Lstm::BackwardSteps(int64_t steps) {
  const int64_t rows = steps * streams_, v = config_.alphabet;
  const Matrix dlogits(dlogits_.get(), rows, v);
  backend_.SoftmaxBackward(symbols_.frequencies(), symbols_.Targets(0, steps),
                           dlogits);
  backend_.ProductGradient(dlogits, Upward(streams_, rows),
                           Noise(config_.layers, kOutput, true),
                           Gradient(output_));
  backend_.SumRows(dlogits, Gradient(output_bias_));
  backend_.ProductBackward(
      dlogits, *output_q_, Noise(config_.layers, kOutput, false), 0,
      {dhidden_.get(), rows, config_.layers * config_.cells});
  for (int64_t i = config_.layers - 1; i >= 0; --i) BackwardLayer(i, steps);
}

std::vector<int64_t> Lstm::Tables() const {
  if (embedding_ >= 0) return {embedding_};
  std::vector<int64_t> tables;
  for (const Layer& layer : layers_) tables.push_back(layer.table);
  return tables;
}

void Lstm::Update(int64_t steps) {
  const AdamStep step = CountUpdate(config_, replaying_, counters_);
  const auto update = [&](float rate, int64_t begin, int64_t end) {
    UpdateRange(backend_, step, rate, layout_, Quantized(),
                {gradients_.get(), parameters_.get(), second_.get()}, begin,
                end);
  };
  const int64_t output = layout_.views()[static_cast<size_t>(output_)].offset;
  update(1, 0, output);
  update(config_.output_rate, output, layout_.dense_count());
  const std::vector<int32_t> touched = symbols_.Occurring(0, steps);
  const std::vector<float> corrections =
      CountRowUpdates(config_, touched, row_power_.data());
  for (const int64_t table : Tables()) {
    backend_.AdamRows(step, touched, corrections, Gradient(table), Param(table),
                      layout_.View(second_.get(), table));
  }
}

std::vector<Lstm::Carried> Lstm::CarriedArrays() const {
  std::vector<Carried> arrays = {
      {hidden_.get(), config_.layers * config_.cells}};
  for (const Layer& layer : layers_) {
    arrays.push_back({layer.c.get(), config_.cells});
  }
  return arrays;
}

void Lstm::Carry(int64_t steps) {
  const int64_t b = streams_;
  for (const Carried& carried : CarriedArrays()) {
    const Matrix all(carried.array + Absent() * carried.width, (steps + 1) * b,
                     carried.width);
    backend_.Copy(all.Rows(steps * b, b), all.Rows(0, b));
  }
  symbols_.Carry(steps);
}

void Lstm::Learn(int64_t steps, std::span<const int32_t> targets) {
  Backward(steps, targets);
  Update(steps);
}

void Lstm::Train(int64_t steps, std::span<const int32_t> targets) {
  Learn(steps, targets);
  TrainNgrams(*this, backend_,
              {dlogits_.get(), steps * streams_, config_.alphabet}, steps,
              streams_, targets, ngrams_);
  Carry(steps);
}

void Lstm::StartReplay(int64_t streams) {
  NNCPP_CHECK(!replaying_ && streams >= 1 && streams <= config_.replay_streams);
  away_ = {streams_, {}};
  for (const Carried& carried : CarriedArrays()) {
    std::vector<float> rows(
        static_cast<size_t>(config_.streams * carried.width));
    backend_.Download(carried.array, rows);
    away_.arrays.push_back(std::move(rows));
    rows.assign(
        static_cast<size_t>(std::max(streams, config_.streams) * carried.width),
        0.0f);
    backend_.Upload(rows, carried.array);
  }
  symbols_.StartReplay(streams);
  streams_ = streams;
  replaying_ = true;
}

void Lstm::ReplaySegment(int64_t steps, std::span<const int32_t> targets) {
  Predict(0, steps, targets);
  Learn(steps, targets);
  Carry(steps);
}

void Lstm::EndReplay() {
  NNCPP_CHECK(replaying_);
  const std::vector<Carried> arrays = CarriedArrays();
  for (size_t i = 0; i < arrays.size(); ++i) {
    backend_.Upload(away_.arrays[i], arrays[i].array);
  }
  symbols_.EndReplay();
  streams_ = away_.streams;
  replaying_ = false;
}

}  // namespace nncpp
