// src/model/context_mixing/logistic.h -- probabilities and their logits, as
// integers.
//
// A logit is ln(p / (1 - p)) in units of 1/256, in [-4095, 4095]. Probabilities
// of a node's upper half are integers out of 2^22 in the models and out of 2^24
// where they are coded. docs/numerics.md, "Logits".
#pragma once

#include <cstdint>

namespace nncpp {

inline constexpr int32_t kLogitLimit = 4095;
inline constexpr int kModelBits = 22;  // of a model's probability
inline constexpr int kCodedBits = 24;  // of a probability that is coded

namespace logistic {

inline constexpr int kCoarseBits = 12, kFineShift = 4;

struct Tables {
  Tables();
  uint32_t squash[2 * kLogitLimit + 1];  // out of 2^24
  int16_t coarse[1 << kCoarseBits];      // by the top bits of 22
  int16_t fine[1 << kCoarseBits];        // below 2^16, by all but four bits
  uint32_t log2[1 << kCoarseBits];       // of 1 + i / 4096, out of 2^20
};
extern const Tables kTables;

}  // namespace logistic

// The probability out of 2^24 of a logit, in [2, 2^24 - 2].
// REQUIRES: |logit| <= kLogitLimit.
inline uint32_t Squash(int32_t logit) {
  return logistic::kTables.squash[logit + kLogitLimit];
}

// The logit of a probability out of 2^22.
inline int32_t Stretch(uint32_t p) {
  using logistic::kTables;
  constexpr uint32_t kTail = 1u << 16, kOne = 1u << kModelBits;
  if (p < kTail) return kTables.fine[p >> logistic::kFineShift];
  if (p >= kOne - kTail) {
    return -kTables.fine[(kOne - 1 - p) >> logistic::kFineShift];
  }
  return kTables.coarse[p >> (kModelBits - logistic::kCoarseBits)];
}

// The logit of above / (above + below). REQUIRES: both >= 1.
int32_t LogitOfRatio(uint64_t above, uint64_t below);

inline int32_t ClampLogit(int32_t x) {
  return x < -kLogitLimit ? -kLogitLimit : x > kLogitLimit ? kLogitLimit : x;
}

}  // namespace nncpp
