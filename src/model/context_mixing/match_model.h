// src/model/context_mixing/match_model.h -- what followed the same symbols
// before.
//
// Keeps the place after the last occurrence of the present context and, while
// it goes on agreeing, predicts the symbol that stands there.
// Source: the match model of PAQ [mahoney2005paq].
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/model/context_mixing/adaptive.h"

namespace nncpp {

// All symbols so far, those of all streams, where they lie in the original;
// the oldest are overwritten.
class SymbolRing {
 public:
  explicit SymbolRing(int64_t bits) : symbols_(size_t{1} << bits) {}
  uint16_t& operator[](uint64_t position) {
    return symbols_[position & (symbols_.size() - 1)];
  }
  uint16_t operator[](uint64_t position) const {
    return symbols_[position & (symbols_.size() - 1)];
  }
  static int64_t Bytes(int64_t bits) { return int64_t{2} << bits; }
  uint64_t size() const { return symbols_.size(); }
  std::span<uint8_t> State() {
    return {reinterpret_cast<uint8_t*>(symbols_.data()),
            symbols_.size() * sizeof(symbols_[0])};
  }

 private:
  Table<uint16_t> symbols_;
};

class MatchModel {
 public:
  static constexpr int64_t kInputs = 2;

  // Looks for contexts of `order` symbols in a table of 2^bits places.
  MatchModel(int order, int64_t bits);

  static int64_t Bytes(int64_t bits) {
    return (int64_t{4} << bits) + kClasses * 4;
  }

  // Where a stream stands in the past; all 0 at first.
  struct Place {
    uint64_t pointer = 0;  // the symbol predicted
    uint32_t length = 0;   // symbols that agree before it; 0: no match
    uint32_t missed = 0;   // symbols since the last that was predicted wrongly
  };

  // After a symbol was put at position - 1 of the ring: follows the match or
  // looks for one. `hash` is of the last `order` symbols.
  void Follow(const SymbolRing& ring, uint64_t position, uint64_t hash,
              Place& place);

  // The class of a match's length, 0: none, to 15.
  static int LengthClass(const Place& place);

  // Two logits for the next bit of the tree, which is `bit` of the predicted
  // symbol (-1: nothing is predicted).
  void Predict(const Place& place, int bit, int16_t* inputs);
  void Train(int bit);

  std::vector<std::span<uint8_t>> State();

 private:
  static constexpr int64_t kClasses = 64;

  const int order_;
  const int shift_;
  Table<uint32_t> last_;               // low bits of a position; 0: none
  std::vector<uint32_t> probability_;  // that the prediction is right
  int64_t used_ = -1;                  // of probability_
  int predicted_ = 0;
};

}  // namespace nncpp
