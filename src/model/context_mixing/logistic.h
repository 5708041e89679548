// src/model/context_mixing/logistic.h -- probabilities and their logits, as
// integers.
//
// A logit is ln(p / (1 - p)) in units of 1/256, in [-4095, 4095]. Probabilities
// of a node's upper half are integers out of 2^22 in the models and out of 2^24
// where they are coded. docs/numerics.md, "Logits".
#pragma once

#include <cstdint>

#include "kernels/mixing.h"

namespace nncpp {

inline constexpr int32_t kLogitLimit = 4095;
inline constexpr int kCodedBits = 24;  // of a probability that is coded

namespace logistic {

struct Tables {
  Tables();
  uint32_t squash[2 * kLogitLimit + 1];  // out of 2^24
  int16_t stretch[kStretchEntries];      // MixingTable::cell_inputs
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
  return LogitFrom(logistic::kTables.stretch, p);
}

// The logit of above / (above + below). REQUIRES: both >= 1.
int32_t LogitOfRatio(uint64_t above, uint64_t below);

inline int32_t ClampLogit(int32_t x) {
  return x < -kLogitLimit ? -kLogitLimit : x > kLogitLimit ? kLogitLimit : x;
}

}  // namespace nncpp
