// src/model/context_mixing/weight_sets.cc -- what selects the weights of each
// mixer; contract: src/model/context_mixing/weight_sets.h, context_models.h
#include <algorithm>
#include <iterator>

#include "src/model/context_mixing/context_models.h"
#include "src/model/context_mixing/logistic.h"

namespace nncpp {
namespace {

constexpr int64_t kNodes = 256;
constexpr int64_t kBytes = 256;
constexpr int64_t kDepths = 8;
constexpr int64_t kLengths = 16;
constexpr int64_t kConfidences = 16;
constexpr int64_t kSeen = SizesOf(kMostMixing).contexts + 1;

// In the order of SelectWeights.
WeightSets SetsOfMixing(int64_t mixing) {
  if (mixing == 1) return {{kNodes, kLengths * kDepths, kBytes}, {}, {}};
  return {{kNodes, kBytes, 256 * kDepths, kSeen * kDepths, 256 * kDepths, 4096,
           64 * kDepths, 8 * kNodes, 4096, 4096, 4096, 4096},
          {kNodes, kBytes, 4096, kLengths * kDepths, kConfidences * 3,
           (kSeen / 4 + 1) * kDepths},
          {kNodes, kBytes, 4096, kConfidences * 3}};
}

}  // namespace

WeightSets WeightSetsOf(const ModelConfig& config) {
  WeightSets sets = SetsOfMixing(config.mixing);
  if (config.jpeg == 0) return sets;
  for (std::vector<int64_t>* layer : {&sets.first, &sets.second, &sets.last}) {
    for (int64_t& count : *layer) count += JpegModel::kSets;
  }
  return sets;
}

int64_t ContextModels::Foreseen(size_t m) const {
  const int32_t symbol = predicted_[m];
  if (symbol < low_ || symbol >= high_) return 0;
  return symbol >= middle() ? 2 : 1;
}

int64_t ContextModels::LengthClass(size_t m) const {
  return Foreseen(m) != 0 ? MatchModel::LengthClass(stream_->match[m]) : 0;
}

void ContextModels::SelectWeights(const Signs& signs,
                                  Evidence& evidence) const {
  if (strong()) {
    SelectStrongWeights(signs, evidence);
  } else {
    const int64_t depth = std::min(depth_, kDepths - 1);
    evidence.first[0] = static_cast<int32_t>(path_ % kNodes);
    evidence.first[1] = static_cast<int32_t>(LengthClass(0) * kDepths + depth);
    evidence.first[2] = static_cast<int32_t>(stream_->Back(1) % kBytes);
  }
}

void ContextModels::SelectStrongWeights(const Signs& signs,
                                        Evidence& evidence) const {
  const StreamContext& s = *stream_;
  const auto node = static_cast<int64_t>(path_ % kNodes);
  const int64_t depth = std::min(depth_, kDepths - 1);
  const int64_t byte = s.Back(1) % kBytes;
  const auto classes = static_cast<int64_t>(s.classes % 4096);
  const auto letters =
      static_cast<int64_t>(std::min<uint64_t>(s.word_length, 15));
  const auto vote = [&](int bit) {
    return std::min<int64_t>(signs.votes[bit] / 2, 7);
  };
  const int64_t confidence = (signs.net + kLogitLimit + 1) / 512;
  const int64_t agreement = confidence * 3 + Foreseen(0);
  const int64_t first[] = {
      node,
      byte,
      classes % 256 * kDepths + depth,
      signs.known * kDepths + depth,
      (letters * 16 + classes / 16 % 16) * kDepths + depth,
      classes,
      (vote(0) * 8 + vote(1)) * kDepths + depth,
      static_cast<int64_t>(s.brackets % 8) * kNodes + node,
  };
  std::copy(
      hashed_selectors_.begin(), hashed_selectors_.end(),
      std::copy(std::begin(first), std::end(first), evidence.first.begin()));
  const int64_t second[] = {node,      byte,
                            classes,   LengthClass(0) * kDepths + depth,
                            agreement, signs.known / 4 * kDepths + depth};
  std::copy(std::begin(second), std::end(second), evidence.second.begin());
  const int64_t last[] = {node, byte, classes, agreement};
  std::copy(std::begin(last), std::end(last), evidence.last.begin());
}

}  // namespace nncpp
