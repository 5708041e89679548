// src/model/context_mixing/text_context.cc -- contract:
// src/model/context_mixing/text_context.h
#include "src/model/context_mixing/text_context.h"

#include <algorithm>
#include <string_view>

namespace nncpp {
namespace {

// The kind of a character: letters, digits, blanks and others that come in
// rows, 1 to 5, then each mark its own, then the rest.
uint64_t GroupOf(int symbol) {
  constexpr std::string_view kMarks = ",;:[](){}<>\"'=|&/-*#";
  constexpr uint64_t kFirstMark = 8, kOthers = kFirstMark + kMarks.size();
  if (symbol >= 'a' && symbol <= 'z') return 1;
  if (symbol >= 'A' && symbol <= 'Z') return 2;
  if (IsDigit(symbol)) return 3;
  if (symbol == ' ') return 4;
  if (symbol >= 128) return 5;
  if (symbol == '\n') return 6;
  if (symbol == '.' || symbol == '!' || symbol == '?') return 7;
  const size_t mark = kMarks.find(static_cast<char>(symbol));
  return mark == std::string_view::npos ? kOthers : kFirstMark + mark;
}

constexpr uint64_t kLastOfRows = 5;

uint64_t SoundOf(int lower) {
  switch (lower) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
      return 1;
    case 'y':
      return 5;
    case ' ':
    case '.':
    case ',':
    case '\n':
      return 3;
    default:
      return IsLetter(lower) ? 2 : IsDigit(lower) ? 4 : 7;
  }
}

bool IsControl(int symbol) {
  return symbol < 32 && symbol != '\t' && symbol != '\n' && symbol != '\r';
}

template <typename T>
std::span<uint8_t> BytesOf(Table<T>& table) {
  return {reinterpret_cast<uint8_t*>(table.data()), table.size() * sizeof(T)};
}

}  // namespace

std::vector<std::span<uint8_t>> Associations::State() {
  return {BytesOf(third_), BytesOf(fourth_), BytesOf(next_word_),
          BytesOf(word_place_)};
}

void TextContext::Push(uint16_t symbol, uint64_t word, uint64_t order3,
                       uint64_t order4, uint64_t position, Associations& past) {
  past.AfterThird(order3) = symbol;
  past.AfterFourth(order4) = symbol;
  controls += (IsControl(symbol) ? 1 << 10 : 0) - controls / 64;
  const int small = LowerCase(symbol);
  lower = lower << 8 | static_cast<uint64_t>(small);
  sounds = sounds << 3 | SoundOf(small);
  const uint64_t group = GroupOf(symbol);
  if (group > kLastOfRows || group != groups % 32) groups = groups << 5 | group;
  if (IsLetter(symbol) || IsDigit(symbol)) {
    PushToken(symbol);
  } else {
    PushOther(symbol, word, position, past);
  }
  PushLine(symbol);
}

void TextContext::PushToken(uint16_t symbol) {
  const auto small = static_cast<uint64_t>(LowerCase(symbol));
  if (token_length == 0) {
    gap_before = gap;
    gap = letters = 0;
    first = small;
    capitals = capitals << 1 | (symbol != small ? 1 : 0);
  }
  ++token_length;
  letters = letters << 8 | small;
}

void TextContext::PushOther(uint16_t symbol, uint64_t word, uint64_t position,
                            Associations& past) {
  if (token_length != 0) {
    const uint64_t token = word != 0 ? word : MixHash(letters);
    past.NextWord(last_word) = static_cast<uint32_t>(token >> 32);
    past.WordPlace(token) = static_cast<uint32_t>(position);
    last_word = token;
    expression[1] = expression[0];
    expression[0] = token;
    if (symbol == ':' || symbol == '=') key = token;
    token_length = 0;
  }
  if (symbol != ' ') {
    marks = marks << 8 | symbol;
    if (symbol != '\n') expression[0] = expression[1] = 0;
  }
  gap = MixHash(gap + (symbol == '\n' ? ' ' : symbol) + 1);
}

void TextContext::PushLine(uint16_t symbol) {
  if (symbol == '<') {
    in_tag = 1;
    tag_name = 0;
  } else if (symbol == '>' || symbol == ' ') {
    if (in_tag != 0 && tag_name != 0) tag = tag_name;
    in_tag = 0;
  } else if (in_tag != 0) {
    tag_name = MixHash(tag_name + symbol + 1);
  }
  if (symbol == '\n') {
    indent_before = indent;
    indent = 0;
    in_indent = 1;
  } else if (symbol == ' ' || symbol == '\t') {
    indent += in_indent;
  } else {
    in_indent = 0;
  }
}

}  // namespace nncpp
