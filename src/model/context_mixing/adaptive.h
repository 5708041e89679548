// src/model/context_mixing/adaptive.h -- a probability that learns.
//
// 22 bits of probability above 10 bits of count: an observation moves the
// probability by 1 / (count + 1.5) of its error, count stopping at a limit.
// Source: adaptive probability maps of PAQ [mahoney2005paq].
#pragma once

#include <cstdint>

#include "src/model/context_mixing/logistic.h"

namespace nncpp {

namespace adaptive {
// 65536 / (count + 1.5)
struct Rates {
  constexpr Rates() : rate{} {
    for (int32_t i = 0; i < 1 << kCountBits; ++i) {
      rate[i] = 131072 / (2 * i + 3);
    }
  }
  int32_t rate[1 << kCountBits];
};
inline constexpr Rates kRates;
}  // namespace adaptive

constexpr uint32_t AdaptiveFrom(uint32_t p) { return p << kCountBits; }

inline uint32_t ProbabilityOf(uint32_t adaptive) {
  return adaptive >> kCountBits;
}

// REQUIRES: limit < 2^10.
inline void Adapt(uint32_t& adaptive, int bit, uint32_t limit) {
  TrainCell(bit, limit, adaptive::kRates.rate, adaptive);
}

}  // namespace nncpp
