// src/model/context_mixing/node_mixer.h -- one probability from the evidence of
// all models.
//
// Two layers of gated mixers, then refinements by several contexts and a last
// layer of mixers over these. Fast mixing has one layer and one refinement.
// Source: PAQ8 [mahoney2005paq] and its descendants.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "src/model/config.h"
#include "src/model/context_mixing/evidence.h"
#include "src/model/context_mixing/mixer.h"
#include "src/model/context_mixing/refinement.h"

namespace nncpp {

class NodeMixer {
 public:
  // REQUIRES: config.mixing > 0.
  explicit NodeMixer(const ModelConfig& config);

  // The probability, out of 2^24, that the node's bit is 1; in [1, 2^24 - 1].
  // The evidence must last until Train.
  uint32_t Predict(const Evidence& evidence);

  // Learns the bit.
  void Train(int bit);

  std::vector<std::span<uint8_t>> State();
  static int64_t Bytes(const ModelConfig& config);

 private:
  uint32_t Refine(int32_t logit);

  const bool strong_;
  MixerLayer first_, second_, last_;
  std::vector<Refinement> refinements_;
  // Inputs of the layers above the first.
  alignas(64) std::array<int16_t, kMixerGrain> second_inputs_{};
  alignas(64) std::array<int16_t, kMixerGrain> last_inputs_{};
};

}  // namespace nncpp
