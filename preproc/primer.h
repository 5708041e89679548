// preproc/primer.h -- common English, of which the library has two pieces.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace nncpp {

// Words, definitions, examples of use and a little markup, the most useful
// last. Part of the format: an archive of before the library (primer_library.h)
// names the end of it by length and hash, and another text is another primer.
// Sources: SCOWL, size class 10 [scowl]; WordNet 3.0 [wordnet].
std::string_view PrimerText();
uint64_t PrimerHash(std::string_view primer);

// Its last `bytes` bytes, or all.
std::string_view PrimerEnd(int64_t bytes);

// How much of a text's beginning LooksEnglish is asked of.
inline constexpr int64_t kEnglishHead = int64_t{1} << 16;

// Whether a text's beginning looks like English: of "the", "of", "and", "to"
// and "in" between spaces there is one in every 100 bytes.
bool LooksEnglish(std::span<const uint8_t> head);

}  // namespace nncpp
