// preproc/x86_addresses.cc -- contract: preproc/x86_addresses.h
#include "preproc/x86_addresses.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace nncpp {
namespace {

constexpr size_t kBytes = 4;  // of an address
constexpr uint32_t kMask = (uint32_t{1} << 25) - 1;

// What stands before an address: its length, and that of an immediate operand
// behind it.
struct Opcode {
  size_t length = 0;  // 0: there is no address
  int64_t immediate = 0;
};

Opcode OpcodeAt(X86Addresses which, std::span<const uint8_t> code, size_t i) {
  const uint8_t first = code[i];
  const uint8_t second = i + 1 < code.size() ? code[i + 1] : 0;
  if (first == 0xE8 || first == 0xE9) return {1};
  if (first == 0x0F) return {(second & 0xF0) == 0x80 ? size_t{2} : 0};
  if (which != X86Addresses::kAll || (second & 0xC7) != 0x05) return {};
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

// Calls convert(address, base) if there is one behind byte i: four bytes, and
// the position that they are relative to.
template <typename Byte, typename Convert>
void ConvertAt(X86Addresses which, size_t i, std::span<Byte> code, int64_t at,
               Convert convert) {
  const Opcode opcode = OpcodeAt(which, code, i);
  const size_t end = i + opcode.length + kBytes;
  if (opcode.length == 0 || end > code.size()) return;
  if (code[end - 1] != 0x00 && code[end - 1] != 0xFF) return;
  const int64_t base = at + static_cast<int64_t>(end) + opcode.immediate;
  convert(code.subspan(end - kBytes, kBytes), static_cast<uint32_t>(base));
}

uint32_t LowFirst(std::span<const uint8_t> x) {
  return x[0] | uint32_t{x[1]} << 8 | uint32_t{x[2]} << 16 |
         (uint32_t{x[3]} & 1) << 24;
}

uint32_t HighFirst(std::span<const uint8_t> x) {
  return uint32_t{x[0]} << 16 | uint32_t{x[1]} << 8 | x[2] |
         (uint32_t{x[3]} & 1) << 24;
}

uint8_t Sign(uint32_t value) { return (value >> 24 & 1) != 0 ? 0xFF : 0x00; }

// How often a value comes that came before, about: of those that share a place
// the last one is known.
class Repeats {
 public:
  void See(uint32_t value) {
    uint32_t& last = last_[value * 0x9E3779B1u >> (32 - kBits)];
    if (last == value + 1) ++count_;
    last = value + 1;
  }
  int64_t count() const { return count_; }

 private:
  static constexpr int kBits = 16;
  std::vector<uint32_t> last_ = std::vector<uint32_t>(size_t{1} << kBits);
  int64_t count_ = 0;
};

// What a number of two bytes, `distance` after `mark`, says where it says
// something: the number of the machine that a program is for.
X86Addresses OfHeader(std::span<const uint8_t> head, std::string_view mark,
                      int64_t distance, int machine32, int machine64) {
  for (auto at = head.begin();; ++at) {
    at = std::search(at, head.end(), mark.begin(), mark.end());
    if (head.end() - at < distance + 2) return X86Addresses::kNone;
    const int machine = at[distance] + at[distance + 1] * 256;
    if (machine == machine32) return X86Addresses::kCalls;
    if (machine == machine64) return X86Addresses::kAll;
  }
}

}  // namespace

void X86ToAbsolute(X86Addresses which, std::span<uint8_t> code, int64_t at) {
  for (size_t i = code.size(); i-- > 0;) {
    ConvertAt(which, i, code, at, [](std::span<uint8_t> x, uint32_t base) {
      const uint32_t value = (LowFirst(x) + base) & kMask;
      x[0] = static_cast<uint8_t>(value >> 16);
      x[1] = static_cast<uint8_t>(value >> 8);
      x[2] = static_cast<uint8_t>(value);
      x[3] = Sign(value);
    });
  }
}

void X86ToRelative(X86Addresses which, std::span<uint8_t> code, int64_t at) {
  for (size_t i = 0; i < code.size(); ++i) {
    ConvertAt(which, i, code, at, [](std::span<uint8_t> x, uint32_t base) {
      const uint32_t value = (HighFirst(x) - base) & kMask;
      x[0] = static_cast<uint8_t>(value);
      x[1] = static_cast<uint8_t>(value >> 8);
      x[2] = static_cast<uint8_t>(value >> 16);
      x[3] = Sign(value);
    });
  }
}

bool X86AddressesRepeat(X86Addresses which, std::span<const uint8_t> bytes) {
  constexpr int64_t kBytesForEach = 1024;
  Repeats absolute, relative;
  for (size_t i = 0; i < bytes.size(); ++i) {
    ConvertAt(which, i, bytes, 0,
              [&](std::span<const uint8_t> x, uint32_t base) {
                relative.See(LowFirst(x));
                absolute.See((LowFirst(x) + base) & kMask);
              });
  }
  return absolute.count() > relative.count() &&
         absolute.count() * kBytesForEach > std::ssize(bytes);
}

X86Addresses X86AddressesOf(std::span<const uint8_t> head) {
  using namespace std::string_view_literals;
  const auto elf = OfHeader(head, "\x7F\x45LF"sv, 18, 3, 62);
  if (elf != X86Addresses::kNone) return elf;
  const auto pe = OfHeader(head, "PE\0\0"sv, 4, 0x14C, 0x8664);
  if (pe != X86Addresses::kNone) return pe;
  for (const auto which : {X86Addresses::kAll, X86Addresses::kCalls}) {
    if (X86AddressesRepeat(which, head)) return which;
  }
  return X86Addresses::kNone;
}

}  // namespace nncpp
