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

// Symbols after which the lengths of records are measured anew.
constexpr uint64_t kRecordPeriod = 4096;

constexpr int64_t kNodeBits = 8;  // of a context that is a node
constexpr int64_t kNodes = 1 << kNodeBits;
constexpr int64_t kBytes = 256;
constexpr int64_t kDepths = 8;
constexpr int64_t kLengths = 16;
constexpr int64_t kNetClasses = 32;

// Orders of the contexts that matches are looked for by.
constexpr int kMatchOrders[] = {6, 12};

bool Strong(const ModelConfig& config) { return config.mixing > 1; }

int64_t MatchesOf(const ModelConfig& config) { return Strong(config) ? 2 : 1; }

// Runs are kept of the first contexts but order 0: orders and words.
int64_t RunsOf(const ModelConfig& config) { return Strong(config) ? 24 : 0; }

// Orders 1 to 5 and two of words.
int64_t DirectOf(const ModelConfig& config) { return Strong(config) ? 7 : 0; }

int64_t InputsOf(const ModelConfig& config) {
  return ContextsOf(config.mixing) * HistoryModels::kInputs + RunsOf(config) +
         DirectOf(config) + MatchesOf(config) * MatchModel::kInputs +
         kOtherInputs;
}

// What selects the weights of each mixer of the first layer: SelectWeights.
std::vector<int64_t> FirstSets(const ModelConfig& config) {
  std::vector<int64_t> sets = {kNodes, kLengths * kDepths, kBytes};
  if (Strong(config)) {
    const int64_t known = ContextsOf(config.mixing) + 1;
    const int64_t more[] = {kBytes,
                            256 * kDepths,
                            known * kDepths,
                            kNetClasses * 2 * kLengths,
                            256,
                            256 * kDepths,
                            kLengths * 8 * 2 * kDepths,
                            4096,
                            kBytes + 1,
                            64 * kDepths,
                            8 * kNodes};
    sets.insert(sets.end(), std::begin(more), std::end(more));
  }
  return sets;
}

constexpr int64_t kSecondSets[] = {kNodes, kBytes};
constexpr int64_t kLastInputs = 4;

constexpr MixerLayer::Rates kFirstRates = {8000, 700, 500};
constexpr MixerLayer::Rates kSecondRates = {2000, 300, 500};
constexpr MixerLayer::Rates kLastRates = {1000, 300, 500};

int16_t FirstWeight(const ModelConfig& config) {
  return Strong(config) ? 500 : 3000;
}

int32_t Mean(std::span<const int32_t> logits) {
  int32_t sum = 0;
  for (const int32_t logit : logits) sum += logit;
  return sum / static_cast<int32_t>(logits.size());
}

// Everything that need not be larger than the table of histories.
int64_t Bits(const ModelConfig& config, int64_t most) {
  return std::min(most, config.mixing_bits);
}

constexpr int64_t kRefinementBits = 16, kMatchBits = 22, kRingBits = 24;
constexpr int64_t kRunBits = 23, kDirectBits = 21;

}  // namespace

ContextMixer::ContextMixer(const ModelConfig& config)
    : config_(config),
      inputs_(InputsOf(config)),
      histories_(ContextsOf(config.mixing), config.mixing_bits),
      runs_(RunsOf(config), Bits(config, kRunBits)),
      direct_(DirectOf(config), Bits(config, kDirectBits)),
      ring_(Bits(config, kRingBits)),
      first_(inputs_, FirstSets(config), FirstWeight(config), kFirstRates),
      second_(first_.mixers(), kSecondSets,
              static_cast<int16_t>(kMixerOne / first_.mixers()), kSecondRates),
      by_node_(kNodeBits),
      by_order1_(Bits(config, kRefinementBits)),
      by_order2_(Strong(config) ? Bits(config, kRefinementBits) : 0),
      last_(kLastInputs, kSecondSets, kMixerOne / kLastInputs, kLastRates),
      streams_(static_cast<size_t>(config.streams)),
      predicted_(static_cast<size_t>(MatchesOf(config))),
      direct_contexts_(static_cast<size_t>(DirectOf(config))) {
  for (int64_t m = 0; m < MatchesOf(config); ++m) {
    matches_.emplace_back(kMatchOrders[m], Bits(config, kMatchBits));
  }
}

int64_t ContextMixer::Bytes(const ModelConfig& config) {
  return HistoryModels::Bytes(ContextsOf(config.mixing), config.mixing_bits) +
         RunModels::Bytes(RunsOf(config), Bits(config, kRunBits)) +
         DirectModels::Bytes(DirectOf(config), Bits(config, kDirectBits)) +
         SymbolRing::Bytes(Bits(config, kRingBits)) +
         MatchesOf(config) * MatchModel::Bytes(Bits(config, kMatchBits)) +
         MixerLayer::Bytes(InputsOf(config), FirstSets(config)) +
         MixerLayer::Bytes(std::ssize(FirstSets(config)), kSecondSets) +
         MixerLayer::Bytes(kLastInputs, kSecondSets) +
         Refinement::Bytes(kNodeBits) +
         (Strong(config) ? 2 : 1) *
             Refinement::Bytes(Bits(config, kRefinementBits)) +
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
  if (Strong(config_)) {
    const StreamContext& s = *stream_;
    for (size_t k = 0; k < 5; ++k) direct_contexts_[k] = s.order[k + 1];
    direct_contexts_[5] = MixHash(s.word + s.Back(1));
    direct_contexts_[6] = direct_contexts_[5] + s.words[0];
    runs_.Enter(histories_.hashes().subspan(1));
  }
  histories_.Enter(path_);
}

void ContextMixer::AddMatches(int16_t* inputs) {
  for (size_t m = 0; m < matches_.size(); ++m) {
    const int32_t symbol = predicted_[m];
    int bit = -1;
    if (symbol >= low_ && symbol < high_) bit = symbol >= middle() ? 1 : 0;
    matches_[m].Predict(stream_->match[m], bit, inputs);
    inputs += MatchModel::kInputs;
  }
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

ContextMixer::Signs ContextMixer::FillInputs() {
  Signs signs;
  int16_t* inputs = first_.inputs();
  signs.known = histories_.Predict(inputs);
  inputs += histories_.contexts() * HistoryModels::kInputs;
  runs_.Predict(low_, high_, middle(), inputs, signs.votes);
  inputs += RunsOf(config_);
  direct_.Predict(inputs);
  inputs += DirectOf(config_);
  AddMatches(inputs);
  inputs += std::ssize(matches_) * MatchModel::kInputs;
  *inputs++ = kBias;
  signs.net = AddNet(inputs);
  return signs;
}

void ContextMixer::SelectWeights(const Signs& signs) {
  const StreamContext& s = *stream_;
  const auto node = static_cast<int64_t>(path_ % kNodes);
  const int64_t depth = std::min<int64_t>(depth_, kDepths - 1);
  const auto follows = [&](size_t m) {
    return predicted_[m] >= low_ && predicted_[m] < high_ ? 1 : 0;
  };
  const auto length = [&](size_t m) -> int64_t {
    return follows(m) != 0 ? MatchModel::LengthClass(s.match[m]) : 0;
  };
  const auto classes = [&](int bits) {
    return static_cast<int64_t>(s.classes & ((1u << bits) - 1));
  };
  int64_t mixer = 0;
  const auto select = [&](int64_t context) { first_.Select(mixer++, context); };
  select(node);
  select(length(0) * kDepths + depth);
  select(s.Back(1) % kBytes);
  if (Strong(config_)) {
    const auto column =
        static_cast<int64_t>(std::min<uint64_t>(s.position - s.line, 255));
    const auto letters =
        static_cast<int64_t>(std::min<uint64_t>(s.word_length, 15));
    const auto vote = [&](int bit) {
      return std::min<int64_t>(signs.votes[bit] / 2, 7);
    };
    const int64_t confidence = (signs.net + kLogitLimit + 1) / 256;
    select(s.Back(2) % kBytes);
    select(classes(8) * kDepths + depth);
    select(signs.known * kDepths + depth);
    select((confidence * 2 + follows(0)) * kLengths + length(0));
    select(column);
    select((letters * 16 + (classes(8) >> 4)) * kDepths + depth);
    select(((length(1) * 8 + std::min<int64_t>(signs.known / 6, 7)) * 2 +
            follows(1)) *
               kDepths +
           depth);
    select(classes(12));
    select(predicted_[0] < 0 ? kBytes : predicted_[0] % kBytes);
    select((vote(0) * 8 + vote(1)) * kDepths + depth);
    select(static_cast<int64_t>(s.brackets % 8) * kNodes + node);
    for (MixerLayer* layer : {&second_, &last_}) {
      layer->Select(0, node);
      layer->Select(1, s.Back(1) % kBytes);
    }
  }
}

// Asks early for what lies far apart in memory.
void ContextMixer::EnterNode() {
  direct_.Enter(direct_contexts_, path_);
  const uint64_t mask = by_order1_.contexts() - 1;
  const auto hash = [&](uint64_t x) {
    return static_cast<int64_t>(MixHash(x + path_) >> 32 & mask);
  };
  by_order1_.Enter(hash(stream_->order[1]));
  if (!Strong(config_)) return;
  by_node_.Enter(static_cast<int64_t>(path_ % kNodes));
  by_order2_.Enter(hash(stream_->order[2]));
}

uint32_t ContextMixer::Refine() {
  const uint32_t mixed = Squash(logit_);
  const uint32_t by_order1 = by_order1_.Refine(logit_);
  if (!Strong(config_)) return (mixed + by_order1) / 2;
  const uint32_t refined[] = {by_node_.Refine(logit_), by_order1,
                              by_order2_.Refine(logit_)};
  int16_t* inputs = last_.inputs();
  *inputs++ = static_cast<int16_t>(logit_);
  for (const uint32_t p : refined) {
    *inputs++ = static_cast<int16_t>(Stretch(p >> (kCodedBits - kModelBits)));
  }
  const uint32_t mean =
      (2 * mixed + refined[0] + 2 * refined[1] + 3 * refined[2]) / 8;
  return (mean + Squash(Mean(last_.Mix()))) / 2;
}

uint32_t ContextMixer::Predict() {
  EnterNode();
  SelectWeights(FillInputs());
  const std::span<const int32_t> logits = first_.Mix();
  if (Strong(config_)) {
    std::copy(logits.begin(), logits.end(), second_.inputs());
    logit_ = Mean(second_.Mix());
  } else {
    logit_ = Mean(logits);
  }
  return std::clamp<uint32_t>(Refine(), 1, (1u << kCodedBits) - 1);
}

void ContextMixer::Update(int bit) {
  histories_.Update(bit);
  runs_.Train(bit);
  direct_.Train(bit);
  for (MatchModel& match : matches_) match.Train(bit);
  first_.Train(bit);
  by_order1_.Train(bit);
  if (Strong(config_)) {
    second_.Train(bit);
    by_node_.Train(bit);
    by_order2_.Train(bit);
    last_.Train(bit);
  }
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
  runs_.Finish(symbol);
  ring_[s.position] = symbol;
  s.Push(symbol);
  if (Strong(config_) && s.position % kRecordPeriod == 0) {
    s.records.Measure(ring_, s.position);
  }
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
  add(runs_.State());
  add({direct_.State(), ring_.State()});
  for (MatchModel& match : matches_) add(match.State());
  add(first_.State());
  add(second_.State());
  add(last_.State());
  add({by_node_.State(), by_order1_.State(), by_order2_.State(),
       bytes(streams_.data(), streams_.size()), bytes(&counters_, 1)});
  return state;
}

}  // namespace nncpp
