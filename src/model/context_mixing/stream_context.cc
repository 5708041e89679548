// src/model/context_mixing/stream_context.cc -- contract:
// src/model/context_mixing/stream_context.h
#include "src/model/context_mixing/stream_context.h"

#include <algorithm>

namespace nncpp {
namespace {

// What kind of character a byte is, 0 to 15.
int ClassOf(int symbol) {
  if (symbol >= 'a' && symbol <= 'z') return 1;
  if (symbol >= 'A' && symbol <= 'Z') return 2;
  if (IsDigit(symbol)) return 3;
  switch (symbol) {
    case ' ':
      return 4;
    case '\n':
      return 5;
    case '.':
    case '!':
    case '?':
      return 6;
    case ',':
    case ';':
    case ':':
      return 7;
    case '\'':
    case '"':
      return 8;
    case '(':
    case '[':
    case '{':
    case '<':
      return 9;
    case ')':
    case ']':
    case '}':
    case '>':
      return 10;
    case '=':
    case '&':
    case '|':
    case '/':
      return 11;
    default:
      break;
  }
  if (symbol == 0) return 15;
  if (symbol < 32) return 12;
  return symbol < 128 ? 13 : 14;
}

bool Opens(int symbol) { return ClassOf(symbol) == 9; }

bool Closes(int symbol) { return ClassOf(symbol) == 10; }

}  // namespace

void StreamContext::Begin(uint64_t start) {
  *this = {};
  position = line = line_before = start;
}

void StreamContext::Push(uint16_t symbol) {
  if (symbol < 256 && recent[0] < 256) {
    uint64_t& after = followed[recent[0]];
    after = after << 8 | symbol;
  }
  std::copy_backward(recent, recent + kRecent - 1, recent + kRecent);
  recent[0] = symbol;
  ++position;
  for (int k = kOrders; k >= 1; --k) {
    order[k] = MixHash(order[k - 1] + symbol + 1);
  }
  classes = classes << 4 | static_cast<uint64_t>(ClassOf(symbol));
  PushText(symbol);
}

void StreamContext::PushText(uint16_t symbol) {
  if (IsLetter(symbol)) {
    const auto letter = static_cast<uint64_t>(LowerCase(symbol));
    word = MixHash(word + letter + 1);
    if (++word_length == 1) capital = symbol < 'a' ? 1 : 0;
  } else if (word != 0) {
    word_before = word;
    word = 0;
    word_length = 0;
  }
  if (Opens(symbol)) {
    linked = word_before;
    brackets = brackets << 8 | symbol;
  } else if (Closes(symbol) || symbol == '\n') {
    brackets >>= 8;
  } else if (symbol == '&' || symbol == '=') {
    brackets = brackets << 8 | symbol;
  } else if (symbol == ';') {
    brackets >>= 8;
  }
  if (position <= line + 2) line_start = line_start << 8 | symbol;
  if (symbol == '\n') {
    line_before = line;
    line = position;
    line_start = 0;
  }
}

}  // namespace nncpp
