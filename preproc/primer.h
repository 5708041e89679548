// preproc/primer.h -- English words that a model may learn before a text.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace nncpp {

// Common words, each followed by a space. Part of the format: an archive names
// it by PrimerHash, and another text is another primer.
// Source: SCOWL, size class 10 [scowl].
std::string_view PrimerText();
uint64_t PrimerHash();

// Whether a text's beginning looks like English: of "the", "of", "and", "to"
// and "in" between spaces there is one in every 100 bytes.
bool LooksEnglish(std::span<const uint8_t> head);

}  // namespace nncpp
