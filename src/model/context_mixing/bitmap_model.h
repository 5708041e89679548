// src/model/context_mixing/bitmap_model.h -- predicts the bits of pictures of
// one bit a pixel.
//
// A context is some of the pixels around, or how far colours reach there. It
// has a probability that learns. Source: the templates of JBIG2
// [howard1998jbig2]; the model of such pictures in PAQ8 [mahoney2005paq].
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/model/context_mixing/evidence.h"
#include "src/model/context_mixing/match_model.h"

namespace nncpp {

class BitmapModel {
 public:
  static constexpr size_t kContexts = 20;
  static_assert(2 * kContexts == kBitmapInputs);

  BitmapModel();

  // Begins the byte at `position`; those before it are in the ring.
  void StartByte(const SymbolRing& ring, uint64_t position);

  // Writes kBitmapInputs inputs for the bit `depth` below the byte's first, and
  // tells what selects some of the weights and refinements. `path` is the bits
  // so far, after a 1.
  void Look(int64_t depth, uint64_t path, int16_t* inputs, Evidence& evidence);

  // Learns the bit that Look was at.
  void PutBit(int bit);

  // Looks for the length of rows anew, at some positions.
  void Measure(const SymbolRing& ring, uint64_t position);

  // As those of ContextModels.
  std::vector<std::span<uint8_t>> State();
  bool StateIsSound() const;
  static int64_t Bytes();

 private:
  static constexpr int kBits = 22;  // log2 of the cells
  static constexpr size_t kRows = 9;

  int64_t row_;  // bytes from one row to the next
  Table<uint32_t> cells_;
  std::array<uint32_t*, kContexts> used_{};
  // Eight bytes of each row: those before the byte begun in row 0, from three
  // before the one that lies as many rows above it in the others.
  std::array<uint64_t, kRows> around_{};
};

}  // namespace nncpp
