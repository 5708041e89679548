// src/model/model.h -- what the codec asks of a model that learns as it codes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "src/model/config.h"

namespace nncpp {

class ContextMixer;

// A predictor of B streams side by side. The codec calls, for each block,
// StartBlock once and then, for each segment of up to T steps, Predict for all
// its steps and Train once. Both directions make the same calls, except that
// the encoder predicts all steps of a segment at once and the decoder one by
// one: the frequencies are the same in every bit.
class Model {
 public:
  virtual ~Model() = default;

  // Begins a block of `streams` streams, 1 <= streams <= config.streams.
  virtual void StartBlock(int64_t streams) = 0;

  // Computes the frequencies of steps [first, first + count) of the segment.
  // targets[t * streams + b] is the symbol of stream b at step t; those of
  // steps below first + count - 1 must be known, later ones are not looked at.
  virtual void Predict(int64_t first, int64_t count,
                       std::span<const int32_t> targets) = 0;

  // The frequencies of step t and stream b: V integers >= 1, and their total.
  // Empty, and 0, where only contexts are mixed.
  virtual std::span<const uint64_t> FrequenciesAt(int64_t row) const = 0;
  virtual uint64_t TotalAt(int64_t row) const = 0;

  // What mixes contexts with the frequencies, node by node of a symbol's tree,
  // or null: then the frequencies alone code. The codec starts its blocks and
  // calls it in the order of rows; its state belongs to the model's.
  virtual ContextMixer* Mixer() { return nullptr; }

  // Learns the segment's `steps` steps, all predicted before. A target of -1
  // is a row past the end of its stream: nothing is learnt from it.
  virtual void Train(int64_t steps, std::span<const int32_t> targets) = 0;

  // A hash of everything that later predictions depend on.
  virtual uint64_t Digest() = 0;

  // False once a weight or a state is infinite or not a number.
  virtual bool IsFinite() = 0;

  // Keeps, and goes back to, the present state. REQUIRES: Restore comes after
  // a Save.
  virtual void Save() = 0;
  virtual void Restore() = 0;
};

// Bytes of memory that MakeModel takes, the copy of Save included.
int64_t ModelMemory(const ModelConfig& config);

// REQUIRES: CheckConfig(config) has passed. The backend must outlive the model.
std::unique_ptr<Model> MakeModel(const ModelConfig& config, Backend& backend);

}  // namespace nncpp
