// src/model/context_mixing/bit_history.h -- what a node saw, in one byte.
//
// A history is the numbers of zeros and ones seen in a context and which came
// last. When a bit contradicts a long run, the run's count is cut to about its
// logarithm: what is recent counts more than what is old. The numbers are
// bounded, the smaller one the more tightly.
// Source: indirect histories after PAQ6 and later [mahoney2005paq]; the set of
// states and their order are ours.
#pragma once

#include <cstdint>

namespace nncpp {

// State 0: nothing seen. `next` leads on by a bit.
struct BitHistories {
  BitHistories();
  uint8_t next[256][2];
  uint8_t zeros[256], ones[256];
  uint8_t seen[256];  // kKnown, kAgreed of kernels/mixing.h
  int states;
};
extern const BitHistories kBitHistories;

}  // namespace nncpp
