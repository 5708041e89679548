// src/model/lstm.h -- layers of LSTM cells below one softmax.
//
// After tensorflow-compress [knoll2020tfcompress]: the symbol enters every
// layer, each layer sees the one below, the softmax sees all layers. Trained
// by back-propagation truncated at the segment, after every segment, with
// Adam. Cell: kernels/backend.h, LstmCell.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/backend.h"
#include "src/model/config.h"
#include "src/model/model.h"
#include "src/model/ngram.h"
#include "src/model/parameters.h"

namespace nncpp {

class Lstm : public Model {
 public:
  Lstm(const ModelConfig& config, Backend& backend);

  void StartBlock(int64_t streams) override;
  void Predict(int64_t first, int64_t count,
               std::span<const int32_t> targets) override;
  std::span<const uint64_t> FrequenciesAt(int64_t row) const override;
  uint64_t TotalAt(int64_t row) const override;
  void Train(int64_t steps, std::span<const int32_t> targets) override;
  uint64_t Digest() override;
  bool IsFinite() override;
  void Save() override;
  void Restore() override;

  // For tests: the parameters, and the gradients of one segment without the
  // update that Train goes on to make.
  const ParameterLayout& layout() const { return layout_; }
  float* parameters() { return parameters_.get(); }
  float* gradients() { return gradients_.get(); }
  void Backward(int64_t steps, std::span<const int32_t> targets);
  void QuantizeAll();  // after parameters() was written to

 private:
  // The gradients of products take their noise by these names.
  enum NoiseUse : uint32_t { kBelow, kRecurrent, kOutput, kUses };

  // One layer: its parameters (indices into the layout), their quantised
  // copies, and what a segment leaves for its gradient. Row t * B + b.
  struct Layer {
    int64_t below = -1, recurrent = -1, gain = -1, bias = -1, table = -1;
    std::unique_ptr<Weights> below_q, recurrent_q;
    std::shared_ptr<float[]> from_below, from_recurrent;    // R x 3C
    std::shared_ptr<float[]> normed, gates, dnormed, dsum;  // R x 3C
    std::shared_ptr<float[]> inverse_rms;                   // R x 3
    std::shared_ptr<float[]> c;  // (T + 1) * B x C: first the state before
  };

  Matrix Param(int64_t index) const {
    return layout_.View(parameters_.get(), index);
  }
  Matrix Gradient(int64_t index) const {
    return layout_.View(gradients_.get(), index);
  }
  // Hidden outputs of all layers: (T + 1) * B x L C, first the state before.
  Matrix Hidden(int64_t first_row, int64_t rows) const {
    const int64_t width = config_.layers * config_.cells;
    return {hidden_.get() + first_row * width, rows, width};
  }
  NoiseKey Noise(int64_t layer, NoiseUse use, bool gradient) const;
  LstmCell Cell(const Layer& layer, int64_t index, int64_t first_row) const;
  void ForwardLayer(int64_t index, int64_t first, int64_t count);
  void BackwardLayer(int64_t index, int64_t steps);
  void Update();
  void CarryState(int64_t steps);

  // The state that later predictions depend on, piece by piece.
  struct Piece {
    float* array;    // backend memory, or null:
    uint8_t* bytes;  // host memory
    int64_t size;    // in floats, or in bytes
  };
  std::vector<Piece> Pieces();

  const ModelConfig config_;
  Backend& backend_;
  ParameterLayout layout_;
  std::shared_ptr<float[]> parameters_, gradients_, second_;
  std::vector<Layer> layers_;
  int64_t output_ = -1, output_bias_ = -1;
  std::unique_ptr<Weights> output_q_;
  std::shared_ptr<float[]> hidden_, dhidden_;  // dhidden: R x L C
  std::shared_ptr<float[]> logits_, dlogits_;  // R x V
  std::shared_ptr<float[]> dbelow_, dh_, dc_;  // R x C, B x C, B x C
  NgramFeatures ngrams_;

  int64_t streams_ = 1;              // of this block
  std::vector<int32_t> inputs_;      // R: the symbol before each row's target
  std::vector<int32_t> last_;        // B: the symbol before the segment
  std::vector<uint64_t> frequency_;  // R x V
  std::vector<uint64_t> total_;      // R
  std::vector<int32_t> touched_;     // symbols among the segment's inputs
  struct Counters {
    uint64_t updates = 0;
    double beta2_power = 1.0;  // beta2^updates, a running product
    int64_t last_stream = 0;   // where the block before ended
  } counters_;
  std::vector<double> row_power_;  // beta2^updates of each symbol's rows
  std::vector<std::vector<uint8_t>> saved_;
};

}  // namespace nncpp
