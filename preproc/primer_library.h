// preproc/primer_library.h -- texts of many kinds, for a model to learn before
// one that is like some of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nncpp {

// Texts of one kind each, neighbours being alike. Part of the format: an
// archive names what its model learnt by numbers, length and hash; a further
// text gets a further number. Two are pieces of PrimerText()
// (preproc/primer.h), the others are ours and stand in preproc/primer/. At most
// 255.
std::span<const std::string_view> PrimerLibrary();

// How much MostAlike looks at of an input, and of each text.
inline constexpr int64_t kPrimerHead = int64_t{1} << 16;

// The numbers of those texts, but for PrimerText(), that `head` has most in
// common with, kMostAlike of them, the closest last; none where it has little
// in common with all together. That is the runs of six bytes of its first
// kPrimerHead that are in the first kPrimerHead of a text, counted as often as
// they occur in the head; and for all together, where one in twenty must be,
// the different ones.
inline constexpr int64_t kMostAlike = 4;
std::vector<uint8_t> MostAlike(std::span<const uint8_t> head);

// The last `bytes` bytes, or all, of the library's first `texts` texts: first
// the others, the nearer to the last of `last` the later (of two as near, the
// one of the higher number), then `last` in its order. Requires: `last` is not
// empty, is among the first, and has none twice.
std::string LibraryEnd(int64_t texts, std::span<const uint8_t> last,
                       int64_t bytes);

}  // namespace nncpp
