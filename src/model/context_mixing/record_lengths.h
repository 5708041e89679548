// src/model/context_mixing/record_lengths.h -- at what distances symbols
// repeat.
//
// Every 4096 symbols, the distances at which the latest 1024 symbols agree most
// with those before them: the length of records, and of what they hold.
#pragma once

#include <cstdint>

#include "src/model/context_mixing/match_model.h"

namespace nncpp {

struct RecordLengths {
  uint64_t length[2];  // the best, and the best but one; 0 at first

  // Looks for them before the symbol at `position`. Does nothing where fewer
  // than 2048 symbols lie before it, or in a ring too small.
  void Measure(const SymbolRing& ring, uint64_t position);
};

}  // namespace nncpp
