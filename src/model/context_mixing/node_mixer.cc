// src/model/context_mixing/node_mixer.cc -- contract:
// src/model/context_mixing/node_mixer.h
#include "src/model/context_mixing/node_mixer.h"

#include <algorithm>

#include "src/base/check.h"
#include "src/model/context_mixing/logistic.h"
#include "src/model/context_mixing/weight_sets.h"

namespace nncpp {
namespace {

constexpr MixerLayer::Rates kFastRates = {8000, 700, 500};
constexpr MixerLayer::Rates kFirstRates = {6000, 500, 500};
constexpr MixerLayer::Rates kSecondRates = {2000, 300, 500};
constexpr MixerLayer::Rates kLastRates = {1000, 300, 500};

constexpr int16_t kFastWeight = 3000, kFirstWeight = 360;

constexpr int64_t kNodeBits = 8;

// The first has a line for each node, the others tell half as many contexts
// apart as a direct probability.
int64_t RefinementBits(const ModelConfig& config, int64_t which) {
  if (config.mixing > 1 && which == 0) return kNodeBits;
  return std::min(config.direct_bits - 1, config.mixing_bits);
}

int16_t Share(int64_t of) {
  return static_cast<int16_t>(kMixerOne / std::max<int64_t>(of, 1));
}

int32_t Mean(std::span<const int32_t> logits) {
  int32_t sum = 0;
  for (const int32_t logit : logits) sum += logit;
  return sum / static_cast<int32_t>(logits.size());
}

int64_t LastInputs(const MixingSizes& sizes) { return 1 + sizes.refinements; }

}  // namespace

NodeMixer::NodeMixer(const ModelConfig& config)
    : strong_(config.mixing > 1),
      first_(MixerInputs(config.mixing, config.samples),
             WeightSetsOf(config).first, strong_ ? kFirstWeight : kFastWeight,
             strong_ ? kFirstRates : kFastRates),
      second_(first_.mixers(), WeightSetsOf(config).second,
              Share(first_.mixers()), kSecondRates),
      last_(LastInputs(SizesOf(config.mixing)), WeightSetsOf(config).last,
            Share(LastInputs(SizesOf(config.mixing))), kLastRates) {
  const MixingSizes sizes = SizesOf(config.mixing);
  NNCPP_CHECK(sizes.first <= kMixerGrain && LastInputs(sizes) <= kMixerGrain);
  for (int64_t r = 0; r < sizes.refinements; ++r) {
    refinements_.emplace_back(RefinementBits(config, r));
  }
}

int64_t NodeMixer::Bytes(const ModelConfig& config) {
  const MixingSizes sizes = SizesOf(config.mixing);
  const WeightSets sets = WeightSetsOf(config);
  int64_t bytes = MixerLayer::Bytes(MixerInputs(config.mixing, config.samples),
                                    sets.first) +
                  MixerLayer::Bytes(sizes.first, sets.second) +
                  MixerLayer::Bytes(LastInputs(sizes), sets.last);
  for (int64_t r = 0; r < sizes.refinements; ++r) {
    bytes += Refinement::Bytes(RefinementBits(config, r));
  }
  return bytes;
}

uint32_t NodeMixer::Predict(const Evidence& evidence) {
  for (size_t r = 0; r < refinements_.size(); ++r) {
    refinements_[r].Enter(evidence.refinements[r]);
  }
  for (int64_t m = 0; m < first_.mixers(); ++m) {
    first_.Select(m, evidence.first[static_cast<size_t>(m)]);
  }
  const std::span<const int32_t> logits = first_.Mix(evidence.inputs.data());
  if (!strong_) return Refine(Mean(logits));
  for (int64_t m = 0; m < second_.mixers(); ++m) {
    second_.Select(m, evidence.second[static_cast<size_t>(m)]);
  }
  for (int64_t m = 0; m < last_.mixers(); ++m) {
    last_.Select(m, evidence.last[static_cast<size_t>(m)]);
  }
  std::copy(logits.begin(), logits.end(), second_inputs_.begin());
  return Refine(Mean(second_.Mix(second_inputs_.data())));
}

uint32_t NodeMixer::Refine(int32_t logit) {
  const uint32_t mixed = Squash(logit);
  std::array<uint32_t, SizesOf(kMostMixing).refinements> refined;
  for (size_t r = 0; r < refinements_.size(); ++r) {
    refined[r] = refinements_[r].Refine(logit);
  }
  uint32_t p = (mixed + refined[0]) / 2;
  if (strong_) {
    last_inputs_[0] = static_cast<int16_t>(logit);
    for (size_t r = 0; r < refinements_.size(); ++r) {
      last_inputs_[r + 1] = static_cast<int16_t>(
          Stretch(refined[r] >> (kCodedBits - kModelBits)));
    }
    const uint32_t mean =
        (2 * mixed + refined[0] + 2 * refined[1] + 3 * refined[2]) / 8;
    p = (mean + 3 * Squash(Mean(last_.Mix(last_inputs_.data())))) / 4;
  }
  return std::clamp<uint32_t>(p, 1, (1u << kCodedBits) - 1);
}

void NodeMixer::Train(int bit) {
  first_.Train(bit);
  for (Refinement& refinement : refinements_) refinement.Train(bit);
  if (strong_) {
    second_.Train(bit);
    last_.Train(bit);
  }
}

std::vector<std::span<uint8_t>> NodeMixer::State() {
  std::vector<std::span<uint8_t>> state;
  for (MixerLayer* layer : {&first_, &second_, &last_}) {
    for (const std::span<uint8_t> bytes : layer->State()) {
      state.push_back(bytes);
    }
  }
  for (Refinement& refinement : refinements_) {
    state.push_back(refinement.State());
  }
  return state;
}

}  // namespace nncpp
