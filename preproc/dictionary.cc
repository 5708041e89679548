// preproc/dictionary.cc -- contract: preproc/dictionary.h
#include "preproc/dictionary.h"

#include <algorithm>

#include "src/base/bytes.h"
#include "src/base/error.h"

namespace nncpp {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

bool IsPlain(char c) { return c >= ' ' && c <= '~' && c != '\\'; }

[[noreturn]] void ThrowBadLine(int64_t line, const std::string& what) {
  throw Error(ErrorKind::kFormat,
              "line " + std::to_string(line) + " of the dictionary " + what +
                  "; write one word a line, as nncpp prep train does");
}

std::string ParseWord(std::string_view text, int64_t line) {
  std::string word;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsPlain(text[i])) {
      word += text[i];
      continue;
    }
    if (text.substr(i, 2) != "\\x" || text.size() < i + 4) {
      ThrowBadLine(line, "has a byte that is not written as \\xNN");
    }
    const size_t high = kDigits.find(text[i + 2]);
    const size_t low = kDigits.find(text[i + 3]);
    if (high == std::string_view::npos || low == std::string_view::npos) {
      ThrowBadLine(line, "has an escape without two small hexadecimal digits");
    }
    word += static_cast<char>(high << 4 | low);
    i += 3;
  }
  const int64_t bytes = std::ssize(word);
  if (bytes < kMinWordBytes || bytes > kMaxWordBytes) {
    ThrowBadLine(line, "is a word of " + std::to_string(bytes) +
                           " bytes, where 2 to 64 are possible");
  }
  return word;
}

}  // namespace

Dictionary::Dictionary(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  if (std::ssize(words) > kMaxWords) {
    throw Error(ErrorKind::kFormat, "a dictionary holds at most " +
                                        std::to_string(kMaxWords) + " words");
  }
  for (int64_t byte = 0; byte < kByteSymbols; ++byte) {
    begin_.push_back(static_cast<uint32_t>(bytes_.size()));
    bytes_ += static_cast<char>(byte);
  }
  for (const std::string& word : words) {
    if (std::ssize(word) < kMinWordBytes || std::ssize(word) > kMaxWordBytes) {
      throw Error(ErrorKind::kFormat, "a word of the dictionary has " +
                                          std::to_string(word.size()) +
                                          " bytes; 2 to 64 are possible");
    }
    begin_.push_back(static_cast<uint32_t>(bytes_.size()));
    bytes_ += word;
  }
  begin_.push_back(static_cast<uint32_t>(bytes_.size()));
}

Hash128 Dictionary::Hash() const {
  ByteWriter out;
  for (int64_t symbol = kByteSymbols; symbol < alphabet(); ++symbol) {
    const std::string_view word = Bytes(symbol);
    out.U8(static_cast<uint8_t>(word.size()));
    out.Bytes({reinterpret_cast<const uint8_t*>(word.data()), word.size()});
  }
  return HashBytes128(out.bytes());
}

std::string DictionaryText(const Dictionary& dictionary) {
  std::string text;
  for (int64_t s = kByteSymbols; s < dictionary.alphabet(); ++s) {
    for (const char c : dictionary.Bytes(s)) {
      if (IsPlain(c)) {
        text += c;
        continue;
      }
      const auto byte = static_cast<uint8_t>(c);
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
    text += '\n';
  }
  return text;
}

Dictionary ParseDictionary(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const int64_t line = std::ssize(words) + 1;
    if (end == std::string_view::npos) ThrowBadLine(line, "has no end");
    words.push_back(ParseWord(text.substr(0, end), line));
    if (line > 1 && words[static_cast<size_t>(line) - 2] >= words.back()) {
      ThrowBadLine(line, "is not in ascending order");
    }
    if (line > kMaxWords) ThrowBadLine(line, "is one word too many");
    text.remove_prefix(end + 1);
  }
  return Dictionary(std::move(words));
}

}  // namespace nncpp
