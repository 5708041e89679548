// src/model/context_mixing/refinement.h -- what a prediction turned out to be.
//
// For each value of a context, 16 probabilities at logits 256 apart, a cache
// line; the one of a prediction is interpolated between its two neighbours, and
// the nearer one learns the bit. Predictions beyond the last are left as they
// are. Source: secondary symbol estimation and the adaptive probability map of
// PAQ [mahoney2005paq].
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "src/base/huge_pages.h"
#include "src/model/context_mixing/adaptive.h"
#include "src/model/context_mixing/logistic.h"

namespace nncpp {

class Refinement {
 public:
  // For 2^bits contexts.
  explicit Refinement(int64_t bits)
      : shift_(static_cast<int>(64 - bits)), lines_(size_t{1} << bits) {
    Line line;
    for (int32_t i = 0; i < kCells; ++i) {
      line.cell[static_cast<size_t>(i)] =
          AdaptiveFrom(Squash(i * kStep - kMost) >> (kCodedBits - kModelBits));
    }
    for (Line& each : lines_) each = line;
  }

  static int64_t Bytes(int64_t bits) { return int64_t{sizeof(Line)} << bits; }

  // Selects a context by its hash, and asks the cache for it.
  void Enter(uint64_t hash) {
    line_ = &lines_[hash >> shift_];
    __builtin_prefetch(line_);
  }

  // The probability out of 2^24 of a prediction's logit in the context.
  uint32_t Refine(int32_t logit) {
    nearer_ = nullptr;
    const int32_t x = logit + kMost;
    if (x < 0 || x >= 2 * kMost) return Squash(logit);
    const auto low = static_cast<size_t>(x / kStep);
    const auto weight = static_cast<uint32_t>(x % kStep);
    uint32_t* cell = &line_->cell[low];
    nearer_ = cell + (weight >= kStep / 2 ? 1 : 0);
    return (ProbabilityOf(cell[0]) * (kStep - weight) +
            ProbabilityOf(cell[1]) * weight) /
           (kStep >> (kCodedBits - kModelBits));
  }

  void Train(int bit) {
    if (nearer_ != nullptr) Adapt(*nearer_, bit, kLimit);
  }

  std::span<uint8_t> State() {
    return {reinterpret_cast<uint8_t*>(lines_.data()),
            lines_.size() * sizeof(Line)};
  }

 private:
  static constexpr int32_t kCells = 16, kStep = 256;
  static constexpr int32_t kMost = (kCells - 1) * kStep / 2;
  static constexpr uint32_t kLimit = 255;

  struct alignas(64) Line {
    std::array<uint32_t, kCells> cell;
  };

  const int shift_;
  Table<Line> lines_;
  Line* line_ = nullptr;
  uint32_t* nearer_ = nullptr;  // null: the prediction is beyond the last
};

}  // namespace nncpp
