// src/model/context_mixing/contexts.h -- the contexts that each level hashes.
#pragma once

#include <cstdint>
#include <span>

#include "src/model/context_mixing/stream_context.h"

namespace nncpp {

// What contexts are made of: of a symbol that is to come, what it stands after.
enum Feature : uint8_t {
  kNothing,
  kB1,
  kB2,
  kB3,
  kB4,
  kB6,  // single symbols before
  kO1,
  kO2,
  kO3,
  kO4,
  kO5,
  kO7,
  kO8,
  kO10,  // that many
  kL1,
  kL2,
  kL3,
  kL4,  // in lower case
  kWord,
  kWord1,
  kCapital,  // words
  kLength,
  kFirst,
  kFirstInside,
  kCapitals,
  kNextWord,
  kLastSeen,  // tokens
  kGap,
  kGap1,  // what lies between tokens
  kG1,
  kG2,
  kG3,
  kG4,
  kG5,
  kG6,
  kG8,  // rows of kinds of characters
  kC4,
  kC6,
  kC8,
  kC10,
  kVowels,  // kinds of the last characters
  kP1,
  kP2,
  kP3,
  kP4,  // marks
  kTag,
  kKey,
  kExpression,
  kIn1,
  kIn2,
  kIn3,
  kLinked,  // structure
  kColumn,
  kColumnBits,
  kAbove,
  kStart,
  kLine,
  kIndent,
  kIndent1,  // lines
  kMatch,
  kMatchLength,
  kLongMatch,  // what matches predict
  kF2,
  kF3,
  kI3,
  kI4,
  kI34,  // what came after the same before
  kBlock10,
  kBlock12,
  kBlock14,  // places
  kR,
  kR1,
  kS,
  kPhase,  // records
  kFeatures
};

// The features of a stream's next symbol.
struct Features {
  uint64_t value[kFeatures];
  uint64_t operator[](Feature feature) const { return value[feature]; }
};

// `predicted` are the symbols of the matches, -1 where there is none.
Features FeaturesOf(const StreamContext& stream, const SymbolRing& ring,
                    Associations& past, std::span<const int32_t> predicted);

// The hash of some features, after `seed`.
inline uint64_t HashOf(const Features& features, uint64_t seed,
                       std::span<const Feature> list) {
  for (const Feature f : list) seed = MixHash(seed + features[f]);
  return seed;
}

// Writes SizesOf(1).contexts hashes, SizesOf(2).contexts.
void HashFastContexts(const StreamContext& stream, std::span<uint64_t> hashes);
void HashStrongContexts(const Features& features, bool binary,
                        std::span<uint64_t> hashes);

}  // namespace nncpp
