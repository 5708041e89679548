// tests/codec/addresses_test.cc -- code with its addresses made absolute.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "src/codec/preparation.h"
#include "tests/support/checkpoints.h"
#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"
#include "tests/support/part_runs.h"
#include "tests/support/resign.h"

namespace nncpp {
namespace {

CodecOptions WithAddresses() {
  CodecOptions options = OneThread();
  options.prep.addresses = true;
  return options;
}

// Calls of few functions from many places, behind the header of a program.
Octets Program(int64_t calls) {
  Octets code(64);
  const Octets header = {0x7F, 'E', 'L', 'F'};
  std::copy(header.begin(), header.end(), code.begin());
  code[18] = 62;
  for (int64_t i = 0; i < calls; ++i) {
    for (const uint8_t byte : {0x48, 0x89, 0xDF, 0xE8}) code.push_back(byte);
    const int64_t distance = i * i % 5 * 64 - std::ssize(code) - 4;
    for (int shift = 0; shift < 32; shift += 8) {
      code.push_back(static_cast<uint8_t>(distance >> shift));
    }
  }
  return code;
}

TEST(Addresses, AreTheSymbolsOfBlocksWhereTheyRepeat) {
  const Octets code = Program(1000);
  const ModelConfig config = ProfileConfig("tiny");
  const Preparation chosen =
      Preparation::Choose(code, std::ssize(code), config, WithAddresses().prep);
  EXPECT_EQ(chosen.Field(), (Octets{0x40, 2}));
  EXPECT_EQ(Preparation::SymbolsOf(chosen.Field()), "bytes");
  std::vector<uint16_t> symbols;
  EXPECT_FALSE(chosen.ToSymbols(code, 100, config, symbols));
  EXPECT_FALSE(std::equal(code.begin(), code.end(), symbols.begin()));
  EXPECT_EQ(chosen.ToBytes(symbols, false, 100, std::ssize(code)), code);
  EXPECT_NE(chosen.ToBytes(symbols, false, 101, std::ssize(code)), code);
  const Octets text = Alice(3000);
  EXPECT_TRUE(chosen.ToSymbols(text, 100, config, symbols));
  EXPECT_TRUE(std::equal(text.begin(), text.end(), symbols.begin()));
  EXPECT_EQ(chosen.ToBytes(symbols, true, 100, std::ssize(text)), text);
  EXPECT_TRUE(chosen.Fits(5, 5, true));
  EXPECT_TRUE(chosen.Fits(5, 5, false));
  EXPECT_FALSE(chosen.Fits(4, 5, false));
}

TEST(Addresses, AreNotLookedForInTextNorBesideWords) {
  const auto field = [](const Octets& head, const PrepOptions& options) {
    return Preparation::Choose(head, std::ssize(head), ProfileConfig("tiny"),
                               options)
        .Field();
  };
  EXPECT_TRUE(field(Alice(3000), WithAddresses().prep).empty());
  EXPECT_TRUE(field(Program(1000), PrepOptions()).empty());
  PrepOptions words = WithAddresses().prep;
  words.dictionary =
      std::make_shared<Dictionary>(std::vector<std::string>{"and", "the"});
  EXPECT_EQ(field(Program(1000), words).front(), 0x02);
  for (const Octets& unknown :
       {Octets{0x41, 1}, {0x42, 1}, {0x48, 1}, {0x80}, {0x40, 0}, {0x40, 6}}) {
    ExpectError(ErrorKind::kUnsupported, "not know",
                [&] { Preparation::Parse(unknown, PrepOptions()); });
  }
  for (const Octets& known :
       {Octets{0x40, 1}, {0x40, 2}, {0x40, 3}, {0x40, 4}, {0x40, 5}}) {
    EXPECT_EQ(Preparation::Parse(known, PrepOptions()).Field(), known);
  }
  EXPECT_TRUE(
      RefusesArchive([&] { Preparation::Parse(Octets{0x40}, PrepOptions()); }));
}

TEST(Addresses, MakeCodeSmallerAndComeBack) {
  Octets original = Program(3000);
  const ModelConfig config = ProfileConfig("tiny");
  const Octets without = CompressBytes(original, config);
  const Octets archive = CompressBytes(original, config, WithAddresses());
  EXPECT_LT(archive.size() * 2, without.size());
  EXPECT_EQ(DecompressBytes(archive), original);
  EXPECT_EQ(DecompressBytes(without), original);
}

// Positions go on from block to block; blocks of text stay as they are.
TEST(Addresses, ComeBackFromManyBlocksAndParts) {
  ModelConfig config = ProfileConfig("tiny");
  config.block_symbols = 4000;
  Octets original = Program(2000);
  const Octets text = Alice(6000), more = Program(1500);
  original.insert(original.end(), text.begin(), text.end());
  original.insert(original.end(), more.begin(), more.end());
  for (const bool known : {true, false}) {
    const Octets archive =
        CompressBytes(original, config, WithAddresses(), known);
    EXPECT_EQ(DecompressBytes(archive), original);
  }
  for (const bool independent : {true, false}) {
    const auto parts = CompressParts(original, config,
                                     {.count = 3, .independent = independent},
                                     WithAddresses());
    EXPECT_EQ(JoinedParts(parts), original);
  }
}

TEST(Addresses, GoOnFromACheckpoint) {
  ModelConfig config = ProfileConfig("tiny");
  config.block_symbols = 900;
  const Octets original = Program(300);
  EXPECT_GT(CutsThatResume(original, config, WithAddresses(), 3), 20);
}

// A file of code that is learnt first is converted as the input is.
TEST(Addresses, AreThoseOfAFileThatIsLearntFirst) {
  CodecOptions options = WithAddresses();
  options.prep.own_primer = std::make_shared<Octets>(Program(2000));
  const Octets original = Program(500);
  ModelConfig config = ProfileConfig("tiny");
  config.block_symbols = 5000;
  const Octets archive = CompressBytes(original, config, options);
  MemorySink out;
  DecompressInto(archive, out, options);
  EXPECT_EQ(out.Take(), original);
  const Octets alone = CompressBytes(original, config, WithAddresses());
  EXPECT_LT(archive.size() * 5, alone.size() * 4);
}

}  // namespace
}  // namespace nncpp
