// src/model/context_mixing/contexts.cc -- contract:
// src/model/context_mixing/contexts.h
#include "src/model/context_mixing/contexts.h"

#include <algorithm>
#include <array>
#include <bit>

#include "src/base/check.h"
#include "src/model/context_mixing/evidence.h"

namespace nncpp {
namespace {

using Context = std::array<Feature, 4>;  // kNothing at the end

// The first have runs too.
constexpr Context kContexts[] = {
    {kO2},
    {kO3},
    {kO4},
    {kO5},
    {kO7},
    {kWord, kB1},
    {kO2, kWord1},
    {kO3, kWord1},
    {kWord, kWord1, kCapital},
    {kWord, kLength},
    {kL2, kMatch, kLastSeen},
    {kL2, kC8, kLongMatch},
    {kB1, kIn2, kLength},
    {kCapitals, kMatch, kO3},
    {kIn2, kG4},
    {kG4, kIn1, kI3},
    {kB1, kB3},
    {kO2, kF2},
    {kColumn, kAbove},
    {kWord, kB1, kAbove},
    {kStart, kWord, kB1},
    {kIn2, kO2},
    {kIn2, kWord, kB1},
    {kMatch, kB1},
    {kWord, kBlock12},
    {kB1, kMatch, kI34},
    {kL2, kBlock14},
    {kGap, kBlock12, kIndent1},
    {kP4, kGap},
    {kL1, kL3, kLongMatch, kLastSeen},
    {kI4, kBlock10},
    {kG3, kMatch, kMatchLength},
    {kP1, kMatch},
    {kC6, kI4, kLastSeen},
    {kGap1, kMatch, kBlock12},
    {kWord, kFirstInside},
    {kB2, kWord, kLastSeen},
    {kWord, kG2},
    {kB1, kL2, kMatch},
    {kL4, kGap, kG2, kLongMatch},
    {kB1, kGap1, kG8},
    {kMatch, kVowels},
    {kG1, kLine},
    {kL4, kG1, kMatch, kLastSeen},
    {kGap, kIn1, kI34},
    {kL3, kG2, kIn3},
    {kB1, kP2, kIn2},
    {kG3, kBlock14},
    {kGap, kGap1, kBlock12},
    {kColumn, kL2, kLength},
    {kG8, kP1, kMatch},
    {kIn1, kC6, kLastSeen},
    {kG5, kLength, kC6, kLongMatch},
    {kL2, kFirst},
    {kColumnBits, kMatch},
};

// After them those of text, or those of binary data.
constexpr Context kText[] = {
    {kWord, kGap, kExpression},
    {kWord, kGap, kNextWord},
    {kWord, kGap, kTag},
    {kKey, kIn3, kLinked},
    {kWord, kKey},
    {kL1, kTag, kIn1},
    {kKey, kMatch},
    {kWord, kTag, kLength, kC4},
    {kWord, kGap, kP2},
    {kG2, kTag, kKey},
    {kL3, kWord, kLength},
    {kL3, kIndent},
    {kP3, kLine},
    {kL1, kWord, kLongMatch},
    {kWord, kFirst},
    {kKey, kIn2, kMatch},
    {kLinked, kWord, kB1},
};
constexpr Context kBinary[] = {
    {kC10},
    {kB2, kB3},
    {kB2, kB3, kB4},
    {kB1, kB4},
    {kB2, kB4, kB6},
    {kR, kB1},
    {kR, kS},
    {kR, kS, kB1},
    {kR, kR1, kB1},
    {kS, kB1, kB2},
    {kPhase, kR},
    {kO1},
    {kO8},
    {kO10},
    {kF2},
    {kB1, kF3},
    {kMatch, kMatchLength},
};
static_assert(std::size(kText) == std::size(kBinary));

uint64_t Seed(size_t context) { return (context + 1) * 0x632BE59BD9B4E019u; }

uint64_t HashOfContext(const Features& features, size_t number,
                       const Context& context) {
  const auto end = std::find(context.begin(), context.end(), kNothing);
  return MixHash(HashOf(features, Seed(number), {context.begin(), end}));
}

uint64_t Low(uint64_t x, int bits) { return x & ((uint64_t{1} << bits) - 1); }

void AddSymbols(const StreamContext& s, uint64_t* v) {
  v[kB1] = s.Back(1);
  v[kB2] = s.Back(2);
  v[kB3] = s.Back(3);
  v[kB4] = s.Back(4);
  v[kB6] = s.Back(6);
  v[kO1] = s.order[1];
  v[kO2] = s.order[2];
  v[kO3] = s.order[3];
  v[kO4] = s.order[4];
  v[kO5] = s.order[5];
  v[kO7] = s.order[7];
  v[kO8] = s.order[8];
  v[kO10] = s.order[10];
  v[kL1] = Low(s.text.lower, 8);
  v[kL2] = Low(s.text.lower, 16);
  v[kL3] = Low(s.text.lower, 24);
  v[kL4] = Low(s.text.lower, 32);
  v[kC4] = Low(s.classes, 16);
  v[kC6] = Low(s.classes, 24);
  v[kC8] = Low(s.classes, 32);
  v[kC10] = Low(s.classes, 40);
}

void AddTokens(const StreamContext& s, Associations& past, uint64_t* v) {
  const TextContext& t = s.text;
  v[kWord] = s.word;
  v[kWord1] = s.word_before;
  v[kCapital] = s.capital;
  v[kLength] = std::min<uint64_t>(t.token_length, 15);
  v[kFirst] = t.first;
  v[kFirstInside] = t.token_length != 0 ? t.first : 0;
  v[kCapitals] = Low(t.capitals, 2);
  v[kNextWord] = past.NextWord(t.last_word);
  const uint32_t place = past.WordPlace(s.word);
  const uint32_t since = static_cast<uint32_t>(s.position) - place + 1;
  v[kLastSeen] = place == 0 ? 0 : std::min<uint64_t>(20, std::bit_width(since));
  v[kGap] = t.gap;
  v[kGap1] = t.gap_before;
  v[kExpression] = t.expression[1];
}

void AddStructure(const StreamContext& s, const SymbolRing& ring, uint64_t* v) {
  const TextContext& t = s.text;
  constexpr Feature kGroups[] = {kG1, kG2, kG3, kG4, kG5, kG6};
  for (int k = 0; k < 6; ++k) v[kGroups[k]] = Low(t.groups, 5 * (k + 1));
  v[kG8] = Low(t.groups, 40);
  v[kVowels] = Low(t.sounds, 18);
  v[kP1] = Low(t.marks, 8);
  v[kP2] = Low(t.marks, 16);
  v[kP3] = Low(t.marks, 24);
  v[kP4] = Low(t.marks, 32);
  v[kTag] = t.tag;
  v[kKey] = t.key;
  v[kIn1] = Low(s.brackets, 8);
  v[kIn2] = Low(s.brackets, 16);
  v[kIn3] = Low(s.brackets, 24);
  v[kLinked] = s.linked;
  const uint64_t column = s.position - s.line;
  const uint64_t above = s.line_before + column;
  v[kColumn] = std::min<uint64_t>(column, 255);
  v[kColumnBits] = static_cast<uint64_t>(std::bit_width(column));
  v[kAbove] = above < s.line ? ring[above] : '\n';
  v[kStart] = s.line_start;
  v[kLine] = s.line;
  v[kIndent] = std::min<uint64_t>(t.indent, 31);
  v[kIndent1] = std::min<uint64_t>(t.indent_before, 31);
  v[kBlock10] = s.position >> 10;
  v[kBlock12] = s.position >> 12;
  v[kBlock14] = s.position >> 14;
}

void AddRecords(const StreamContext& s, const SymbolRing& ring, uint64_t* v) {
  const uint64_t length = std::max<uint64_t>(s.records.length[0], 1);
  const uint64_t other = std::max<uint64_t>(s.records.length[1], 1);
  v[kR] = ring[s.position - length];
  v[kR1] = ring[s.position - length + 1];
  v[kS] = ring[s.position - other];
  v[kPhase] = s.position % length;
}

}  // namespace

Features FeaturesOf(const StreamContext& s, const SymbolRing& ring,
                    Associations& past, std::span<const int32_t> predicted) {
  Features features;
  uint64_t* v = features.value;
  v[kNothing] = 0;
  AddSymbols(s, v);
  AddTokens(s, past, v);
  AddStructure(s, ring, v);
  AddRecords(s, ring, v);
  v[kMatch] = static_cast<uint64_t>(predicted[0] + 1);
  v[kLongMatch] = static_cast<uint64_t>(predicted[1] + 1);
  v[kMatchLength] = std::min<uint64_t>(s.match[0].length, 15);
  const uint64_t followed = s.followed[s.Back(1) % 256];
  v[kF2] = Low(followed, 16);
  v[kF3] = Low(followed, 24);
  v[kI3] = past.AfterThird(s.order[3]);
  v[kI4] = past.AfterFourth(s.order[4]);
  v[kI34] = v[kI3] << 16 | v[kI4];
  return features;
}

void HashFastContexts(const StreamContext& s, std::span<uint64_t> hashes) {
  const uint64_t here = MixHash(s.word + s.Back(1));
  const uint64_t values[] = {s.order[0], s.order[1],          s.order[2],
                             s.order[3], s.order[4],          s.order[5],
                             here,       here + s.word_before};
  NNCPP_CHECK(hashes.size() == std::size(values));
  for (size_t i = 0; i < hashes.size(); ++i) {
    hashes[i] = MixHash(MixHash(Seed(i) + values[i]));
  }
}

void HashStrongContexts(const Features& features, bool binary,
                        std::span<uint64_t> hashes) {
  NNCPP_CHECK(hashes.size() == std::size(kContexts) + std::size(kText));
  size_t i = 0;
  for (const Context& context : kContexts) {
    hashes[i] = HashOfContext(features, i, context);
    ++i;
  }
  for (const Context& context : binary ? kBinary : kText) {
    hashes[i] = HashOfContext(features, i, context);
    ++i;
  }
}

}  // namespace nncpp
