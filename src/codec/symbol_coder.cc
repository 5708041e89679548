// src/codec/symbol_coder.cc -- contract: src/codec/symbol_coder.h
#include "src/codec/symbol_coder.h"

namespace nncpp {

void SymbolCoder::Encode(std::span<const uint64_t> frequency, int64_t stream,
                         int32_t symbol, RangeEncoder& encoder) {
  mixer_.StartSymbol(stream, frequency);
  while (!mixer_.Done()) {
    const int bit = symbol >= mixer_.middle() ? 1 : 0;
    encoder.EncodeBit(bit, mixer_.Predict(), kCodedBits);
    mixer_.Update(bit);
  }
}

int32_t SymbolCoder::Decode(std::span<const uint64_t> frequency, int64_t stream,
                            RangeDecoder& decoder, RangeEncoder& again) {
  mixer_.StartSymbol(stream, frequency);
  while (!mixer_.Done()) {
    const uint32_t p = mixer_.Predict();
    const int bit = decoder.DecodeBit(p, kCodedBits);
    again.EncodeBit(bit, p, kCodedBits);
    mixer_.Update(bit);
  }
  return mixer_.symbol();
}

}  // namespace nncpp
