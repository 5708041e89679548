// preproc/dictionary_parser.cc -- contract: preproc/dictionary_parser.h
#include "preproc/dictionary_parser.h"

#include <algorithm>
#include <bit>

#include "src/base/error.h"

namespace nncpp {

DictionaryParser::DictionaryParser(const Dictionary& dictionary)
    : starts_(size_t{1} << 16, Edge{kNoKey, 0, -1}) {
  size_t letters = 0;
  for (int64_t s = kByteSymbols; s < dictionary.alphabet(); ++s) {
    letters += dictionary.Bytes(s).size();
  }
  edges_.assign(std::bit_ceil(letters * 2 + 2), Edge{kNoKey, 0, -1});
  uint32_t nodes = 0;
  for (int64_t s = kByteSymbols; s < dictionary.alphabet(); ++s) {
    const std::string_view word = dictionary.Bytes(s);
    Edge* edge = &starts_[size_t{static_cast<uint8_t>(word[0])} << 8 |
                          static_cast<uint8_t>(word[1])];
    if (edge->node == 0) edge->node = ++nodes;
    for (const char c : word.substr(2)) {
      const uint32_t key = edge->node << 8 | static_cast<uint8_t>(c);
      edge = &edges_[Slot(key)];
      if (edge->key != key) *edge = {key, ++nodes, -1};
    }
    edge->symbol = static_cast<int32_t>(s);
  }
}

size_t DictionaryParser::Slot(uint32_t key) const {
  const size_t mask = edges_.size() - 1;
  size_t at = (key * 0x9E3779B1u >> 9) & mask;
  while (edges_[at].key != key && edges_[at].key != kNoKey) {
    at = (at + 1) & mask;
  }
  return at;
}

void DictionaryParser::ParsePiece(std::span<const uint8_t> bytes,
                                  std::vector<uint16_t>& symbols) const {
  // From the end: the symbols needed from byte i on, and the first of them.
  struct Choice {
    uint32_t symbols;
    uint16_t symbol;
    uint16_t length;
  };
  std::vector<Choice> best(bytes.size() + 1, Choice{0, 0, 0});
  for (size_t i = bytes.size(); i-- > 0;) {
    Choice choice = {best[i + 1].symbols + 1, bytes[i], 1};
    if (i + 1 < bytes.size()) {
      const Edge* edge = &starts_[size_t{bytes[i]} << 8 | bytes[i + 1]];
      for (size_t end = i + 2; edge->node != 0; ++end) {
        if (edge->symbol >= 0 && best[end].symbols + 1 <= choice.symbols) {
          choice = {best[end].symbols + 1, static_cast<uint16_t>(edge->symbol),
                    static_cast<uint16_t>(end - i)};
        }
        if (end == bytes.size()) break;
        edge = &Follow(edge->node, bytes[end]);
      }
    }
    best[i] = choice;
  }
  for (size_t i = 0; i < bytes.size(); i += best[i].length) {
    symbols.push_back(best[i].symbol);
  }
}

void DictionaryParser::Parse(std::span<const uint8_t> bytes,
                             std::vector<uint16_t>& symbols) const {
  for (size_t i = 0; i < bytes.size(); i += kPieceBytes) {
    const size_t count = std::min<size_t>(kPieceBytes, bytes.size() - i);
    ParsePiece(bytes.subspan(i, count), symbols);
  }
}

void SpellSymbols(const Dictionary& dictionary,
                  std::span<const uint16_t> symbols, int64_t limit,
                  std::vector<uint8_t>& out) {
  const size_t before = out.size();
  size_t bytes = 0;
  for (const uint16_t symbol : symbols) {
    if (symbol >= dictionary.alphabet()) {
      throw Error(ErrorKind::kFormat,
                  "symbol " + std::to_string(symbol) +
                      " is beyond the dictionary's alphabet");
    }
    bytes += dictionary.Bytes(symbol).size();
  }
  if (static_cast<int64_t>(bytes) > limit) {
    throw Error(ErrorKind::kFormat, "symbols stand for more bytes than stated");
  }
  out.resize(before + bytes);
  auto end = out.begin() + static_cast<int64_t>(before);
  for (const uint16_t symbol : symbols) {
    const std::string_view word = dictionary.Bytes(symbol);
    end = std::copy(word.begin(), word.end(), end);
  }
}

}  // namespace nncpp
