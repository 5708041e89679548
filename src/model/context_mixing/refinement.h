// src/model/context_mixing/refinement.h -- what a prediction turned out to be.
//
// For each value of a context, 33 probabilities at logits 256 apart; the one
// of a prediction is interpolated between its two neighbours, and the nearer
// one learns the bit. Source: secondary symbol estimation and the adaptive
// probability map of PAQ [mahoney2005paq].
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/model/context_mixing/adaptive.h"
#include "src/model/context_mixing/logistic.h"

namespace nncpp {

class Refinement {
 public:
  // For 2^bits contexts.
  explicit Refinement(int64_t bits) : cells_((size_t{1} << bits) * kCells) {
    for (size_t i = 0; i < cells_.size(); ++i) {
      const auto step = static_cast<int32_t>(i % kCells) - kCells / 2;
      cells_[i] = AdaptiveFrom(Squash(ClampLogit(step * kStep)) >>
                               (kCodedBits - kModelBits));
    }
  }

  uint64_t contexts() const { return cells_.size() / kCells; }
  static int64_t Bytes(int64_t bits) {
    return (int64_t{kCells} << bits) * int64_t{sizeof(uint32_t)};
  }

  // Selects a context, and asks the cache for it.
  void Enter(int64_t context) {
    first_ = static_cast<size_t>(context * kCells);
    for (size_t i = 0; i < kCells; i += 16) {
      __builtin_prefetch(&cells_[first_ + i]);
    }
  }

  // The probability out of 2^24 of a prediction's logit in the context.
  uint32_t Refine(int32_t logit) {
    const int32_t x = logit + kCells / 2 * kStep;
    const int32_t low = std::min(x / kStep, kCells - 2);
    const auto weight = static_cast<uint32_t>(x - low * kStep);
    const size_t at = first_ + static_cast<size_t>(low);
    nearer_ = at + (weight >= kStep / 2 ? 1 : 0);
    return (ProbabilityOf(cells_[at]) * (kStep - weight) +
            ProbabilityOf(cells_[at + 1]) * weight) >>
           6;
  }

  void Train(int bit) { Adapt(cells_[nearer_], bit, kLimit); }

  std::span<uint8_t> State() {
    return {reinterpret_cast<uint8_t*>(cells_.data()),
            cells_.size() * sizeof(cells_[0])};
  }

 private:
  static constexpr int32_t kCells = 33, kStep = 256;
  static constexpr uint32_t kLimit = 255;

  Table<uint32_t> cells_;
  size_t first_ = 0, nearer_ = 0;
};

}  // namespace nncpp
