// src/model/context_mixing/context_models.cc -- contract:
// src/model/context_mixing/context_models.h
#include "src/model/context_mixing/context_models.h"

#include <algorithm>
#include <iterator>

#include "src/base/check.h"

namespace nncpp {
namespace {

constexpr int16_t kBias = 256;

// Symbols after which the lengths of records are measured anew.
constexpr uint64_t kRecordPeriod = 4096;

// Orders of the contexts that matches are looked for by.
constexpr int kMatchOrders[] = {6, 12};

// Everything that need not be larger than the table of histories.
int64_t Bits(const ModelConfig& config, int64_t most) {
  return std::min(most, config.mixing_bits);
}

int64_t RingBits(const ModelConfig& config) {
  return config.match_bits < kFarMatchBits ? Bits(config, config.match_bits)
                                           : config.match_bits;
}

// Matches are looked for at one place for four symbols.
int64_t PlaceBits(const ModelConfig& config) {
  return std::min(RingBits(config), config.match_bits - 2);
}

constexpr int64_t kRunBits = 22, kScanBits = 22;

// Contexts of the last four mixers of the first layer.
constexpr Feature kSelectors[] = {kC6, kG5, kVowels, kWord1};
constexpr int kSelectorBits = 12;

// Contexts of the refinements after those of orders 0 to 2.
using Context = std::array<Feature, 2>;
constexpr Context kRefinements[] = {
    {kG6},    {kIn2, kG3},          {kC6},          {kGap, kG2},
    {kWord1}, {kMatch, kLongMatch}, {kVowels, kB1}, {kO3}};

}  // namespace

ContextModels::ContextModels(const ModelConfig& config)
    : config_(config),
      sizes_(SizesOf(config.mixing)),
      sets_(WeightSetsOf(config)),
      histories_(sizes_.contexts, config.mixing_bits),
      runs_(sizes_.runs, Bits(config, kRunBits)),
      direct_(sizes_.direct, Bits(config, config.direct_bits)),
      ring_(RingBits(config)),
      streams_(static_cast<size_t>(config.streams)),
      predicted_(static_cast<size_t>(sizes_.matches)),
      direct_contexts_(static_cast<size_t>(sizes_.direct)) {
  static_assert(JpegModel::kInputs +
                    SizesOf(kMostMixing).matches * MatchModel::kInputs + 1 <=
                Evidence::kMostInputs);
  if (config.jpeg != 0)
    jpeg_ = std::make_unique<JpegModel>(Bits(config, kScanBits));
  if (config.samples == kNumbers) samples_ = std::make_unique<SampleModel>();
  if (config.samples == kBitmap) bitmap_ = std::make_unique<BitmapModel>();
  for (int64_t m = 0; m < sizes_.matches; ++m) {
    matches_.emplace_back(kMatchOrders[m], PlaceBits(config));
  }
}

int64_t ContextModels::Bytes(const ModelConfig& config) {
  const MixingSizes sizes = SizesOf(config.mixing);
  return HistoryModels::Bytes(sizes.contexts, config.mixing_bits) +
         RunModels::Bytes(sizes.runs, Bits(config, kRunBits)) +
         DirectModels::Bytes(sizes.direct, Bits(config, config.direct_bits)) +
         SymbolRing::Bytes(RingBits(config)) +
         sizes.matches * MatchModel::Bytes(PlaceBits(config)) +
         Associations::Bytes() +
         (config.jpeg != 0 ? JpegModel::Bytes(Bits(config, kScanBits)) : 0) +
         (config.samples == kNumbers ? SampleModel::Bytes() : 0) +
         (config.samples == kBitmap ? BitmapModel::Bytes() : 0) +
         config.streams * static_cast<int64_t>(sizeof(StreamContext)) +
         config.alphabet * 8;
}

void ContextModels::StartBlock(std::span<const int64_t> lengths) {
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

void ContextModels::StartSymbol(int64_t stream,
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
  in_scan_ = jpeg_ != nullptr && jpeg_->InScan();
  if (in_scan_) return;
  EnterContexts();
  if (samples_ != nullptr) samples_->StartByte(ring_, stream_->position);
  if (bitmap_ != nullptr) bitmap_->StartByte(ring_, stream_->position);
}

// In a scan the other models are silent, but for matches: a picture may come
// again.
void ContextModels::LookAtScan(Evidence& evidence) {
  jpeg_->Look(path_, evidence);
  int16_t* inputs = evidence.inputs.data() + JpegModel::kInputs;
  AddMatches(inputs);
  inputs += sizes_.matches * MatchModel::kInputs;
  *inputs++ = kBias;
  std::fill(inputs, evidence.inputs.data() + evidence.inputs.size(), 0);
  // Its weights stand behind those of the others.
  const auto move = [](auto& sets, const std::vector<int64_t>& counts) {
    for (size_t m = 0; m < sets.size(); ++m) {
      sets[m] += static_cast<int32_t>(counts[m] - JpegModel::kSets);
    }
  };
  move(evidence.first, sets_.first);
  move(evidence.second, sets_.second);
  move(evidence.last, sets_.last);
}

void ContextModels::EnterContexts() {
  const StreamContext& s = *stream_;
  refinement_seeds_[0] = s.order[1];
  if (!strong()) {
    HashFastContexts(s, histories_.hashes());
    histories_.Enter(path_);
    return;
  }
  const Features features = FeaturesOf(s, ring_, past_, predicted_);
  HashStrongContexts(features, s.text.Binary(), histories_.hashes());
  histories_.Enter(path_);
  runs_.Enter(histories_.hashes());
  for (size_t k = 0; k < 5; ++k) direct_contexts_[k] = s.order[k + 1];
  direct_contexts_[5] = MixHash(s.word + s.Back(1));
  direct_contexts_[6] = direct_contexts_[5] + s.word_before;
  direct_.Enter(direct_contexts_, path_);
  for (size_t k = 0; k < std::size(kSelectors); ++k) {
    const uint64_t hash = MixHash(MixHash(features[kSelectors[k]] + k));
    hashed_selectors_[k] = static_cast<int32_t>(hash >> (64 - kSelectorBits));
  }
  refinement_seeds_[1] = s.order[1];
  refinement_seeds_[2] = s.order[2];
  for (size_t k = 0; k < std::size(kRefinements); ++k) {
    refinement_seeds_[k + 3] = HashOf(features, k, kRefinements[k]);
  }
}

void ContextModels::AddMatches(int16_t* inputs) {
  for (size_t m = 0; m < matches_.size(); ++m) {
    const auto bit = static_cast<int>(Foreseen(m)) - 1;
    matches_[m].Predict(stream_->match[m], bit, inputs);
    inputs += MatchModel::kInputs;
  }
}

// Returns the logit of the net's probability, 0 without a net.
int32_t ContextModels::AddNet(int16_t* inputs) const {
  inputs[0] = inputs[1] = 0;
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

ContextModels::Signs ContextModels::FillInputs(int16_t* inputs) {
  Signs signs;
  signs.known = histories_.Predict(inputs);
  inputs += sizes_.contexts * HistoryModels::kInputs;
  runs_.Predict(low_, high_, middle(), depth_, inputs, signs.votes);
  inputs += sizes_.runs;
  direct_.Predict(inputs);
  inputs += sizes_.direct;
  AddMatches(inputs);
  inputs += sizes_.matches * MatchModel::kInputs;
  *inputs++ = kBias;
  signs.net = AddNet(inputs);
  return signs;
}

void ContextModels::Look(Evidence& evidence) {
  if (in_scan_) return LookAtScan(evidence);
  const Signs signs = FillInputs(evidence.inputs.data());
  SelectWeights(signs, evidence);
  for (size_t k = 0; k < static_cast<size_t>(sizes_.refinements); ++k) {
    evidence.refinements[k] =
        MixHash(refinement_seeds_[k] + path_ * kPathFactor);
  }
  if (strong()) evidence.refinements[0] = path_ << 56;
  int16_t* more = evidence.inputs.data() + sizes_.inputs();
  if (samples_ != nullptr) {
    samples_->Look(middle(), depth_, path_, more, evidence);
  }
  if (bitmap_ != nullptr) bitmap_->Look(depth_, path_, more, evidence);
}

void ContextModels::Learn(int bit) {
  if (in_scan_) {
    jpeg_->PutBit(bit);
  } else {
    histories_.Update(bit);
    runs_.Train(bit);
    direct_.Train(bit);
    if (samples_ != nullptr) samples_->PutBit(bit);
    if (bitmap_ != nullptr) bitmap_->PutBit(bit);
  }
  for (MatchModel& match : matches_) match.Train(bit);
  (bit != 0 ? low_ : high_) = middle();
  path_ = path_ * 2 + static_cast<uint64_t>(bit);
  ++depth_;
  if (Done()) {
    EndSymbol();
  } else if (!in_scan_ && depth_ % HistoryTable::kLevels == 0) {
    histories_.Enter(path_);
    direct_.Enter(direct_contexts_, path_);
  }
}

void ContextModels::EndSymbol() {
  StreamContext& s = *stream_;
  const auto symbol = static_cast<uint16_t>(low_);
  if (!in_scan_) runs_.Finish(symbol);
  if (jpeg_ != nullptr) jpeg_->PutByte(static_cast<uint8_t>(symbol));
  ring_[s.position] = symbol;
  if (samples_ != nullptr && !in_scan_) samples_->EndByte(ring_);
  if (strong()) {
    s.text.Push(symbol, s.word, s.order[3], s.order[4], s.position, past_);
  }
  s.Push(symbol);
  if (samples_ != nullptr) samples_->Measure(ring_, s.position);
  if (bitmap_ != nullptr) bitmap_->Measure(ring_, s.position);
  if (strong() && s.position % kRecordPeriod == 0) {
    s.records.Measure(ring_, s.position);
  }
  for (size_t m = 0; m < matches_.size(); ++m) {
    matches_[m].Follow(ring_, s.position, s.order[kMatchOrders[m]], s.match[m]);
  }
}

bool ContextModels::StateIsSound() const {
  if (jpeg_ != nullptr && !jpeg_->StateIsSound()) return false;
  if (samples_ != nullptr && !samples_->StateIsSound()) return false;
  if (bitmap_ != nullptr && !bitmap_->StateIsSound()) return false;
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

std::vector<std::span<uint8_t>> ContextModels::State() {
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
  add(past_.State());
  if (jpeg_ != nullptr) add(jpeg_->State());
  if (samples_ != nullptr) add(samples_->State());
  if (bitmap_ != nullptr) add(bitmap_->State());
  add({bytes(streams_.data(), streams_.size()), bytes(&counters_, 1)});
  return state;
}

}  // namespace nncpp
