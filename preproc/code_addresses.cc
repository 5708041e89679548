// preproc/code_addresses.cc -- contract: preproc/code_addresses.h
#include "preproc/code_addresses.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace nncpp {
namespace {

// A number in place of another, both of so many bits, by the position that the
// distance is relative to.
struct Conversion {
  bool to_absolute;

  uint32_t operator()(uint32_t value, int64_t base, int bits) const {
    const auto by = static_cast<uint32_t>(base);
    return (to_absolute ? value + by : value - by) &
           ((uint32_t{1} << bits) - 1);
  }
};

// ---- x86: four bytes behind an opcode ---------------------------------------

constexpr size_t kX86Bytes = 4;
constexpr int kX86Bits = 25;

// What stands before an address: its length, and that of an immediate operand
// behind it.
struct Opcode {
  size_t length = 0;  // 0: there is no address
  int64_t immediate = 0;
};

Opcode OpcodeAt(CodeAddresses which, std::span<const uint8_t> code, size_t i) {
  const uint8_t first = code[i];
  const uint8_t second = i + 1 < code.size() ? code[i + 1] : 0;
  if (first == 0xE8 || first == 0xE9) return {1};
  if (first == 0x0F) return {(second & 0xF0) == 0x80 ? size_t{2} : 0};
  if (which != CodeAddresses::kX86 || (second & 0xC7) != 0x05) return {};
  switch (first) {
    case 0x03:
    case 0x39:
    case 0x3B:
    case 0x63:
    case 0x89:
    case 0x8B:
    case 0x8D:
    case 0xFF:
      return {2};
    case 0x83:
      return {2, 1};
    case 0xC7:
      return {2, 4};
    default:
      return {};
  }
}

// Distances have the low byte first, absolute addresses the high one, but for
// the last, which is all ones or zeros: the highest bit.
uint32_t X86Value(std::span<const uint8_t> x, bool absolute) {
  return uint32_t{x[absolute ? 2 : 0]} | uint32_t{x[1]} << 8 |
         uint32_t{x[absolute ? 0 : 2]} << 16 | (uint32_t{x[3]} & 1) << 24;
}

void SetX86Value(uint32_t value, bool absolute, std::span<uint8_t> x) {
  x[absolute ? 2 : 0] = static_cast<uint8_t>(value);
  x[1] = static_cast<uint8_t>(value >> 8);
  x[absolute ? 0 : 2] = static_cast<uint8_t>(value >> 16);
  x[3] = (value >> 24 & 1) != 0 ? 0xFF : 0x00;
}

// Calls use(bytes, base) if there is an address behind byte i.
template <typename Byte, typename Use>
void UseX86At(CodeAddresses which, size_t i, std::span<Byte> code, int64_t at,
              Use use) {
  const Opcode opcode = OpcodeAt(which, code, i);
  const size_t end = i + opcode.length + kX86Bytes;
  if (opcode.length == 0 || end > code.size()) return;
  if (code[end - 1] != 0x00 && code[end - 1] != 0xFF) return;
  use(code.subspan(end - kX86Bytes, kX86Bytes),
      at + static_cast<int64_t>(end) + opcode.immediate);
}

void ConvertX86(CodeAddresses which, Conversion convert, int64_t at,
                std::span<uint8_t> code) {
  const bool absolute = convert.to_absolute;
  for (size_t n = 0; n < code.size(); ++n) {
    UseX86At(which, absolute ? code.size() - 1 - n : n, code, at,
             [&](std::span<uint8_t> x, int64_t base) {
               SetX86Value(convert(X86Value(x, !absolute), base, kX86Bits),
                           absolute, x);
             });
  }
}

// ---- ARM64: fields of words -------------------------------------------------

constexpr size_t kArmBytes = 4;  // a word, at a multiple of it

uint32_t Word(std::span<const uint8_t> x) {
  return uint32_t{x[0]} | uint32_t{x[1]} << 8 | uint32_t{x[2]} << 16 |
         uint32_t{x[3]} << 24;
}

// A word with its address converted: that of a call in words (BL), or that of a
// page of 4096 bytes (ADRP), whose two lowest bits stand apart.
uint32_t ConvertedArm(uint32_t word, int64_t at, Conversion convert) {
  constexpr uint32_t kCall = 0x03FFFFFF, kHigh = 0x00FFFFE0, kLow = 0x60000000;
  if ((word & ~kCall) == 0x94000000) {
    return (word & ~kCall) | convert(word & kCall, at >> 2, 26);
  }
  if ((word & 0x9F000000) != 0x90000000) return word;
  const uint32_t page =
      convert((word & kHigh) >> 3 | (word & kLow) >> 29, at >> 12, 21);
  return (word & ~(kHigh | kLow)) | (page << 3 & kHigh) | (page << 29 & kLow);
}

// Calls use(bytes, position) for each word.
template <typename Byte, typename Use>
void ForEachWord(std::span<Byte> code, int64_t at, Use use) {
  auto i = static_cast<size_t>(-at & (kArmBytes - 1));
  for (; i + kArmBytes <= code.size(); i += kArmBytes) {
    use(code.subspan(i, kArmBytes), at + static_cast<int64_t>(i));
  }
}

void ConvertArm(Conversion convert, int64_t at, std::span<uint8_t> code) {
  ForEachWord(code, at, [&](std::span<uint8_t> x, int64_t position) {
    const uint32_t word = ConvertedArm(Word(x), position, convert);
    for (int i = 0; i < 4; ++i) {
      x[static_cast<size_t>(i)] = static_cast<uint8_t>(word >> 8 * i);
    }
  });
}

void Convert(CodeAddresses which, Conversion convert, int64_t at,
             std::span<uint8_t> code) {
  if (which == CodeAddresses::kArm64) {
    ConvertArm(convert, at, code);
  } else if (which != CodeAddresses::kNone) {
    ConvertX86(which, convert, at, code);
  }
}

// ---- where there are any ----------------------------------------------------

// How many values there are, and how many that came before, about: of those
// that share a place the last one is known.
class Repeats {
 public:
  void See(uint32_t value) {
    uint64_t& last = last_[value * 0x9E3779B1u >> (32 - kBits)];
    if (last == uint64_t{value} + 1) ++again_;
    last = uint64_t{value} + 1;
    ++all_;
  }
  int64_t again() const { return again_; }
  int64_t all() const { return all_; }

 private:
  static constexpr int kBits = 16;
  std::vector<uint64_t> last_ = std::vector<uint64_t>(size_t{1} << kBits);
  int64_t again_ = 0, all_ = 0;
};

struct Machine {
  int number;
  CodeAddresses addresses;
};

// Headers of programs: where a mark is, a number of two bytes stands behind.
struct Header {
  std::string_view mark;
  int64_t distance;  // from the mark's beginning
  Machine machines[3];
};

using namespace std::string_view_literals;
constexpr Header kHeaders[] = {
    {"\x7F\x45LF"sv,
     18,
     {{3, CodeAddresses::kX86Calls},
      {62, CodeAddresses::kX86},
      {183, CodeAddresses::kArm64}}},
    {"PE\0\0"sv,
     4,
     {{0x14C, CodeAddresses::kX86Calls},
      {0x8664, CodeAddresses::kX86},
      {0xAA64, CodeAddresses::kArm64}}},
    {"\xCF\xFA\xED\xFE"sv,  // Mach-O, 64 bits
     4,
     {{7, CodeAddresses::kX86}, {12, CodeAddresses::kArm64}, {}}},
};

// What the first such header of a machine that is known says.
CodeAddresses OfHeader(std::span<const uint8_t> head, const Header& header) {
  for (auto at = head.begin();; ++at) {
    at = std::search(
        at, head.end(), header.mark.begin(), header.mark.end(),
        [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); });
    if (head.end() - at < header.distance + 2) return CodeAddresses::kNone;
    const int number = at[header.distance] + at[header.distance + 1] * 256;
    for (const Machine& machine : header.machines) {
      if (machine.number == number && number != 0) return machine.addresses;
    }
  }
}

}  // namespace

void ToAbsolute(CodeAddresses which, std::span<uint8_t> code, int64_t at) {
  Convert(which, {.to_absolute = true}, at, code);
}

void ToRelative(CodeAddresses which, std::span<uint8_t> code, int64_t at) {
  Convert(which, {.to_absolute = false}, at, code);
}

bool AddressesRepeat(CodeAddresses which, std::span<const uint8_t> bytes,
                     int64_t at) {
  constexpr int64_t kBytesForEach = 1024, kOneIn = 4;
  constexpr Conversion kConvert = {.to_absolute = true};
  Repeats absolute, relative;
  if (which == CodeAddresses::kArm64) {
    ForEachWord(bytes, at, [&](std::span<const uint8_t> x, int64_t position) {
      const uint32_t word = Word(x);
      constexpr int64_t kElsewhere = 1 << 12;  // for calls and for pages
      if (ConvertedArm(word, kElsewhere, kConvert) == word) return;
      relative.See(word);
      absolute.See(ConvertedArm(word, position, kConvert));
    });
  } else if (which != CodeAddresses::kNone) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      UseX86At(which, i, bytes, at,
               [&](std::span<const uint8_t> x, int64_t base) {
                 const uint32_t distance = X86Value(x, /*absolute=*/false);
                 relative.See(distance);
                 absolute.See(kConvert(distance, base, kX86Bits));
               });
    }
  }
  return absolute.again() > relative.again() &&
         absolute.again() * kOneIn > absolute.all() &&
         absolute.again() * kBytesForEach > std::ssize(bytes);
}

CodeAddresses AddressesOf(std::span<const uint8_t> head) {
  for (const Header& header : kHeaders) {
    const CodeAddresses found = OfHeader(head, header);
    if (found != CodeAddresses::kNone) return found;
  }
  for (const auto which :
       {CodeAddresses::kX86, CodeAddresses::kX86Calls, CodeAddresses::kArm64}) {
    if (AddressesRepeat(which, head, 0)) return which;
  }
  return CodeAddresses::kNone;
}

}  // namespace nncpp
