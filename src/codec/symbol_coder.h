// src/codec/symbol_coder.h -- one symbol through a model and a range coder.
//
// A net alone codes a symbol in one step, from its frequencies. Where contexts
// are mixed, the symbol is coded node by node down its tree, and the mixing
// learns each node as it goes.
#pragma once

#include <cstdint>
#include <span>

#include "src/coder/range_coder.h"
#include "src/model/context_mixing/context_mixer.h"
#include "src/model/model.h"

namespace nncpp {

class SymbolCoder {
 public:
  explicit SymbolCoder(Model& model) : model_(model), mixer_(model.Mixer()) {}

  // Codes the symbol of a row that was predicted. Rows must come in order.
  void Encode(int64_t row, int64_t stream, int32_t symbol,
              RangeEncoder& encoder);

  // The same from a copy of its frequencies. REQUIRES: contexts are mixed.
  void EncodeMixed(std::span<const uint64_t> frequency, int64_t stream,
                   int32_t symbol, RangeEncoder& encoder);

  // The other way. `again` codes what was decoded: it must give the bytes that
  // were read.
  int32_t Decode(int64_t row, int64_t stream, RangeDecoder& decoder,
                 RangeEncoder& again);

 private:
  Model& model_;
  ContextMixer* mixer_;  // null: there is no mixing
};

}  // namespace nncpp
