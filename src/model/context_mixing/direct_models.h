// src/model/context_mixing/direct_models.h -- slow probabilities of low orders.
//
// What a bit history forgets: a probability for each node in each context, the
// mean of up to a thousand bits. Contexts that collide share it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/model/context_mixing/adaptive.h"
#include "src/model/context_mixing/stream_context.h"

namespace nncpp {

class DirectModels {
 public:
  // 2^bits probabilities for each context.
  DirectModels(int64_t contexts, int64_t bits)
      : shift_(static_cast<int>(64 - bits)),
        size_(size_t{1} << bits),
        cells_(size_ * static_cast<size_t>(contexts),
               AdaptiveFrom(1u << (kModelBits - 1))),
        at_(static_cast<size_t>(contexts)) {}

  // Goes to a node in these contexts, and asks the cache for it.
  void Enter(std::span<const uint64_t> contexts, uint64_t path) {
    for (size_t i = 0; i < at_.size(); ++i) {
      const uint64_t hash = MixHash(contexts[i] + path * 0xD6E8FEB86659FD93u);
      at_[i] = i * size_ + (hash >> shift_);
      __builtin_prefetch(&cells_[at_[i]]);
    }
  }

  // An input for each context: its logit.
  void Predict(int16_t* inputs) const {
    for (size_t i = 0; i < at_.size(); ++i) {
      inputs[i] = static_cast<int16_t>(Stretch(ProbabilityOf(cells_[at_[i]])));
    }
  }

  void Train(int bit) {
    for (const size_t at : at_) Adapt(cells_[at], bit, kLimit);
  }

  std::span<uint8_t> State() {
    return {reinterpret_cast<uint8_t*>(cells_.data()),
            cells_.size() * sizeof(cells_[0])};
  }
  static int64_t Bytes(int64_t contexts, int64_t bits) {
    return (contexts * 4) << bits;
  }

 private:
  static constexpr uint32_t kLimit = 1023;

  const int shift_;
  const size_t size_;
  Table<uint32_t> cells_;
  std::vector<size_t> at_;  // of each context's probability in use
};

}  // namespace nncpp
