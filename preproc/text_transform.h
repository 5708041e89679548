// preproc/text_transform.h -- text as symbols: capitals, then a dictionary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "preproc/dictionary.h"
#include "preproc/dictionary_parser.h"
#include "preproc/dictionary_trainer.h"

namespace nncpp {

class TextTransform {
 public:
  explicit TextTransform(Dictionary dictionary);
  // Its parser refers to its dictionary.
  TextTransform(const TextTransform&) = delete;
  TextTransform& operator=(const TextTransform&) = delete;

  const Dictionary& dictionary() const { return dictionary_; }

  // Appends the symbols that stand for `bytes`: at most twice as many.
  void Encode(std::span<const uint8_t> bytes,
              std::vector<uint16_t>& symbols) const;

  // Appends the bytes that the symbols stand for. Throws Error(kFormat) for
  // symbols that Encode does not make, and for those of more than `limit`
  // bytes, before it takes memory for much more.
  void Decode(std::span<const uint16_t> symbols, int64_t limit,
              std::vector<uint8_t>& bytes) const;

 private:
  const Dictionary dictionary_;
  const DictionaryParser parser_;
};

// TrainDictionary on the sample in the form that the dictionary will see.
Dictionary TrainOnText(std::span<const uint8_t> sample,
                       const TrainingGoal& goal);

}  // namespace nncpp
