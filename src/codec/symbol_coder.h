// src/codec/symbol_coder.h -- one symbol through mixed contexts and a coder.
//
// Where contexts are mixed, a symbol is coded node by node down its tree, and
// the mixing learns each node as it goes. A net alone codes by itself
// (Model::Encode, Model::Decode).
#pragma once

#include <cstdint>
#include <span>

#include "src/coder/range_coder.h"
#include "src/model/context_mixing/context_mixer.h"
#include "src/model/model.h"

namespace nncpp {

class SymbolCoder {
 public:
  explicit SymbolCoder(ContextMixer& mixer) : mixer_(mixer) {}

  // Codes a symbol by the net's frequencies. Rows must come in order.
  void Encode(std::span<const uint64_t> frequency, int64_t stream,
              int32_t symbol, RangeEncoder& encoder);

  // The other way. `again` codes what was decoded: it must give the bytes that
  // were read.
  int32_t Decode(std::span<const uint64_t> frequency, int64_t stream,
                 RangeDecoder& decoder, RangeEncoder& again);

 private:
  ContextMixer& mixer_;
};

}  // namespace nncpp
