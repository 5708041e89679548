// src/codec/symbol_coder.cc -- contract: src/codec/symbol_coder.h
#include "src/codec/symbol_coder.h"

#include <span>

namespace nncpp {
namespace {

uint64_t SumBelow(std::span<const uint64_t> frequency, int64_t symbol) {
  uint64_t sum = 0;
  for (int64_t i = 0; i < symbol; ++i) {
    sum += frequency[static_cast<size_t>(i)];
  }
  return sum;
}

int32_t DecodeInOneStep(std::span<const uint64_t> frequency, uint64_t total,
                        RangeDecoder& decoder, RangeEncoder& again) {
  const uint64_t target = decoder.Target(total);
  uint64_t below = 0;
  int32_t symbol = 0;
  while (below + frequency[static_cast<size_t>(symbol)] <= target) {
    below += frequency[static_cast<size_t>(symbol)];
    ++symbol;
  }
  decoder.Consume(below, frequency[static_cast<size_t>(symbol)], total);
  again.Encode(below, frequency[static_cast<size_t>(symbol)], total);
  return symbol;
}

}  // namespace

void SymbolCoder::Encode(int64_t row, int64_t stream, int32_t symbol,
                         RangeEncoder& encoder) {
  const std::span<const uint64_t> frequency = model_.FrequenciesAt(row);
  if (mixer_ == nullptr) {
    encoder.Encode(SumBelow(frequency, symbol),
                   frequency[static_cast<size_t>(symbol)], model_.TotalAt(row));
    return;
  }
  EncodeMixed(frequency, stream, symbol, encoder);
}

void SymbolCoder::EncodeMixed(std::span<const uint64_t> frequency,
                              int64_t stream, int32_t symbol,
                              RangeEncoder& encoder) {
  mixer_->StartSymbol(stream, frequency);
  while (!mixer_->Done()) {
    const int bit = symbol >= mixer_->middle() ? 1 : 0;
    encoder.EncodeBit(bit, mixer_->Predict(), kCodedBits);
    mixer_->Update(bit);
  }
}

int32_t SymbolCoder::Decode(int64_t row, int64_t stream, RangeDecoder& decoder,
                            RangeEncoder& again) {
  const std::span<const uint64_t> frequency = model_.FrequenciesAt(row);
  if (mixer_ == nullptr) {
    return DecodeInOneStep(frequency, model_.TotalAt(row), decoder, again);
  }
  mixer_->StartSymbol(stream, frequency);
  while (!mixer_->Done()) {
    const uint32_t p = mixer_->Predict();
    const int bit = decoder.DecodeBit(p, kCodedBits);
    again.EncodeBit(bit, p, kCodedBits);
    mixer_->Update(bit);
  }
  return mixer_->symbol();
}

}  // namespace nncpp
