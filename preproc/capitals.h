// preproc/capitals.h -- case becomes flags, so that "The" and " the" share
// their letters.
//
// A word that begins with a capital is written small behind kCapital, one of
// capitals only behind kUpper; a space before the word changes places with its
// flag, so that it stays beside the letters. Bytes that mean a flag are
// written behind kEscape. Any byte string has one such form, and comes back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nncpp {

// Appends the transformed `bytes` to `out`: at most twice as many bytes.
// Source: the flags are those of NNCP's preprocessor [bellard2019nncp], whose
// place before the space, and whose lack of a flag for a word without one, are
// ours.
void EncodeCapitals(std::span<const uint8_t> bytes, std::vector<uint8_t>& out);

// Undoes it: appends at most as many bytes, and at least half as many. Throws
// Error(kFormat) for flags that stand where EncodeCapitals never puts them.
void DecodeCapitals(std::span<const uint8_t> bytes, std::vector<uint8_t>& out);

}  // namespace nncpp
