// src/model/ngram.cc -- contract: src/model/ngram.h
#include "src/model/ngram.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace nncpp {
namespace {

constexpr uint16_t kCountLimit = 65535;
constexpr float kScaleLimit = 16.0f;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

uint64_t Mix(uint64_t x) {
  x *= 0x9E3779B97F4A7C15u;
  return x ^ x >> 29;
}

bool IsLetter(int32_t symbol) {
  return (symbol >= 'a' && symbol <= 'z') || (symbol >= 'A' && symbol <= 'Z') ||
         symbol >= 128;
}

}  // namespace

int64_t NgramFeatures::Bytes(const ModelConfig& config) {
  if (config.ngram_orders == 0) return 0;
  return (int64_t{1} << config.ngram_bits) * static_cast<int64_t>(sizeof(Slot));
}

NgramFeatures::NgramFeatures(const ModelConfig& config)
    : config_(config),
      contexts_(
          config.ngram_orders == 0 ? 0 : config.ngram_orders + kWordContexts) {
  if (!enabled()) return;
  slots_.resize(size_t{1} << config.ngram_bits);
  scales_.assign(
      static_cast<size_t>(contexts_ * kCountBuckets * kVarietyBuckets),
      {config.ngram_scale, 0.0f});
  past_.resize(static_cast<size_t>(config.streams));
  moving_ = past_;
  uses_.resize(static_cast<size_t>(config.streams * config.steps * contexts_));
}

void NgramFeatures::StartBlock(int64_t last) {
  if (!enabled()) return;
  past_[0] = past_[static_cast<size_t>(last)];
  std::fill(past_.begin() + 1, past_.end(), Past{});
}

void NgramFeatures::Push(Past& past, int32_t symbol) const {
  std::copy_backward(past.symbol, past.symbol + kHistory - 1,
                     past.symbol + kHistory);
  past.symbol[0] = symbol;
  if (IsLetter(symbol)) {
    past.word = Mix(past.word + static_cast<uint64_t>(symbol | 32) + 1);
  } else if (past.word != 0) {
    past.word_before = past.word;
    past.word = 0;
  }
}

NgramFeatures::Slot* NgramFeatures::Find(const Use& use) {
  for (int64_t way = 0; way < 2; ++way) {
    Slot& slot = slots_[static_cast<size_t>(use.index ^ way)];
    if (slot.count > 0 && slot.check == use.check) return &slot;
  }
  return nullptr;
}

// The context's slot; where it has none, the rarer of its two is emptied.
NgramFeatures::Slot& NgramFeatures::Claim(const Use& use) {
  if (Slot* found = Find(use)) return *found;
  Slot& first = slots_[static_cast<size_t>(use.index)];
  Slot& second = slots_[static_cast<size_t>(use.index ^ 1)];
  Slot& slot = second.count < first.count ? second : first;
  slot = {};
  slot.check = use.check;
  return slot;
}

void NgramFeatures::LocateRow(const Past& past, int64_t row) {
  uint64_t hash = 0;
  for (int64_t c = 0; c < contexts_; ++c) {
    uint64_t context;
    if (c < config_.ngram_orders) {
      hash = Mix(hash + static_cast<uint64_t>(past.symbol[c]) + 1);
      context = hash;
    } else if (c == config_.ngram_orders) {
      context = Mix(past.word + static_cast<uint64_t>(past.symbol[0]));
    } else {
      context = Mix(Mix(past.word + static_cast<uint64_t>(past.symbol[0])) +
                    past.word_before);
    }
    context = Mix(context + static_cast<uint64_t>(c) + 1);
    Use& use = uses_[static_cast<size_t>(row * contexts_ + c)];
    use.index = static_cast<int64_t>(context >> 40 & (slots_.size() - 1));
    use.check = static_cast<uint16_t>(context >> 8);
    use.first = std::ssize(elements_);
    use.count = 0;
    use.scale = -1;
    const Slot* slot = Find(use);
    if (slot == nullptr) continue;
    int variety = 0;
    for (int64_t i = 0; i < kWays; ++i) variety += slot->weight[i] != 0.0f;
    const int64_t count_bucket = std::min<int64_t>(
        std::bit_width(static_cast<unsigned>(slot->count)) - 1,
        kCountBuckets - 1);
    const int64_t variety_bucket =
        std::min<int64_t>(std::max(variety, 1) - 1, kVarietyBuckets - 1);
    use.scale = static_cast<int32_t>(
        (c * kCountBuckets + count_bucket) * kVarietyBuckets + variety_bucket);
    const float scale = scales_[static_cast<size_t>(use.scale)].value;
    for (int64_t i = 0; i < kWays; ++i) {
      if (slot->weight[i] == 0.0f) continue;
      elements_.push_back({static_cast<int32_t>(row), slot->symbol[i],
                           scale * slot->weight[i]});
      weights_.push_back(slot->weight[i]);
      ++use.count;
    }
  }
}

std::span<const SparseElement> NgramFeatures::Locate(
    int64_t first, int64_t count, int64_t streams,
    std::span<const int32_t> targets) {
  if (!enabled()) return {};
  if (first == 0) {
    elements_.clear();
    weights_.clear();
    moving_ = past_;
  }
  const size_t before = elements_.size();
  for (int64_t t = first; t < first + count; ++t) {
    for (int64_t b = 0; b < streams; ++b) {
      Past& past = moving_[static_cast<size_t>(b)];
      if (t > 0) {
        const int32_t symbol =
            targets[static_cast<size_t>((t - 1) * streams + b)];
        Push(past, symbol < 0 ? 0 : symbol);
      }
      LocateRow(past, t * streams + b);
    }
  }
  return std::span<const SparseElement>(elements_).subspan(before);
}

void NgramFeatures::TrainRow(int64_t row, int32_t target,
                             std::span<const float> gradients,
                             float target_gradient) {
  for (int64_t c = 0; c < contexts_; ++c) {
    const Use& use = uses_[static_cast<size_t>(row * contexts_ + c)];
    if (use.scale >= 0) {
      float slope = 0.0f;
      for (int64_t i = use.first; i < use.first + use.count; ++i) {
        slope = slope + gradients[static_cast<size_t>(i)] *
                            weights_[static_cast<size_t>(i)];
      }
      Scale& scale = scales_[static_cast<size_t>(use.scale)];
      scale.second = 0.999f * scale.second + 0.001f * (slope * slope);
      scale.value =
          Clamp(scale.value - config_.ngram_scale_rate *
                                  (slope / (Sqrt(scale.second) + 1e-3f)),
                0.0f, kScaleLimit);
    }
    Slot& slot = Claim(use);
    const float rate =
        config_.ngram_rate /
        Sqrt(1.0f + static_cast<float>(slot.count) * config_.ngram_decay);
    if (slot.count < kCountLimit) ++slot.count;
    bool seen = false;
    for (int64_t i = use.first; i < use.first + use.count; ++i) {
      const int32_t symbol = elements_[static_cast<size_t>(i)].column;
      for (int64_t way = 0; way < kWays; ++way) {
        if (slot.symbol[way] != symbol || slot.weight[way] == 0.0f) continue;
        slot.weight[way] =
            Clamp(slot.weight[way] - rate * gradients[static_cast<size_t>(i)],
                  -kWeightLimit, kWeightLimit);
        seen = seen || symbol == target;
        break;
      }
    }
    if (seen) continue;
    int64_t least = 0;
    for (int64_t way = 0; way < kWays; ++way) {
      if (slot.weight[way] != 0.0f && slot.symbol[way] == target) {
        least = way;
        break;
      }
      if (Abs(slot.weight[way]) < Abs(slot.weight[least])) least = way;
    }
    const float before =
        slot.symbol[least] == target ? slot.weight[least] : 0.0f;
    slot.symbol[least] = static_cast<uint16_t>(target);
    slot.weight[least] =
        Clamp(before - rate * target_gradient, -kWeightLimit, kWeightLimit);
  }
}

void NgramFeatures::Train(int64_t steps, int64_t streams,
                          std::span<const int32_t> targets,
                          std::span<const float> gradients,
                          std::span<const float> target_gradient) {
  if (!enabled()) return;
  for (int64_t t = 0; t < steps; ++t) {
    for (int64_t b = 0; b < streams; ++b) {
      const int64_t row = t * streams + b;
      const int32_t target = targets[static_cast<size_t>(row)];
      if (target < 0) continue;  // the stream has ended
      TrainRow(row, target, gradients,
               target_gradient[static_cast<size_t>(row)]);
      Push(past_[static_cast<size_t>(b)], target);
    }
  }
}

void NgramFeatures::VisitState(StateVisitor& visitor) {
  if (!enabled()) return;
  visitor.Elements(slots_);
  visitor.Elements(scales_);
  visitor.Elements(past_);
}

bool NgramFeatures::StateIsSound() const {
  for (const Slot& slot : slots_) {
    for (int64_t i = 0; i < kWays; ++i) {
      if (slot.symbol[i] >= config_.alphabet) return false;
      if (!(Abs(slot.weight[i]) <= kWeightLimit)) return false;
    }
  }
  for (const Scale& scale : scales_) {
    if (!(scale.value >= 0.0f && scale.value <= kScaleLimit)) return false;
    if (!(scale.second >= 0.0f && scale.second < kInfinity)) return false;
  }
  return true;
}

}  // namespace nncpp
