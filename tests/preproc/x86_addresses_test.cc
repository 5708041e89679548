// tests/preproc/x86_addresses_test.cc -- addresses in code, absolute and back.
#include "preproc/x86_addresses.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/codec_runs.h"

namespace nncpp {
namespace {

constexpr X86Addresses kNone = X86Addresses::kNone;
constexpr X86Addresses kCalls = X86Addresses::kCalls;
constexpr X86Addresses kAll = X86Addresses::kAll;

Octets Absolute(Octets code, int64_t at = 0, X86Addresses which = kAll) {
  X86ToAbsolute(which, code, at);
  return code;
}

Octets Relative(Octets code, int64_t at = 0, X86Addresses which = kAll) {
  X86ToRelative(which, code, at);
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
      EXPECT_EQ(Absolute(code, 7, kAll) != code, jump || operand || call)
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
      for (const X86Addresses which : {kCalls, kAll}) {
        const Octets absolute = Absolute(code, at, which);
        EXPECT_EQ(Relative(absolute, at, which), code) << seed;
        EXPECT_EQ(Absolute(Relative(code, at, which), at, which), code) << seed;
        changed += absolute != code ? 1 : 0;
      }
    }
  }
  EXPECT_GT(changed, 1000);  // of 2400
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
    const int64_t distance = 5000 + i % 3 * 100 - std::ssize(code) - 4;
    for (int shift = 0; shift < 32; shift += 8) {
      code.push_back(static_cast<uint8_t>(distance >> shift));
    }
  }
  return code;
}

TEST(X86AddressesRepeat, WhereTheSameIsCalledFromManyPlaces) {
  const auto repeat = [](const Octets& bytes) {
    EXPECT_EQ(X86AddressesRepeat(kCalls, bytes),
              X86AddressesRepeat(kAll, bytes));
    return X86AddressesRepeat(kAll, bytes);
  };
  EXPECT_TRUE(repeat(Calls(100)));
  EXPECT_FALSE(repeat({}));
  EXPECT_FALSE(repeat(Alice(50000)));
  EXPECT_FALSE(repeat(RandomOctets(100000, 1)));
  EXPECT_FALSE(repeat(Octets(100000, 0)));
  EXPECT_FALSE(repeat(Octets(100000, 0xE8)));
  // Equal distances, as of code that is not linked yet.
  Octets unlinked;
  for (int i = 0; i < 1000; ++i) {
    const Octets call = {0x48, 0x89, 0xC7, 0xE8, 0, 0, 0, 0};
    unlinked.insert(unlinked.end(), call.begin(), call.end());
  }
  EXPECT_FALSE(repeat(unlinked));
}

TEST(X86AddressesOf, GoesByTheHeadersOfPrograms) {
  Octets head(1000, 'x');
  EXPECT_EQ(X86AddressesOf(head), kNone);
  EXPECT_EQ(X86AddressesOf(Calls(100)), kAll);
  const auto with = [&](int64_t at, std::string_view mark, int64_t distance,
                        uint8_t low, uint8_t high) {
    Octets changed = head;
    std::copy(mark.begin(), mark.end(), changed.begin() + at);
    changed[static_cast<size_t>(at + distance)] = low;
    changed[static_cast<size_t>(at + distance + 1)] = high;
    return X86AddressesOf(changed);
  };
  constexpr std::string_view kElf = "\x7F\x45LF";
  constexpr std::string_view kPe = {"PE\0\0", 4};
  EXPECT_EQ(with(0, kElf, 18, 62, 0), kAll);
  EXPECT_EQ(with(512, kElf, 18, 3, 0), kCalls);
  EXPECT_EQ(with(0, kElf, 18, 183, 0), kNone);
  EXPECT_EQ(with(980, kElf, 18, 62, 0), kAll);
  EXPECT_EQ(with(128, kPe, 4, 0x64, 0x86), kAll);
  EXPECT_EQ(with(128, kPe, 4, 0x4C, 0x01), kCalls);
  EXPECT_EQ(with(128, kPe, 4, 0x64, 0xAA), kNone);
  head.resize(20);
  std::copy(kElf.begin(), kElf.end(), head.begin() + 1);
  EXPECT_EQ(X86AddressesOf(head), kNone);
}

}  // namespace
}  // namespace nncpp
