// src/model/context_mixing/stream_context.h -- what a stream's next symbol
// stands after.
#pragma once

#include <cstdint>
#include <span>

#include "src/model/context_mixing/match_model.h"
#include "src/model/context_mixing/record_lengths.h"
#include "src/model/context_mixing/text_context.h"

namespace nncpp {

// A stream's past, as far as contexts ask for it. Its bytes are part of the
// model's state; all are 0 at first. Words are hashes of letters without regard
// to their case; brackets and lines are those of ASCII.
struct StreamContext {
  static constexpr int kRecent = 8;
  static constexpr int kOrders = 12;
  static constexpr int kMatches = 2;

  uint64_t position;            // of the next symbol
  uint64_t order[kOrders + 1];  // hash of the last k symbols; [0]: 0
  uint64_t classes;             // of the last 16 symbols, 4 bits each

  uint64_t word;  // of the letters since the last other symbol
  uint64_t word_before;
  uint64_t word_length;  // letters of `word`
  uint64_t capital;      // 1: it begins with a capital, or the last one did
  uint64_t linked;       // the word before the last opening bracket

  uint64_t brackets;     // those open, 8 bits each, the innermost lowest
  uint64_t line;         // position after the last line feed
  uint64_t line_before;  // and after the one before it
  uint64_t line_start;   // the first one or two symbols of the line

  uint64_t followed[256];    // by a byte: the last 8 bytes after it
  uint16_t recent[kRecent];  // the newest first
  RecordLengths records;
  TextContext text;  // its owner pushes to it first, where it is asked for
  MatchModel::Place match[kMatches];

  // Without a past, before the symbol at `start`.
  void Begin(uint64_t start);
  void Push(uint16_t symbol);

  uint16_t Back(int distance) const { return recent[distance - 1]; }

 private:
  void PushText(uint16_t symbol);
};

}  // namespace nncpp
