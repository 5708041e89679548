// preproc/dictionary_coding.h -- a dictionary in few bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "preproc/dictionary.h"

namespace nncpp {

// Each word is coded by how many bytes it shares with the word before it and
// by those that follow, bit after bit, with probabilities learnt on the way
// (docs/format.md, "Dictionary").
std::vector<uint8_t> EncodeDictionary(const Dictionary& dictionary);

// Throws Error(kFormat) for bytes that EncodeDictionary does not make. Takes
// at most some megabytes, whatever the bytes.
Dictionary DecodeDictionary(std::span<const uint8_t> bytes);

}  // namespace nncpp
