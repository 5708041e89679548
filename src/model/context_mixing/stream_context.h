// src/model/context_mixing/stream_context.h -- what a stream's next symbol
// stands after.
#pragma once

#include <cstdint>
#include <span>

#include "src/model/context_mixing/match_model.h"

namespace nncpp {

inline uint64_t MixHash(uint64_t x) {
  x *= 0x9E3779B97F4A7C15u;
  return x ^ x >> 29;
}

// A stream's past, as far as contexts ask for it. Trivially copyable: its
// bytes are part of the model's state. All 0 at first.
struct StreamContext {
  static constexpr int kRecent = 32;
  static constexpr int kOrders = 12;
  static constexpr int kMatches = 3;

  uint64_t position;            // of the next symbol
  uint16_t recent[kRecent];     // the newest first
  uint64_t order[kOrders + 1];  // hash of the last k symbols; [0]: 0
  uint64_t word;                // of the letters since the last other symbol
  uint64_t words[3];            // hashes of words before, the nearest first
  uint64_t line;                // position after the last line feed
  uint64_t line_before;         // and after the one before it
  uint64_t classes;             // 4 bits for each recent symbol's class
  MatchModel::Place match[kMatches];

  // Without a past, before the symbol at `start`.
  void Begin(uint64_t start) {
    *this = {};
    position = line = line_before = start;
  }
  void Push(uint16_t symbol);
  uint16_t Back(int64_t distance) const { return recent[distance - 1]; }
};

}  // namespace nncpp
