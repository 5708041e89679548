// preproc/capitals.cc -- contract: preproc/capitals.h
#include "preproc/capitals.h"

#include "src/base/error.h"

namespace nncpp {
namespace {

// Bytes that text hardly holds.
constexpr uint8_t kCapital = 1;  // the next letter is a capital
constexpr uint8_t kUpper = 2;    // so are all letters up to the next other byte
constexpr uint8_t kEnd = 3;      // of the letters that kUpper speaks of
constexpr uint8_t kEscape = 4;   // the next byte stands for itself

bool IsCapital(uint8_t byte) { return byte >= 'A' && byte <= 'Z'; }
bool IsSmall(uint8_t byte) { return byte >= 'a' && byte <= 'z'; }
bool IsFlag(uint8_t byte) { return byte >= kCapital && byte <= kEscape; }
uint8_t Small(uint8_t capital) { return static_cast<uint8_t>(capital + 32); }
uint8_t Large(uint8_t small) { return static_cast<uint8_t>(small - 32); }

// The capitals from `at` on.
size_t CountCapitals(std::span<const uint8_t> bytes, size_t at) {
  size_t count = 0;
  while (at + count < bytes.size() && IsCapital(bytes[at + count])) ++count;
  return count;
}

// Flags that lead nowhere.
[[noreturn]] void ThrowMisplaced() {
  throw Error(ErrorKind::kFormat, "a flag of capitals is out of place");
}

}  // namespace

void EncodeCapitals(std::span<const uint8_t> bytes, std::vector<uint8_t>& out) {
  for (size_t i = 0; i < bytes.size();) {
    const bool space =
        bytes[i] == ' ' && i + 1 < bytes.size() && IsCapital(bytes[i + 1]);
    if (!space && !IsCapital(bytes[i])) {
      if (IsFlag(bytes[i])) out.push_back(kEscape);
      out.push_back(bytes[i++]);
      continue;
    }
    const size_t first = i + (space ? 1 : 0);
    const size_t count = CountCapitals(bytes, first);
    out.push_back(count == 1 ? kCapital : kUpper);
    if (space) out.push_back(' ');
    for (i = first; i < first + count; ++i) out.push_back(Small(bytes[i]));
    if (count > 1 && i < bytes.size() && IsSmall(bytes[i])) {
      out.push_back(kEnd);
    }
  }
}

void DecodeCapitals(std::span<const uint8_t> bytes, std::vector<uint8_t>& out) {
  for (size_t i = 0; i < bytes.size();) {
    const uint8_t flag = bytes[i];
    if (!IsFlag(flag)) {
      out.push_back(flag);
      ++i;
      continue;
    }
    ++i;
    if (flag == kEscape) {
      if (i == bytes.size() || !IsFlag(bytes[i])) ThrowMisplaced();
      out.push_back(bytes[i++]);
      continue;
    }
    if (flag == kEnd) ThrowMisplaced();
    if (i < bytes.size() && bytes[i] == ' ') out.push_back(bytes[i++]);
    const size_t first = i;
    while (i < bytes.size() && IsSmall(bytes[i])) {
      out.push_back(Large(bytes[i++]));
      if (flag == kCapital) break;
    }
    if (i - first < (flag == kCapital ? 1u : 2u)) ThrowMisplaced();
    if (flag == kUpper && i + 1 < bytes.size() && bytes[i] == kEnd &&
        IsSmall(bytes[i + 1])) {
      ++i;
    }
  }
}

}  // namespace nncpp
