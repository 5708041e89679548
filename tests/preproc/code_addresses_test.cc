// tests/preproc/code_addresses_test.cc -- addresses in code, absolute and back.
#include "preproc/code_addresses.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/codec_runs.h"

namespace nncpp {
namespace {

constexpr CodeAddresses kNone = CodeAddresses::kNone;
constexpr CodeAddresses kCalls = CodeAddresses::kX86Calls;
constexpr CodeAddresses kX86 = CodeAddresses::kX86;
constexpr CodeAddresses kArm64 = CodeAddresses::kArm64;

Octets Absolute(Octets code, int64_t at = 0, CodeAddresses which = kX86) {
  ToAbsolute(which, code, at);
  return code;
}

Octets Relative(Octets code, int64_t at = 0, CodeAddresses which = kX86) {
  ToRelative(which, code, at);
  return code;
}

TEST(X86Addresses, StandHighByteFirst) {
  // call +0x10203 at 1000: 1005 + 0x10203.
  EXPECT_EQ(Absolute({0xE8, 3, 2, 1, 0}, 1000),
            (Octets{0xE8, 1, 0x05, 0xF0, 0}));
  // jmp -2 at 5: 10 - 2; at 0, 5 - 6 = -1.
  EXPECT_EQ(Absolute({0xE9, 0xFE, 0xFF, 0xFF, 0xFF}, 5),
            (Octets{0xE9, 0, 0, 8, 0}));
  EXPECT_EQ(Absolute({0xE9, 0xFA, 0xFF, 0xFF, 0xFF}),
            (Octets{0xE9, 0xFF, 0xFF, 0xFF, 0xFF}));
}

TEST(X86Addresses, FollowTheOpcodesThatAreNamed) {
  const auto changes = [](Octets code) { return Absolute(code, 7) != code; };
  const std::string_view operands = "\x03\x39\x3B\x63\x83\x89\x8B\x8D\xC7\xFF";
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const auto a = static_cast<uint8_t>(first);
      const auto b = static_cast<uint8_t>(second);
      const bool jump = a == 0x0F && b >= 0x80 && b <= 0x8F;
      const bool operand =
          (b & 0xC7) == 5 &&
          operands.find(static_cast<char>(a)) != std::string_view::npos;
      const bool call = b == 0xE8 || b == 0xE9;
      const Octets code = {a, b, 9, 9, 9, 0};
      EXPECT_EQ(Absolute(code, 7, kX86) != code, jump || operand || call)
          << first << ' ' << second;
      EXPECT_EQ(Absolute(code, 7, kCalls) != code, jump || call)
          << first << ' ' << second;
    }
  }
  EXPECT_TRUE(changes({0xE8, 9, 9, 9, 0xFF}));
  EXPECT_TRUE(changes({0xE9, 9, 9, 9, 0}));
  EXPECT_FALSE(changes({0xE8, 9, 9, 9, 1}));
  EXPECT_FALSE(changes({0xE8, 9, 9, 9}));
  EXPECT_FALSE(changes({0x0F, 0x84, 9, 9, 9}));
  EXPECT_FALSE(changes({0x8D}));
}

// mov $1, v(%rip); cmpb $1, v(%rip); mov v(%rip), %eax: one v.
TEST(X86Addresses, CountWhatFollowsAsAnOperand) {
  const auto address = [](Octets code) {
    const Octets all = Absolute(code, 100);
    return Octets(all.begin() + 2, all.begin() + 6);
  };
  const Octets loaded = address({0x8B, 0x05, 50, 0, 0, 0});
  EXPECT_EQ(address({0xC7, 0x05, 46, 0, 0, 0, 1, 0, 0, 0}), loaded);
  EXPECT_EQ(address({0x83, 0x3D, 49, 0, 0, 0, 1}), loaded);
}

uint32_t ArmWord(uint32_t word, int64_t at) {
  Octets bytes;
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<uint8_t>(word >> shift));
  }
  ToAbsolute(kArm64, bytes, at);
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | uint32_t{bytes[3]} << 24;
}

// BL: words from here. ADRP: pages, the two lowest bits in bits 29 and 30.
TEST(ArmAddresses, AreOfCallsAndPages) {
  EXPECT_EQ(ArmWord(0x94000003, 0x1000), 0x94000403u);
  EXPECT_EQ(ArmWord(0x97FFFFFF, 4), 0x94000000u);
  EXPECT_EQ(ArmWord(0x90000000, 0x5FFC), 0x90000000u | 1 << 5 | 1u << 29);
  EXPECT_EQ(ArmWord(0xF0FFFFFF, 0x1000), 0x9000001Fu);
  for (const uint32_t other : {0x14000003u, 0x10000000u, 0xD503201Fu}) {
    EXPECT_EQ(ArmWord(other, 0x1000), other);
  }
}

TEST(ArmAddresses, StandAtMultiplesOfFour) {
  const Octets call = {3, 0, 0, 0x94};
  for (int64_t at = 4096; at < 4104; ++at) {
    EXPECT_EQ(Absolute(call, at, kArm64) != call, at % 4 == 0) << at;
    Octets later(static_cast<size_t>(-at & 3));
    later.insert(later.end(), call.begin(), call.end());
    EXPECT_NE(Absolute(later, at, kArm64), later) << at;
  }
}

// Most bytes are such as opcodes, their operands and signs have.
Octets Codelike(int64_t size, uint64_t seed) {
  constexpr uint8_t kLikely[] = {0xE8, 0xE9, 0x0F, 0x84, 0x8B, 0x05,
                                 0x0D, 0x83, 0xC7, 0xFF, 0x00, 0x00,
                                 0xFF, 0x00, 0x8D, 0x3D};
  Octets bytes = RandomOctets(size, seed);
  for (uint8_t& byte : bytes) {
    if (byte % 8 != 0) byte = kLikely[byte / 16];
  }
  return bytes;
}

TEST(X86Addresses, ComeBackFromWhateverIsThere) {
  int64_t changed = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Octets code = Codelike(static_cast<int64_t>(seed % 60), seed);
    for (const int64_t at :
         {int64_t{0}, int64_t{1} << 20, (1 << 25) - 20L, int64_t{1} << 33}) {
      for (const CodeAddresses which : {kNone, kCalls, kX86, kArm64}) {
        const Octets absolute = Absolute(code, at, which);
        EXPECT_EQ(Relative(absolute, at, which), code) << seed;
        EXPECT_EQ(Absolute(Relative(code, at, which), at, which), code) << seed;
        changed += absolute != code ? 1 : 0;
      }
    }
  }
  EXPECT_GT(changed, 1000);  // of 4800
  const Octets text = Alice(20000);
  EXPECT_EQ(Relative(Absolute(text)), text);
}

// Calls of three functions from many places, with other bytes between.
Octets Calls(int64_t count) {
  Octets code;
  for (int64_t i = 0; i < count; ++i) {
    const Octets between = RandomOctets(20, static_cast<uint64_t>(i));
    for (const uint8_t byte : between) code.push_back(byte % 200);
    code.push_back(0xE8);
    const int64_t distance = 5000 + i % 3 * 101 - std::ssize(code) - 4;
    for (int shift = 0; shift < 32; shift += 8) {
      code.push_back(static_cast<uint8_t>(distance >> shift));
    }
  }
  return code;
}

void Append(const Octets& bytes, int64_t times, Octets& to) {
  for (int64_t i = 0; i < times; ++i) {
    to.insert(to.end(), bytes.begin(), bytes.end());
  }
}

TEST(AddressesRepeat, WhereTheSameIsCalledFromManyPlaces) {
  const auto repeat = [](const Octets& bytes) {
    EXPECT_EQ(AddressesRepeat(kCalls, bytes, 0),
              AddressesRepeat(kX86, bytes, 0));
    return AddressesRepeat(kX86, bytes, 0);
  };
  EXPECT_TRUE(repeat(Calls(100)));
  EXPECT_FALSE(repeat({}));
  EXPECT_FALSE(repeat(Alice(50000)));
  EXPECT_FALSE(repeat(RandomOctets(100000, 1)));
  EXPECT_FALSE(repeat(Octets(100000, 0)));
  EXPECT_FALSE(repeat(Octets(100000, 0xE8)));
  // Fewer than one in a kilobyte.
  Octets rare = Calls(6);
  Append({'x'}, 1000, rare);
  EXPECT_TRUE(repeat(rare));
  Append({'x'}, 5000, rare);
  EXPECT_FALSE(repeat(rare));
  // More equal distances, as of code that is not linked yet.
  Octets unlinked = Calls(100);
  Append({0x48, 0x89, 0xC7, 0xE8, 0, 0, 0, 0}, 50, unlinked);
  EXPECT_TRUE(repeat(unlinked));
  Append({0x48, 0x89, 0xC7, 0xE8, 0, 0, 0, 0}, 100, unlinked);
  EXPECT_FALSE(repeat(unlinked));
  // Numbers behind E9, each of them once, some of which meet by chance.
  Octets numbers;
  for (int64_t i = 0; i < 3000; ++i) {
    const auto number = static_cast<uint32_t>(i * 1237 % 3001 * 7);
    const auto low = static_cast<uint8_t>(number);
    Append({0xE9, low, static_cast<uint8_t>(number >> 8), 0, 0}, 1, numbers);
  }
  EXPECT_FALSE(repeat(numbers));
}

// Calls of one function from every second word.
TEST(AddressesRepeat, InCodeForArmAlike) {
  Octets code(4096);
  for (size_t i = 0; i < code.size(); i += 8) {
    const auto words = static_cast<uint32_t>(code.size() - i) / 4;
    for (size_t j = 0; j < 4; ++j) {
      code[i + j] = static_cast<uint8_t>((0x94000000 | words) >> 8 * j);
    }
  }
  EXPECT_TRUE(AddressesRepeat(kArm64, code, 0));
  EXPECT_FALSE(AddressesRepeat(kArm64, code, 2));
  EXPECT_FALSE(AddressesRepeat(kArm64, Alice(50000), 0));
  EXPECT_FALSE(AddressesRepeat(kNone, code, 0));
  EXPECT_EQ(AddressesOf(code), kArm64);
  for (size_t i = 0; i < code.size(); i += 8) code[i] = code[i + 1] = 0;
  EXPECT_FALSE(AddressesRepeat(kArm64, code, 0));
}

TEST(AddressesOf, GoesByTheHeadersOfPrograms) {
  Octets head(1000, 'x');
  EXPECT_EQ(AddressesOf(head), kNone);
  EXPECT_EQ(AddressesOf(Calls(100)), kX86);
  // Operands that repeat as they are.
  Octets of_32_bits = Calls(100);
  Append({0x8B, 0x0D, 0x40, 0x30, 0x12, 0}, 200, of_32_bits);
  EXPECT_EQ(AddressesOf(of_32_bits), kCalls);
  const auto with = [&](int64_t at, std::string_view mark, int64_t distance,
                        uint8_t low, uint8_t high) {
    Octets changed = head;
    std::copy(mark.begin(), mark.end(), changed.begin() + at);
    changed[static_cast<size_t>(at + distance)] = low;
    changed[static_cast<size_t>(at + distance + 1)] = high;
    return AddressesOf(changed);
  };
  constexpr std::string_view kElf = "\x7F\x45LF";
  constexpr std::string_view kPe = {"PE\0\0", 4};
  EXPECT_EQ(with(0, kElf, 18, 62, 0), kX86);
  EXPECT_EQ(with(512, kElf, 18, 3, 0), kCalls);
  EXPECT_EQ(with(0, kElf, 18, 183, 0), kArm64);
  EXPECT_EQ(with(0, kElf, 18, 8, 0), kNone);
  EXPECT_EQ(with(4, "\xCF\xFA\xED\xFE", 4, 7, 0), kX86);
  EXPECT_EQ(with(4, "\xCF\xFA\xED\xFE", 4, 12, 0), kArm64);
  EXPECT_EQ(with(4, "\xCF\xFA\xED\xFE", 4, 0, 0), kNone);
  EXPECT_EQ(with(980, kElf, 18, 62, 0), kX86);
  EXPECT_EQ(with(128, kPe, 4, 0x64, 0x86), kX86);
  EXPECT_EQ(with(128, kPe, 4, 0x4C, 0x01), kCalls);
  EXPECT_EQ(with(128, kPe, 4, 0x64, 0xAA), kArm64);
  EXPECT_EQ(with(128, kPe, 4, 0x64, 0xAB), kNone);
  head.resize(20);
  std::copy(kElf.begin(), kElf.end(), head.begin() + 1);
  EXPECT_EQ(AddressesOf(head), kNone);
}

}  // namespace
}  // namespace nncpp
