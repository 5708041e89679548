// preproc/dictionary_trainer.h -- learns a dictionary from a sample.
#pragma once

#include <cstdint>
#include <span>

#include "preproc/dictionary.h"

namespace nncpp {

struct TrainingGoal {
  int64_t words = 0;          // at most, 0 to kMaxWords
  int64_t min_frequency = 2;  // a word stands for at least these places, >= 2
};

// Replaces, again and again, the pairs of neighbours that save the most bits
// of order-0 entropy by new words, and drops words that later ones have made
// rare. Integers only, every tie has an order: one sample gives one dictionary
// on every machine. Takes 2 bytes for each byte of the sample and some for
// each distinct pair.
// Source: byte-pair merges by entropy as in NNCP's preprocessor
// [bellard2019nncp]; counts kept up to date instead of counted anew are ours.
Dictionary TrainDictionary(std::span<const uint8_t> sample,
                           const TrainingGoal& goal);

}  // namespace nncpp
