// src/model/lstm.h -- layers of LSTM cells below one softmax.
//
// After tensorflow-compress [knoll2020tfcompress]: the symbol enters every
// layer, each layer sees the one below, the softmax sees all layers. Trained
// by back-propagation truncated at the segment, after every segment, with
// Adam. Cell: kernels/backend.h, LstmCell.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/backend.h"
#include "src/model/adam.h"
#include "src/model/config.h"
#include "src/model/model.h"
#include "src/model/ngram.h"
#include "src/model/parameters.h"
#include "src/model/segment_symbols.h"

namespace nncpp {

class Lstm : public Model {
 public:
  Lstm(const ModelConfig& config, Backend& backend);

  void StartBlock(int64_t streams) override;
  void Predict(int64_t first, int64_t count,
               std::span<const int32_t> targets) override;
  std::span<const uint64_t> FrequenciesAt(int64_t row) const override;
  uint64_t TotalAt(int64_t row) const override;
  void Encode(std::span<const int32_t> targets,
              std::span<RangeEncoder> encoders) override;
  void Decode(std::span<const int64_t> counts, std::span<RangeDecoder> decoders,
              std::span<int32_t> targets) override;
  void Train(int64_t steps, std::span<const int32_t> targets) override;
  void StartReplay(int64_t streams) override;
  void ReplaySegment(int64_t steps, std::span<const int32_t> targets) override;
  void EndReplay() override;
  void VisitState(StateVisitor& visitor) override;
  void StateReplaced() override;

  // For tests: the parameters, and the gradients of one segment without the
  // update that Train goes on to make.
  const ParameterLayout& layout() const { return layout_; }
  float* parameters() { return parameters_.get(); }
  float* gradients() { return gradients_.get(); }
  void Backward(int64_t steps, std::span<const int32_t> targets);
  void QuantizeAll();  // after parameters() was written to

 private:
  // The gradients of products take their noise by these names.
  // kOutput of layer i names dropout, that of layer L the logits; kBelow and
  // kRecurrent of the layers past L name the products with the embedding.
  enum NoiseUse : uint32_t { kBelow, kRecurrent, kOutput, kUses };

  // One layer: its parameters (indices into the layout), their quantised
  // copies, and what a segment leaves for its gradient. Row t * B + b.
  struct Layer {
    int64_t below = -1, recurrent = -1, gain = -1, bias = -1, table = -1;
    int64_t embedded = -1;  // G C x E: from the embedding, where there is one
    std::unique_ptr<Weights> below_q, recurrent_q, embedded_q;
    std::shared_ptr<float[]> from_below, gates, dsum;  // R x G C
    std::shared_ptr<float[]> normed, dnormed;          // R x 3C, coupled
    std::shared_ptr<float[]> inverse_rms;              // R x 3, coupled
    std::shared_ptr<float[]> c;  // (T + 1) * B x C: first the state before
  };

  // A parameter that this model has not (index -1) has no data.
  Matrix Param(int64_t index) const {
    return index < 0 ? Matrix() : layout_.View(parameters_.get(), index);
  }
  Matrix Gradient(int64_t index) const {
    return layout_.View(gradients_.get(), index);
  }
  // Rows of the streams that this block does not have: 0, before those of the
  // others, so that a segment leaves them alone.
  int64_t Absent() const {
    return std::max(int64_t{0}, config_.streams - streams_);
  }
  // Hidden outputs of all layers: (T + 1) * B x L C, first the state before.
  Matrix Hidden(int64_t first_row, int64_t rows) const {
    const int64_t width = config_.layers * config_.cells;
    return {hidden_.get() + (Absent() + first_row) * width, rows, width};
  }
  // The same as what is above a layer sees it: dropped in replay.
  Matrix Upward(int64_t first_row, int64_t rows) const {
    const int64_t width = config_.layers * config_.cells;
    const bool dropped = replaying_ && config_.dropout > 0;
    float* array = dropped ? dropped_.get() : hidden_.get();
    return {array + (Absent() + first_row) * width, rows, width};
  }
  Matrix Embedded(int64_t first_row, int64_t rows) const {
    const int64_t e = config_.embedding;
    return {embedded_.get() + first_row * e, rows, e};
  }
  std::vector<int64_t> Tables() const;  // of the symbols
  // The quantised copy of each view of the layout, or null.
  std::vector<Weights*> Quantized() const;
  void AddParameters();
  void Initialize();
  void AllocateSegment();
  NoiseKey Noise(int64_t layer, NoiseUse use, bool gradient) const;
  void Drop(int64_t layer, int64_t first_row, ConstMatrix x, Matrix y);
  LstmCell Cell(int64_t index, int64_t first_row, int64_t rows) const;
  void ForwardLayer(int64_t index, int64_t first, int64_t count);
  // Predict, the inputs being in their place.
  void PredictSteps(int64_t first, int64_t count,
                    std::span<const int32_t> targets);
  // Backward, the targets being in their place.
  void BackwardSteps(int64_t steps);
  void BackwardLayer(int64_t index, int64_t steps);
  void BackwardEmbedded(int64_t index, int64_t steps);
  void Update(int64_t steps);
  void Learn(int64_t steps, std::span<const int32_t> targets);
  void Carry(int64_t steps);

  // The arrays whose first rows, one for each of config.streams, are the
  // streams' states between segments.
  struct Carried {
    float* array;
    int64_t width;
  };
  std::vector<Carried> CarriedArrays() const;

  const ModelConfig config_;
  Backend& backend_;
  ParameterLayout layout_;
  std::shared_ptr<float[]> parameters_, gradients_, second_;
  std::vector<Layer> layers_;
  const int64_t gates_;  // G: 3, or 4 in classic cells
  int64_t output_ = -1, output_bias_ = -1, embedding_ = -1;
  std::unique_ptr<Weights> output_q_;
  std::shared_ptr<float[]> hidden_, dropped_;      // (T + 1) * B x L C
  std::shared_ptr<float[]> dhidden_;               // R x L C
  std::shared_ptr<float[]> embedded_, dembedded_;  // R x E
  std::shared_ptr<float[]> from_embedding_;        // R x G C, of one layer
  std::shared_ptr<float[]> dinput_;                // R x E, of one layer
  std::shared_ptr<float[]> logits_, dlogits_;      // R x V
  std::shared_ptr<float[]> dbelow_, dh_, dc_;      // R x C, B x C, B x C
  std::shared_ptr<float[]> products_;              // B x G C
  NgramFeatures ngrams_;

  int64_t streams_ = 1;  // of this block, or of the replay
  bool replaying_ = false;
  SegmentSymbols symbols_;
  std::shared_ptr<int32_t[]> row_numbers_;  // 0, 1, ... as symbols
  NetCounters counters_;
  std::vector<double> row_power_;  // beta2^updates of each symbol's rows
  struct {
    int64_t streams;
    std::vector<std::vector<float>> arrays;
  } away_;  // the streams' states during a replay
};

}  // namespace nncpp
