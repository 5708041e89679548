// src/model/transformer_state.cc -- what src/model/transformer.h remembers.
#include <algorithm>
#include <utility>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/model/transformer.h"

namespace nncpp {

void Transformer::CarryMemory(int64_t steps) {
  const int64_t b = streams_, c = config_.cells;
  const int64_t fresh = std::min(steps, Memory()), kept = Memory() - fresh;
  for (Layer& layer : layers_) {
    const Matrix from(layer.memory[current_].get(), Memory() * b, 2 * c);
    const Matrix to(layer.memory[1 - current_].get(), Memory() * b, 2 * c);
    const Matrix qkv(layer.qkv.get(), steps * b, 3 * c);
    backend_.Copy(from.Rows(fresh * b, kept * b), to.Rows(0, kept * b));
    backend_.Copy(qkv.Columns(c, 2 * c).Rows((steps - fresh) * b, fresh * b),
                  to.Rows(kept * b, fresh * b));
    backend_.MoveKeyValues(steps, *layer.memory_q);
  }
  current_ = 1 - current_;
}

void Transformer::ClearUnusedMemory() {
  const int64_t width = 2 * config_.cells, used = Memory() * streams_ * width;
  const std::vector<float> zeros(
      static_cast<size_t>(Memory() * config_.streams * width - used));
  for (Layer& layer : layers_) {
    for (auto& memory : layer.memory) {
      backend_.Upload(zeros, memory.get() + used);
    }
  }
}

void Transformer::StartReplay(int64_t streams) {
  NNCPP_CHECK(!replaying_ && streams >= 1 && streams <= config_.replay_streams);
  const int64_t width = 2 * config_.cells;
  away_ = {streams_, {}};
  for (Layer& layer : layers_) {
    float* memory = layer.memory[current_].get();
    std::vector<float> rows(static_cast<size_t>(Memory() * streams_ * width));
    backend_.Download(memory, rows);
    away_.memory.push_back(std::move(rows));
    const std::vector<float> zeros(
        static_cast<size_t>(Memory() * streams * width));
    backend_.Upload(zeros, memory);
  }
  symbols_.StartReplay(streams);
  streams_ = streams;
  replaying_ = true;
  QuantizeMemory();
}

void Transformer::EndReplay() {
  NNCPP_CHECK(replaying_);
  for (size_t i = 0; i < layers_.size(); ++i) {
    backend_.Upload(away_.memory[i], layers_[i].memory[current_].get());
  }
  symbols_.EndReplay();
  streams_ = away_.streams;
  replaying_ = false;
  ClearUnusedMemory();
  QuantizeMemory();
}

void Transformer::VisitState(StateVisitor& visitor) {
  visitor.Array(parameters_.get(), layout().count());
  visitor.Array(second_.get(), layout().count());
  for (Layer& layer : layers_) {
    visitor.Array(layer.memory[current_].get(),
                  Memory() * config_.streams * 2 * config_.cells);
  }
  visitor.Elements(symbols_.before());
  visitor.Elements(row_power_);
  visitor.Value(counters_);
  ngrams_.VisitState(visitor);
}

void Transformer::StateReplaced() {
  const auto within = [this](int64_t begin, int64_t end, float limit) {
    return LiesWithin(parameters_.get() + begin, end - begin, -limit, limit);
  };
  const int64_t count = layout().count(), biases = names_.position_offset,
                tables = layout().dense_count();
  const auto farthest = static_cast<float>(config_.positions - 1);
  // Positions' biases begin beyond what updates leave.
  const bool sound =
      counters_.AreSound(config_) && ngrams_.StateIsSound() &&
      symbols_.StateIsSound() &&
      MomentsAreSound(second_.get(), count, row_power_) &&
      within(0, biases, kWeightLimit) && within(tables, count, kWeightLimit) &&
      within(biases, tables,
             std::max(kWeightLimit, farthest * SteepestSlope(config_)));
  if (!sound) throw Error(ErrorKind::kFormat, "not the state of a Transformer");
  streams_ = counters_.last_stream + 1;
  symbols_.Replaced(streams_);
  ClearUnusedMemory();
  QuantizeAll();
  QuantizeMemory();
}

int64_t Transformer::Bytes(const ModelConfig& config) {
  const ParameterLayout layout = TransformerParameters(config).layout;
  const int64_t c = config.cells, f = config.inner, l = config.layers;
  const int64_t v = config.alphabet, hp = config.heads * config.positions;
  const int64_t rows = SegmentRows(config);
  const int64_t memory = (config.positions - 1) * MostStreams(config);
  // Weights, gradients, second moments, copies of the first and the last, a
  // buffer of the host's; the products' operands.
  const int64_t parameters = layout.count() * 6 * 4 + layout.dense_count() * 2;
  // What a row of a segment leaves in each layer, and in all of them; logits,
  // their gradients and frequencies.
  const int64_t norms = config.head_norms * 3 * (c + config.heads);
  const int64_t layer = 4 * c + 3 * c + norms + hp + c + 3 * f + 2;
  const int64_t shared = 14 * c + 2 * hp + 3 * f;
  const int64_t segment = rows * ((l * layer + shared) * 4 + v * 16 + 2048);
  // Keys and values: two in floats and a copy, and the quantised, whose heads
  // are padded to 32 columns.
  const int64_t head = (c / config.heads + 31) / 32 * 32;
  const int64_t positions =
      memory * 2 * c * 4 * (3 * l + 2) +
      (memory + rows) * config.heads * 2 * (2 * head + 4) * l;
  // The products' operands, and what each thread needs for an attention.
  const int64_t operands = rows * (3 * c + 2 * f + v) * 12 + (4 << 20);
  return parameters + segment + positions + operands;
}

}  // namespace nncpp
