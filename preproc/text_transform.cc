// preproc/text_transform.cc -- contract: preproc/text_transform.h
#include "preproc/text_transform.h"

#include <utility>

#include "preproc/capitals.h"
#include "src/base/error.h"

namespace nncpp {

TextTransform::TextTransform(Dictionary dictionary)
    : dictionary_(std::move(dictionary)), parser_(dictionary_) {}

void TextTransform::Encode(std::span<const uint8_t> bytes,
                           std::vector<uint16_t>& symbols) const {
  std::vector<uint8_t> small;
  EncodeCapitals(bytes, small);
  parser_.Parse(small, symbols);
}

void TextTransform::Decode(std::span<const uint16_t> symbols, int64_t limit,
                           std::vector<uint8_t>& bytes) const {
  // A byte comes from two at most.
  std::vector<uint8_t> small;
  SpellSymbols(dictionary_, symbols, 2 * limit, small);
  const int64_t before = std::ssize(bytes);
  DecodeCapitals(small, bytes);
  if (std::ssize(bytes) - before > limit) {
    throw Error(ErrorKind::kFormat, "symbols stand for more bytes than stated");
  }
}

Dictionary TrainOnText(std::span<const uint8_t> sample,
                       const TrainingGoal& goal) {
  std::vector<uint8_t> small;
  EncodeCapitals(sample, small);
  return TrainDictionary(small, goal);
}

}  // namespace nncpp
