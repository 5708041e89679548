// src/model/context_mixing/context_mixer.cc -- contract:
// src/model/context_mixing/context_mixer.h
#include "src/model/context_mixing/context_mixer.h"

#include <algorithm>

#include "src/base/check.h"
#include "src/model/context_mixing/contexts.h"

namespace nncpp {
namespace {

// The bias and the net's two inputs.
constexpr int64_t kOtherInputs = 3;
constexpr int16_t kBias = 256;

constexpr int64_t kNodeBits = 8;  // of a context that is a node
constexpr int64_t kNodes = 1 << kNodeBits;
constexpr int64_t kDepths = 8;
constexpr int64_t kLengths = 16;

// Orders of the contexts that matches are looked for by.
constexpr int kMatchOrders[] = {6, 12};

int64_t MatchesOf(const ModelConfig& config) {
  return config.mixing == 1 ? 1 : 2;
}

int64_t InputsOf(const ModelConfig& config) {
  return ContextsOf(config.mixing) * HistoryModels::kInputs +
         MatchesOf(config) * MatchModel::kInputs + kOtherInputs;
}

// What selects the weights of each mixer of the first layer: SelectWeights.
std::vector<int64_t> FirstSets(const ModelConfig& config) {
  std::vector<int64_t> sets = {kNodes, kLengths * kDepths, 256};
  if (config.mixing > 1) {
    const int64_t known = ContextsOf(config.mixing) + 1;
    for (const int64_t size : {int64_t{256}, 256 * kDepths, known * kDepths,
                               32 * 2 * kLengths, int64_t{256}}) {
      sets.push_back(size);
    }
  }
  return sets;
}

constexpr int64_t kSecondSets[] = {kNodes, 256};

constexpr MixerLayer::Rates kFirstRates = {8000, 1000, 500};
constexpr MixerLayer::Rates kSecondRates = {2000, 500, 500};

int16_t FirstWeight(const ModelConfig& config) {
  return config.mixing == 1 ? 4000 : 2000;
}

// Everything that need not be larger than the table of histories.
int64_t Bits(const ModelConfig& config, int64_t most) {
  return std::min(most, config.mixing_bits);
}

constexpr int64_t kRefinementBits = 16, kMatchBits = 20, kRingBits = 24;

}  // namespace

ContextMixer::ContextMixer(const ModelConfig& config)
    : config_(config),
      inputs_(InputsOf(config)),
      histories_(ContextsOf(config.mixing), config.mixing_bits),
      ring_(Bits(config, kRingBits)),
      first_(inputs_, FirstSets(config), FirstWeight(config), kFirstRates),
      second_(first_.mixers(), kSecondSets,
              static_cast<int16_t>(kMixerOne / first_.mixers()), kSecondRates),
      by_node_(kNodeBits),
      by_order1_(Bits(config, kRefinementBits)),
      by_order2_(Bits(config, kRefinementBits)),
      streams_(static_cast<size_t>(config.streams)),
      predicted_(static_cast<size_t>(MatchesOf(config))) {
  for (int64_t m = 0; m < MatchesOf(config); ++m) {
    matches_.emplace_back(kMatchOrders[m], Bits(config, kMatchBits));
  }
}

int64_t ContextMixer::Bytes(const ModelConfig& config) {
  return HistoryModels::Bytes(ContextsOf(config.mixing), config.mixing_bits) +
         SymbolRing::Bytes(Bits(config, kRingBits)) +
         MatchesOf(config) * MatchModel::Bytes(Bits(config, kMatchBits)) +
         MixerLayer::Bytes(InputsOf(config), FirstSets(config)) +
         MixerLayer::Bytes(std::ssize(FirstSets(config)), kSecondSets) +
         3 * Refinement::Bytes(Bits(config, kRefinementBits)) +
         config.streams * static_cast<int64_t>(sizeof(StreamContext)) +
         config.alphabet * 8;
}

void ContextMixer::StartBlock(std::span<const int64_t> lengths) {
  NNCPP_CHECK(!lengths.empty() && lengths.size() <= streams_.size());
  streams_[0] = streams_[counters_.last];
  std::fill(streams_.begin() + 1, streams_.end(), StreamContext{});
  counters_.symbols += counters_.block;
  counters_.block = 0;
  counters_.last = lengths.size() - 1;
  for (size_t b = 0; b < lengths.size(); ++b) {
    const uint64_t start = counters_.symbols + counters_.block;
    if (b == 0) {
      NNCPP_CHECK(streams_[0].position == start);
    } else {
      streams_[b].Begin(start);
    }
    counters_.block += static_cast<uint64_t>(lengths[b]);
  }
}

void ContextMixer::StartSymbol(int64_t stream,
                               std::span<const uint64_t> frequencies) {
  stream_ = &streams_[static_cast<size_t>(stream)];
  low_ = 0;
  high_ = static_cast<int32_t>(config_.alphabet);
  path_ = 1;
  depth_ = 0;
  cumulative_.clear();
  if (!frequencies.empty()) {
    uint64_t sum = 0;
    cumulative_.push_back(sum);
    for (const uint64_t f : frequencies) cumulative_.push_back(sum += f);
  }
  for (size_t m = 0; m < matches_.size(); ++m) {
    const MatchModel::Place& place = stream_->match[m];
    predicted_[m] = place.length == 0 ? -1 : ring_[place.pointer];
  }
  HashContexts(config_.mixing, *stream_, ring_, predicted_[0],
               histories_.hashes());
  histories_.Enter(path_);
}

int64_t ContextMixer::AddMatches(int16_t* inputs) {
  for (size_t m = 0; m < matches_.size(); ++m) {
    const int32_t symbol = predicted_[m];
    int bit = -1;
    if (symbol >= low_ && symbol < high_) bit = symbol >= middle() ? 1 : 0;
    matches_[m].Predict(stream_->match[m], bit, inputs);
    inputs += MatchModel::kInputs;
  }
  return std::ssize(matches_) * MatchModel::kInputs;
}

// Returns the logit of the net's probability, 0 without a net.
int32_t ContextMixer::AddNet(int16_t* inputs) const {
  if (cumulative_.empty()) return 0;
  const uint64_t low = cumulative_[static_cast<size_t>(low_)];
  const uint64_t middle = cumulative_[static_cast<size_t>(this->middle())];
  const uint64_t high = cumulative_[static_cast<size_t>(high_)];
  const int32_t logit = LogitOfRatio(high - middle, middle - low);
  const auto p = static_cast<int32_t>(Squash(logit));
  inputs[0] = static_cast<int16_t>(logit);
  inputs[1] = static_cast<int16_t>((p - (1 << (kCodedBits - 1))) >> 13);
  return logit;
}

void ContextMixer::SelectWeights(int64_t known, int32_t net_logit) {
  const StreamContext& s = *stream_;
  const auto node = static_cast<int64_t>(path_ % kNodes);
  const int64_t depth = std::min<int64_t>(depth_, kDepths - 1);
  const bool follows = predicted_[0] >= low_ && predicted_[0] < high_;
  const int64_t length = follows ? MatchModel::LengthClass(s.match[0]) : 0;
  first_.Select(0, node);
  first_.Select(1, length * kDepths + depth);
  first_.Select(2, s.Back(1) % 256);
  if (config_.mixing > 1) {
    const int64_t column = static_cast<int64_t>(s.position - s.line);
    first_.Select(3, s.Back(2) % 256);
    first_.Select(4, static_cast<int64_t>(s.classes % 256) * kDepths + depth);
    first_.Select(5, known * kDepths + depth);
    first_.Select(
        6, ((net_logit + kLogitLimit + 1) / 256 * 2 + follows) * kLengths +
               length);
    first_.Select(7, std::min<int64_t>(column, 255));
  }
  second_.Select(0, node);
  second_.Select(1, s.Back(1) % 256);
}

uint32_t ContextMixer::Refine() {
  const uint64_t mask = by_order1_.contexts() - 1;
  const auto hash = [&](uint64_t x) {
    return static_cast<int64_t>(MixHash(x + path_) >> 32 & mask);
  };
  const auto node = static_cast<int64_t>(path_ % kNodes);
  const uint32_t mean =
      (Squash(logit_) * 2 + by_node_.Refine(logit_, node) +
       by_order1_.Refine(logit_, hash(stream_->order[1])) * 2 +
       by_order2_.Refine(logit_, hash(stream_->order[2])) * 3 + 4) /
      8;
  return std::clamp<uint32_t>(mean, 1, (1u << kCodedBits) - 1);
}

uint32_t ContextMixer::Predict() {
  int16_t* inputs = first_.inputs();
  const int64_t known = histories_.Predict(inputs);
  inputs += histories_.contexts() * HistoryModels::kInputs;
  inputs += AddMatches(inputs);
  *inputs++ = kBias;
  SelectWeights(known, AddNet(inputs));
  int16_t* outputs = second_.inputs();
  for (const int32_t logit : first_.Mix()) {
    *outputs++ = static_cast<int16_t>(logit);
  }
  int32_t sum = 0;
  for (const int32_t logit : second_.Mix()) sum += logit;
  logit_ = sum / static_cast<int32_t>(second_.mixers());
  return Refine();
}

void ContextMixer::Update(int bit) {
  histories_.Update(bit);
  for (MatchModel& match : matches_) match.Train(bit);
  first_.Train(bit);
  second_.Train(bit);
  by_node_.Train(bit);
  by_order1_.Train(bit);
  by_order2_.Train(bit);
  (bit != 0 ? low_ : high_) = middle();
  path_ = path_ * 2 + static_cast<uint64_t>(bit);
  ++depth_;
  if (Done()) {
    EndSymbol();
  } else if (depth_ % HistoryTable::kLevels == 0) {
    histories_.Enter(path_);
  }
}

void ContextMixer::EndSymbol() {
  StreamContext& s = *stream_;
  const auto symbol = static_cast<uint16_t>(low_);
  ring_[s.position] = symbol;
  s.Push(symbol);
  for (size_t m = 0; m < matches_.size(); ++m) {
    matches_[m].Follow(ring_, s.position, s.order[kMatchOrders[m]], s.match[m]);
  }
}

bool ContextMixer::StateIsSound() const {
  if (counters_.last >= streams_.size()) return false;
  const uint64_t end = counters_.symbols + counters_.block;
  for (const StreamContext& s : streams_) {
    if (s.position > end || s.line > s.position) return false;
    for (const MatchModel::Place& place : s.match) {
      if (place.pointer > s.position) return false;
    }
  }
  return true;
}

std::vector<std::span<uint8_t>> ContextMixer::State() {
  const auto bytes = [](auto* p, size_t count) {
    return std::span<uint8_t>(reinterpret_cast<uint8_t*>(p),
                              count * sizeof(*p));
  };
  std::vector<std::span<uint8_t>> state = histories_.State();
  const auto add = [&](const std::vector<std::span<uint8_t>>& more) {
    state.insert(state.end(), more.begin(), more.end());
  };
  add({ring_.State()});
  for (MatchModel& match : matches_) add(match.State());
  add(first_.State());
  add(second_.State());
  add({by_node_.State(), by_order1_.State(), by_order2_.State(),
       bytes(streams_.data(), streams_.size()), bytes(&counters_, 1)});
  return state;
}

}  // namespace nncpp
