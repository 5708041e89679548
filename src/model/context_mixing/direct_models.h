// src/model/context_mixing/direct_models.h -- slow probabilities of low orders.
//
// What a bit history forgets: a probability for each node in each context, the
// mean of up to a thousand bits. The nodes of four levels are a cache line.
// Contexts that collide share it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/model/context_mixing/adaptive.h"
#include "src/model/context_mixing/stream_context.h"

namespace nncpp {

class DirectModels {
 public:
  // 2^bits lines for each context.
  DirectModels(int64_t contexts, int64_t bits)
      : shift_(static_cast<int>(64 - bits)),
        size_(size_t{1} << bits),
        lines_(size_ * static_cast<size_t>(contexts)),
        used_(static_cast<size_t>(contexts)) {
    for (Line& line : lines_) line.cell.fill(AdaptiveFrom(1u << 21));
  }

  // Goes to the tree's next four levels below the node `path` in these
  // contexts, and asks the cache for them.
  void Enter(std::span<const uint64_t> contexts, uint64_t path) {
    node_ = 1;
    for (size_t i = 0; i < used_.size(); ++i) {
      const uint64_t hash = MixHash(contexts[i] + path * kPathFactor);
      used_[i] = &lines_[i * size_ + (hash >> shift_)];
      __builtin_prefetch(used_[i]);
    }
  }

  // An input for each context: its logit.
  void Predict(int16_t* inputs) const {
    for (size_t i = 0; i < used_.size(); ++i) {
      const uint32_t p = ProbabilityOf(used_[i]->cell[node_]);
      inputs[i] = static_cast<int16_t>(Stretch(p));
    }
  }

  // Learns the bit and goes down by it.
  void Train(int bit) {
    for (Line* line : used_) Adapt(line->cell[node_], bit, kLimit);
    node_ = node_ * 2 + static_cast<size_t>(bit);
  }

  std::span<uint8_t> State() {
    return {reinterpret_cast<uint8_t*>(lines_.data()),
            lines_.size() * sizeof(Line)};
  }
  static int64_t Bytes(int64_t contexts, int64_t bits) {
    return (contexts * int64_t{sizeof(Line)}) << bits;
  }

 private:
  static constexpr uint32_t kLimit = 1023;

  struct alignas(64) Line {
    std::array<uint32_t, 16> cell;  // the first is not used
  };

  const int shift_;
  const size_t size_;
  Table<Line> lines_;
  std::vector<Line*> used_;
  size_t node_ = 1;  // 1 to 15
};

}  // namespace nncpp
