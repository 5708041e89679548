// src/model/context_mixing/stream_context.cc -- contract:
// src/model/context_mixing/stream_context.h
#include "src/model/context_mixing/stream_context.h"

#include <algorithm>

namespace nncpp {
namespace {

bool IsLetter(int symbol) {
  return (symbol >= 'a' && symbol <= 'z') || (symbol >= 'A' && symbol <= 'Z') ||
         (symbol >= 128 && symbol < 256);
}

int Lower(int symbol) {
  return symbol >= 'A' && symbol <= 'Z' ? symbol + 32 : symbol;
}

// What kind of character a byte is, 0 to 15.
int ClassOf(int symbol) {
  if (symbol >= 'a' && symbol <= 'z') return 1;
  if (symbol >= 'A' && symbol <= 'Z') return 2;
  if (symbol >= '0' && symbol <= '9') return 3;
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

}  // namespace

void StreamContext::Push(uint16_t symbol) {
  std::copy_backward(recent, recent + kRecent - 1, recent + kRecent);
  recent[0] = symbol;
  ++position;
  for (int k = kOrders; k >= 1; --k) {
    order[k] = MixHash(order[k - 1] + symbol + 1);
  }
  classes = classes << 4 | static_cast<uint64_t>(ClassOf(symbol));
  if (IsLetter(symbol)) {
    word = MixHash(word + static_cast<uint64_t>(Lower(symbol)) + 1);
  } else if (word != 0) {
    words[2] = words[1];
    words[1] = words[0];
    words[0] = word;
    word = 0;
  }
  if (symbol == '\n') {
    line_before = line;
    line = position;
  }
}

}  // namespace nncpp
