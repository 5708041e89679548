// src/model/transformer.h -- layers of attention and gated units, one softmax.
//
// Pre-norm [xiong2020prenorm]: each layer adds to the residual stream x
//
//   x = x + projection(attention(norm(x)))
//   x = x + down(gate(up(norm(x))))
//
// and the softmax sees norm(x). Attention looks at the last P positions of its
// stream, in memory of earlier segments too, whose keys and values stay as
// they were computed. Trained after every segment with Adam; no gradient goes
// into memory. Attention, norm and gate: kernels/backend.h.
#pragma once

#include <cstdint>
#include <functional>
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

// Indices of the parameters' views; -1: there is none.
struct TransformerParameters {
  struct Layer {
    int64_t attention_gain = -1, attention_bias = -1;
    int64_t qkv = -1;               // 3C x C: queries, keys, values
    int64_t head_gain = -1;         // 1 x D, of all three
    int64_t position_vectors = -1;  // H P x D, of the window's positions
    int64_t position_bias = -1;     // 1 x H P
    int64_t projection = -1;        // C x C
    int64_t gate_gain = -1, gate_bias = -1;
    int64_t up = -1, up_bias = -1;      // 2F x C: gates, values
    int64_t down = -1, down_bias = -1;  // C x F
  };
  explicit TransformerParameters(const ModelConfig& config);

  ParameterLayout layout;
  std::vector<Layer> layers;
  int64_t final_gain = -1, final_bias = -1;
  int64_t output = -1, output_bias = -1;
  int64_t output_offset = 0;    // where the final norm and the output begin
  int64_t position_offset = 0;  // and the position biases
  std::vector<int64_t> tables;  // V x C, of the symbol 0, 1, ... K - 1 before
};

// How much the position biases of the first head fall from one distance to the
// next at the start, which is the most of all heads.
float SteepestSlope(const ModelConfig& config);

class Transformer : public Model {
 public:
  Transformer(const ModelConfig& config, Backend& backend);

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

  // Bytes that a model of this configuration takes, n-grams aside.
  static int64_t Bytes(const ModelConfig& config);

  // For tests, as in src/model/lstm.h.
  const ParameterLayout& layout() const { return names_.layout; }
  float* parameters() { return parameters_.get(); }
  float* gradients() { return gradients_.get(); }
  void Backward(int64_t steps, std::span<const int32_t> targets);
  void QuantizeAll();

 private:
  // The gradients of products take their noise by these names; attention
  // takes those of kScores and kContext.
  enum NoiseUse : uint32_t {
    kQkv,
    kProjection,
    kUp,
    kDown,
    kPositions,
    kScores,
    kContext,
    kOutput,
    kUses
  };

  // A norm's output, and what it leaves for its gradient.
  struct Norm {
    std::shared_ptr<float[]> normed, y;    // R x C
    std::shared_ptr<float[]> inverse_rms;  // R x 1
  };

  struct Layer {
    std::unique_ptr<Weights> qkv_q, projection_q, up_q, down_q;
    std::unique_ptr<PositionVectors> positions_q;
    std::unique_ptr<KeyValues> memory_q;
    Norm attention_norm, gate_norm;
    std::shared_ptr<float[]> qkv;                // R x 3C
    std::shared_ptr<float[]> heads_normed;       // the same, before the gain
    std::shared_ptr<float[]> heads_inverse_rms;  // R x 3H
    std::shared_ptr<float[]> weights;            // R x H P
    std::shared_ptr<float[]> context;            // R x C
    std::shared_ptr<float[]> up;                 // R x 2F
    std::shared_ptr<float[]> gated;              // R x F
    // Keys and values of the last P - 1 positions, (P - 1) B x 2C; a segment
    // moves them from one to the other.
    std::shared_ptr<float[]> memory[2];
  };

  // A parameter that this model has not (index -1) has no data.
  Matrix Param(int64_t index) const {
    return index < 0 ? Matrix() : names_.layout.View(parameters_.get(), index);
  }
  Matrix Gradient(int64_t index) const {
    return names_.layout.View(gradients_.get(), index);
  }
  int64_t Memory() const { return config_.positions - 1; }
  void AllocateSegment();  // what its layers share
  // The quantised copy of each view of the layout, or null.
  std::vector<Weights*> Quantized() const;
  void QuantizeVectors();
  NoiseKey Noise(int64_t layer, NoiseUse use, bool gradient) const;
  Attention AttentionOf(const Layer& layer, int64_t index, int64_t first,
                        int64_t count) const;
  // The norm of some rows of x_.
  RmsNorm NormOf(const Norm& norm, int64_t gain, int64_t bias,
                 int64_t first_row, int64_t rows) const;
  // Adds to dx_ what comes through the norm from dy_.
  void NormBackward(const Norm& norm, int64_t gain, int64_t bias, int64_t rows);
  void ForwardAttention(int64_t index, int64_t first, int64_t count);
  void ForwardGate(int64_t index, int64_t first, int64_t count);
  // Lets `forward` add the last product of a branch to some rows of x_, by way
  // of a dropout in replay.
  void AddBranch(int64_t branch, int64_t first_row, int64_t rows,
                 const Weights& weights, int64_t bias,
                 const std::function<void(const Linear&)>& forward);
  // Predict, the inputs being in their place.
  void PredictSteps(int64_t first, int64_t count,
                    std::span<const int32_t> targets);
  // Backward, the targets being in their place.
  void BackwardSteps(int64_t steps);
  void BackwardGate(int64_t index, int64_t rows);
  void BackwardAttention(int64_t index, int64_t rows);
  void BackwardHeadNorms(int64_t index, int64_t rows);
  void Update(int64_t steps);
  void UpdateTables(const AdamStep& step, int64_t steps);
  void CarryMemory(int64_t steps);
  void Learn(int64_t steps, std::span<const int32_t> targets);
  void QuantizeMemory();
  void ClearUnusedMemory();  // the rows of streams that this block has not

  // In replay, dropout of what a branch adds to the residual stream: 2 i is
  // attention of layer i, 2 i + 1 its gated units.
  static constexpr uint32_t kDropout = 0x80000000;  // tensors from here on
  bool Dropping() const { return replaying_ && config_.dropout > 0; }
  void Drop(int64_t branch, int64_t first_row, ConstMatrix x, Matrix y);
  Matrix BranchGradient(int64_t branch, int64_t rows);

  const ModelConfig config_;
  Backend& backend_;
  const TransformerParameters names_;
  std::shared_ptr<float[]> parameters_, gradients_, second_;
  std::vector<Layer> layers_;
  Norm final_norm_;
  std::unique_ptr<Weights> output_q_;
  std::shared_ptr<float[]> x_;                 // R x C: the residual stream
  std::shared_ptr<float[]> added_;             // R x C: a part of it
  std::shared_ptr<float[]> dx_, dy_, dadded_;  // R x C
  std::shared_ptr<float[]> dropped_;           // R x C, for replay
  std::shared_ptr<float[]> dqkv_;              // R x 3C
  std::shared_ptr<float[]> dheads_;            // the same, after the norms
  std::shared_ptr<float[]> drelative_;         // R x H P
  std::shared_ptr<float[]> dup_, dgated_;      // R x 2F, R x F
  std::shared_ptr<float[]> logits_, dlogits_;  // R x V
  NgramFeatures ngrams_;

  int64_t streams_ = 1;  // of this block, or of the replay
  bool replaying_ = false;
  int64_t current_ = 0;  // which of a layer's memories is the one
  SegmentSymbols symbols_;
  NetCounters counters_;
  std::vector<double> row_power_;  // K x V: beta2^updates of a table's row
  struct {
    int64_t streams;
    std::vector<std::vector<float>> memory;  // of each layer
  } away_;  // the streams' states during a replay
};

}  // namespace nncpp
