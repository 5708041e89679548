// preproc/dictionary_parser.h -- cuts bytes into the words of a dictionary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "preproc/dictionary.h"

namespace nncpp {

class DictionaryParser {
 public:
  // `dictionary` must outlive the parser.
  explicit DictionaryParser(const Dictionary& dictionary);

  // Appends the fewest symbols that spell `bytes` (of each piece of
  // kPieceBytes on its own); of several ways the one whose first word is
  // longest, and so on.
  void Parse(std::span<const uint8_t> bytes,
             std::vector<uint16_t>& symbols) const;

 private:
  static constexpr int64_t kPieceBytes = int64_t{1} << 16;

  // A node of the trie of all words, as an edge leads to it. The edges of a
  // node are found by hashing; those of two bytes from the root stand in a
  // table of their own, because no word is shorter.
  struct Edge {
    uint32_t key;    // the node before it and the byte, or kNoKey
    uint32_t node;   // 0: none
    int32_t symbol;  // of the word that ends here, or -1
  };
  static constexpr uint32_t kNoKey = ~uint32_t{0};

  const Edge& Follow(uint32_t node, uint8_t byte) const {
    return edges_[Slot(node << 8 | byte)];
  }
  size_t Slot(uint32_t key) const;
  void ParsePiece(std::span<const uint8_t> bytes,
                  std::vector<uint16_t>& symbols) const;

  std::vector<Edge> starts_;  // by the first byte * 256 + the second
  std::vector<Edge> edges_;   // a hash table with linear probing
};

// Appends the bytes that the symbols stand for. Throws Error(kFormat) for a
// symbol beyond the alphabet, and before there are more than `limit` bytes.
void SpellSymbols(const Dictionary& dictionary,
                  std::span<const uint16_t> symbols, int64_t limit,
                  std::vector<uint8_t>& out);

}  // namespace nncpp
