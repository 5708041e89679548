// src/model/transformer_backward.cc -- gradients of src/model/transformer.h
#include <cmath>

#include "src/model/transformer.h"

namespace nncpp {

void Transformer::NormBackward(const Norm& norm, int64_t gain, int64_t bias,
                               int64_t rows) {
  const int64_t c = config_.cells;
  const Matrix dy(dy_.get(), rows, c), dadded(dadded_.get(), rows, c);
  const Matrix normed(norm.normed.get(), rows, c);
  if (bias >= 0) backend_.SumRows(dy, Gradient(bias));
  backend_.SumRowProducts(dy, normed, Gradient(gain));
  backend_.RmsNormBackward(dy, Param(gain), normed,
                           {norm.inverse_rms.get(), rows, 1}, dadded);
  backend_.Add(dadded, {dx_.get(), rows, c});
}

// The gradient of what a branch added.
Matrix Transformer::BranchGradient(int64_t branch, int64_t rows) {
  const Matrix dx(dx_.get(), rows, config_.cells);
  if (!Dropping()) return dx;
  const Matrix dropped(dropped_.get(), rows, config_.cells);
  Drop(branch, 0, dx, dropped);
  return dropped;
}

void Transformer::BackwardGate(int64_t index, int64_t rows) {
  Layer& layer = layers_[static_cast<size_t>(index)];
  const TransformerParameters::Layer& names =
      names_.layers[static_cast<size_t>(index)];
  const int64_t c = config_.cells, f = config_.inner;
  const Matrix dx = BranchGradient(2 * index + 1, rows);
  const Matrix dy(dy_.get(), rows, c);
  const Matrix gated(layer.gated.get(), rows, f);
  const Matrix dgated(dgated_.get(), rows, f), dup(dup_.get(), rows, 2 * f);
  if (names.down_bias >= 0) backend_.SumRows(dx, Gradient(names.down_bias));
  backend_.ProductGradient(dx, gated, Noise(index, kDown, true),
                           Gradient(names.down));
  backend_.ProductBackward(dx, *layer.down_q, Noise(index, kDown, false), 0,
                           dgated);
  backend_.GateBackward({layer.up.get(), rows, 2 * f}, dgated, dup);
  if (names.up_bias >= 0) backend_.SumRows(dup, Gradient(names.up_bias));
  backend_.ProductGradient(dup, {layer.gate_norm.y.get(), rows, c},
                           Noise(index, kUp, true), Gradient(names.up));
  backend_.ProductBackward(dup, *layer.up_q, Noise(index, kUp, false), 0, dy);
  NormBackward(layer.gate_norm, names.gate_gain, names.gate_bias, rows);
}

// Through the norms of queries, keys and values: of dheads_ into dqkv_.
void Transformer::BackwardHeadNorms(int64_t index, int64_t rows) {
  const Layer& layer = layers_[static_cast<size_t>(index)];
  const int64_t gain = names_.layers[static_cast<size_t>(index)].head_gain;
  if (gain < 0) return;
  const int64_t heads = rows * 3 * config_.heads;
  const int64_t size = config_.cells / config_.heads;
  const Matrix dheads(dheads_.get(), heads, size);
  const Matrix normed(layer.heads_normed.get(), heads, size);
  backend_.SumRowProducts(dheads, normed, Gradient(gain));
  backend_.RmsNormBackward(dheads, Param(gain), normed,
                           {layer.heads_inverse_rms.get(), heads, 1},
                           {dqkv_.get(), heads, size});
}

void Transformer::BackwardAttention(int64_t index, int64_t rows) {
  Layer& layer = layers_[static_cast<size_t>(index)];
  const TransformerParameters::Layer& names =
      names_.layers[static_cast<size_t>(index)];
  const int64_t c = config_.cells;
  const Matrix dx = BranchGradient(2 * index, rows);
  const Matrix dy(dy_.get(), rows, c);
  const Matrix dqkv(dqkv_.get(), rows, 3 * c);
  const Matrix dheads(dheads_.get(), rows, 3 * c);
  const Matrix dcontext(dadded_.get(), rows, c);
  const Matrix drelative(drelative_.get(), rows,
                         config_.heads * config_.positions);
  backend_.ProductGradient(dx, {layer.context.get(), rows, c},
                           Noise(index, kProjection, true),
                           Gradient(names.projection));
  backend_.ProductBackward(dx, *layer.projection_q,
                           Noise(index, kProjection, false), 0, dcontext);
  backend_.AttentionBackward(
      {.attention = AttentionOf(layer, index, 0, rows / streams_),
       .noise = Noise(index, kScores, false),
       .dout = dcontext,
       .drelative = drelative,
       .dquery = dheads.Columns(0, c),
       .dkey = dheads.Columns(c, c),
       .dvalue = dheads.Columns(2 * c, c),
       .vector_noise = Noise(index, kPositions, false),
       .dvectors = names.position_vectors < 0
                       ? Matrix()
                       : Gradient(names.position_vectors)},
      *layer.memory_q);
  backend_.SumRows(drelative, Gradient(names.position_bias));
  BackwardHeadNorms(index, rows);
  backend_.ProductGradient(dqkv, {layer.attention_norm.y.get(), rows, c},
                           Noise(index, kQkv, true), Gradient(names.qkv));
  backend_.ProductBackward(dqkv, *layer.qkv_q, Noise(index, kQkv, false), 0,
                           dy);
  NormBackward(layer.attention_norm, names.attention_gain, names.attention_bias,
               rows);
}

void Transformer::Backward(int64_t steps, std::span<const int32_t> targets) {
  symbols_.PutTargets(steps, targets);
  symbols_.Run(SegmentSymbols::Part::kLearn, steps, counters_.updates,
               [&] { BackwardSteps(steps); });
}

void Transformer::BackwardSteps(int64_t steps) {
  const int64_t rows = steps * streams_;
  const int64_t c = config_.cells, v = config_.alphabet;
  const Matrix dlogits(dlogits_.get(), rows, v);
  backend_.SoftmaxBackward(symbols_.frequencies(), symbols_.Targets(0, steps),
                           dlogits);
  backend_.ProductGradient(dlogits, {final_norm_.y.get(), rows, c},
                           Noise(config_.layers, kOutput, true),
                           Gradient(names_.output));
  backend_.SumRows(dlogits, Gradient(names_.output_bias));
  backend_.ProductBackward(dlogits, *output_q_,
                           Noise(config_.layers, kOutput, false), 0,
                           {dy_.get(), rows, c});
  backend_.Clear({dx_.get(), rows, c});
  NormBackward(final_norm_, names_.final_gain, names_.final_bias, rows);
  for (int64_t i = config_.layers - 1; i >= 0; --i) {
    BackwardGate(i, rows);
    BackwardAttention(i, rows);
  }
  for (int64_t k = 0; k < config_.recent; ++k) {
    backend_.EmbeddingGradient({dx_.get(), rows, c},
                               symbols_.Inputs(k, 0, steps),
                               Gradient(names_.tables[static_cast<size_t>(k)]));
  }
}

void Transformer::Update(int64_t steps) {
  const AdamStep step = CountUpdate(config_, replaying_, counters_);
  const auto update = [&](float rate, int64_t begin, int64_t end) {
    UpdateRange(backend_, step, rate, layout(), Quantized(),
                {gradients_.get(), parameters_.get(), second_.get()}, begin,
                end);
  };
  update(1, 0, names_.output_offset);
  update(config_.output_rate, names_.output_offset, names_.position_offset);
  update(config_.position_rate, names_.position_offset, layout().dense_count());
  UpdateTables(step, steps);
  QuantizeVectors();
}

// Of each table the rows of the symbols that it gave to this segment.
void Transformer::UpdateTables(const AdamStep& step, int64_t steps) {
  for (int64_t k = 0; k < config_.recent; ++k) {
    const std::vector<int32_t> rows = symbols_.Occurring(k, steps);
    const std::vector<float> corrections = CountRowUpdates(
        config_, rows, row_power_.data() + k * config_.alphabet);
    const int64_t table = names_.tables[static_cast<size_t>(k)];
    backend_.AdamRows(step, rows, corrections, Gradient(table), Param(table),
                      layout().View(second_.get(), table));
  }
}

}  // namespace nncpp
