// src/model/context_mixing/mixed_model.h -- context mixing with or without a
// net below it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "src/model/context_mixing/context_mixer.h"
#include "src/model/model.h"

namespace nncpp {

class MixedModel : public Model {
 public:
  // `net` may be null: then Predict and Train do nothing, and there are no
  // frequencies.
  MixedModel(const ModelConfig& config, Backend& backend,
             std::unique_ptr<Model> net);

  void StartBlock(int64_t streams) override;
  void Predict(int64_t first, int64_t count,
               std::span<const int32_t> targets) override;
  std::span<const uint64_t> FrequenciesAt(int64_t row) const override;
  uint64_t TotalAt(int64_t row) const override;
  ContextMixer* Mixer() override { return &mixer_; }
  void Train(int64_t steps, std::span<const int32_t> targets) override;
  void StartReplay(int64_t streams) override;
  void ReplaySegment(int64_t steps, std::span<const int32_t> targets) override;
  void EndReplay() override;
  void VisitState(StateVisitor& visitor) override;
  void StateReplaced() override;

  // Bytes of memory beside the net's.
  static int64_t Bytes(const ModelConfig& config) {
    return ContextMixer::Bytes(config) + ContextMixer::LookaheadBytes();
  }

 private:
  std::unique_ptr<Model> net_;
  ContextMixer mixer_;
};

}  // namespace nncpp
