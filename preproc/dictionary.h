// preproc/dictionary.h -- the byte strings that symbols of a text stand for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/hash.h"

namespace nncpp {

inline constexpr int64_t kByteSymbols = 256;
inline constexpr int64_t kMaxWords = 65535 - kByteSymbols;
inline constexpr int64_t kMinWordBytes = 2;
inline constexpr int64_t kMaxWordBytes = 64;

// Symbols 0 to 255 are the bytes themselves; symbol 256 + i is word i. Words
// are strictly ascending byte strings of kMinWordBytes to kMaxWordBytes bytes,
// so that symbols that are neighbours share prefixes.
class Dictionary {
 public:
  // No words: every symbol is a byte.
  Dictionary() : Dictionary(std::vector<std::string>()) {}

  // Sorts the words; equal ones become one. Throws Error(kFormat) when there
  // are more than kMaxWords, or one is too short or too long.
  explicit Dictionary(std::vector<std::string> words);

  int64_t words() const { return alphabet() - kByteSymbols; }
  int64_t alphabet() const { return std::ssize(begin_) - 1; }

  // The bytes of a symbol below alphabet().
  std::string_view Bytes(int64_t symbol) const {
    const size_t begin = begin_[static_cast<size_t>(symbol)];
    return std::string_view(bytes_).substr(
        begin, begin_[static_cast<size_t>(symbol) + 1] - begin);
  }

  // Names the dictionary: the hash of all words, each after its length as one
  // byte.
  Hash128 Hash() const;

  bool operator==(const Dictionary&) const = default;

 private:
  std::string bytes_;            // of all symbols, in order
  std::vector<uint32_t> begin_;  // of each symbol, and the end of the last
};

// A text with one word a line, in order, for people and for --dictionary: the
// backslash and every byte that is not printable ASCII are written as \xNN.
// ParseDictionary throws Error(kFormat) naming the line that is wrong.
std::string DictionaryText(const Dictionary& dictionary);
Dictionary ParseDictionary(std::string_view text);

}  // namespace nncpp
