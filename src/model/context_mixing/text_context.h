// src/model/context_mixing/text_context.h -- what words, marks and lines a
// stream's next symbol stands among.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/huge_pages.h"

namespace nncpp {

inline uint64_t MixHash(uint64_t x) {
  x *= 0x9E3779B97F4A7C15u;
  return x ^ x >> 29;
}

// What a hash of a node below a context is made with.
inline constexpr uint64_t kPathFactor = 0xD6E8FEB86659FD93u;

// Letters are a-z, A-Z and the symbols 128 to 255; case is that of ASCII.
inline bool IsLetter(int symbol) {
  return (symbol >= 'a' && symbol <= 'z') || (symbol >= 'A' && symbol <= 'Z') ||
         (symbol >= 128 && symbol < 256);
}
inline bool IsDigit(int symbol) { return symbol >= '0' && symbol <= '9'; }
inline int LowerCase(int symbol) {
  return symbol >= 'A' && symbol <= 'Z' ? symbol + 32 : symbol;
}

// What came after words and short sequences; streams share it. All 0 at first.
class Associations {
 public:
  static constexpr int kIndexBits = 16;

  Associations()
      : third_(kSize), fourth_(kSize), next_word_(kSize), word_place_(kSize) {}

  // By the hash of three, and of four symbols: the symbol that came after.
  uint16_t& AfterThird(uint64_t order3) { return third_[Index(order3)]; }
  uint16_t& AfterFourth(uint64_t order4) { return fourth_[Index(order4)]; }
  // By the hash of a word: of the one that came after, and the low bits of the
  // position where it last ended.
  uint32_t& NextWord(uint64_t word) { return next_word_[Index(word)]; }
  uint32_t& WordPlace(uint64_t word) { return word_place_[Index(word)]; }

  std::vector<std::span<uint8_t>> State();
  static constexpr int64_t Bytes() { return int64_t{12} << kIndexBits; }

 private:
  static constexpr size_t kSize = size_t{1} << kIndexBits;
  static size_t Index(uint64_t hash) { return hash >> (64 - kIndexBits); }

  Table<uint16_t> third_, fourth_;
  Table<uint32_t> next_word_, word_place_;
};

// A stream's text, as far as contexts ask for it. Its bytes are part of the
// model's state; all are 0 at first. A token is a row of letters and digits.
struct TextContext {
  uint64_t lower;          // the last 4 symbols in lower case, 8 bits each
  uint64_t groups;         // kinds of characters, 5 bits each, rows as one
  uint64_t marks;          // symbols neither of tokens nor spaces, 8 bits each
  uint64_t sounds;         // vowels, consonants, ..., of the last, 3 bits each
  uint64_t gap;            // hash of what came after the last token
  uint64_t gap_before;     // and of what came before it
  uint64_t letters;        // of the token, in lower case, 8 bits each
  uint64_t token_length;   // 0 outside
  uint64_t first;          // symbol of the last token, in lower case
  uint64_t capitals;       // of the last tokens: whether they began with one
  uint64_t last_word;      // hash of the last token
  uint64_t expression[2];  // the last tokens with only spaces between them
  uint64_t key;            // the token before the last colon or equals sign
  uint64_t tag;            // the name of the last tag of XML
  uint64_t tag_name;       // as it is read
  uint64_t in_tag;         // 1: in its name
  uint64_t indent;         // blanks that begin the line
  uint64_t indent_before;  // and the line before
  uint64_t in_indent;      // 1: so far there was nothing else in the line
  uint64_t controls;       // share of control characters, of about 2^16

  // Takes the next symbol. `word` is the hash of its letters so far, order3
  // and order4 the hashes of the symbols before; it will lie at `position`.
  void Push(uint16_t symbol, uint64_t word, uint64_t order3, uint64_t order4,
            uint64_t position, Associations& past);

  // Whether this is rather a binary file.
  bool Binary() const { return controls > (1 << 16) / 16; }

 private:
  void PushToken(uint16_t symbol);
  void PushOther(uint16_t symbol, uint64_t word, uint64_t position,
                 Associations& past);
  void PushLine(uint16_t symbol);
};

}  // namespace nncpp
