// tests/codec/streams_test.cc -- archives of files with deflated streams.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "src/codec/preparation.h"
#include "src/format/archive_reader.h"
#include "tests/support/checkpoints.h"
#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"
#include "tests/support/part_runs.h"
#include "tests/support/zlib_streams.h"

namespace nncpp {
namespace {

using ::nncpp::testing::ByZlib;
using ::nncpp::testing::ZlibForm;

CodecOptions WithStreams() {
  CodecOptions options = OneThread();
  options.prep.streams = true;
  return options;
}

// A document of pages, each a stream between two lines.
Octets Document(int64_t pages, int64_t page_bytes) {
  const Octets text = Alice(pages * page_bytes);
  Octets all;
  for (auto page = text.begin(); page != text.end(); page += page_bytes) {
    const std::string before = "<</Filter/FlateDecode>>stream\n";
    all.insert(all.end(), before.begin(), before.end());
    const Octets stream =
        ByZlib({page, page + page_bytes}, {9, 9, 15}, ZlibForm::kZlib);
    all.insert(all.end(), stream.begin(), stream.end());
    const std::string after = "\nendstream\n";
    all.insert(all.end(), after.begin(), after.end());
  }
  return all;
}

Octets FieldOf(const Octets& archive) {
  MemorySource in(archive);
  return ArchiveReader(in).ReadHeader().preparation;
}

TEST(Streams, AreInflatedInBlocksThatHaveSome) {
  const Octets document = Document(3, 1000), text = Alice(3000);
  const ModelConfig config = ProfileConfig("tiny");
  const Preparation chosen = Preparation::Choose(document, std::ssize(document),
                                                 config, WithStreams().prep);
  EXPECT_EQ(chosen.Field(), (Octets{0x40, 5}));
  EXPECT_EQ(Preparation::SymbolsOf(chosen.Field()), "bytes");
  EXPECT_EQ(chosen.BlockBytes(4000), 1000);
  EXPECT_EQ(chosen.BlockBytes(1), 1);
  std::vector<uint16_t> symbols;
  EXPECT_FALSE(chosen.ToSymbols(document, 0, config, symbols));
  EXPECT_GT(std::ssize(symbols), 3000);
  const int64_t size = std::ssize(document);
  EXPECT_EQ(chosen.ToBytes(symbols, false, 0, size), document);
  EXPECT_TRUE(
      RefusesArchive([&] { chosen.ToBytes(symbols, false, 0, size - 1); }));
  EXPECT_TRUE(chosen.Fits(std::ssize(symbols), size, false));
  EXPECT_FALSE(chosen.Fits(size - 1, size, false));
  EXPECT_TRUE(chosen.ToSymbols(text, 0, config, symbols));
  EXPECT_EQ(chosen.ToBytes(symbols, true, 0, 3000), text);
  EXPECT_TRUE(chosen.Fits(3000, 3000, true));
  EXPECT_FALSE(chosen.Fits(3001, 3000, true));
}

TEST(Streams, AreNotLookedForUnlessAskedFor) {
  const Octets document = Document(3, 1000);
  const auto field = [&](const PrepOptions& options) {
    return Preparation::Choose(document, std::ssize(document),
                               ProfileConfig("tiny"), options)
        .Field();
  };
  EXPECT_TRUE(field(PrepOptions()).empty());
  PrepOptions words = WithStreams().prep;
  words.dictionary =
      std::make_shared<Dictionary>(std::vector<std::string>{"and", "the"});
  EXPECT_EQ(field(words).front(), 0x02);
  PrepOptions wide = WithStreams().prep;
  wide.wide_symbols = true;
  const Octets even(document.begin(),
                    document.begin() + std::ssize(document) / 2 * 2);
  EXPECT_EQ(
      Preparation::Choose(even, std::ssize(even), ProfileConfig("tiny"), wide)
          .Field(),
      (Octets{0x08}));
}

// The primer is chosen by what is in the streams.
TEST(Streams, ArePrimedLikeWhatTheyHold) {
  const Octets document = Document(4, 2000);
  const ModelConfig config = ProfileConfig("tiny");
  PrepOptions options = WithStreams().prep;
  options.priming = Priming::kIfAlike;
  const auto length = [&](bool streams) {
    options.streams = streams;
    return Preparation::PrimerLength(
        Preparation::See(document, std::ssize(document), config, options),
        config, options);
  };
  EXPECT_EQ(length(false), 0);
  EXPECT_GT(length(true), 0);
}

TEST(Streams, MakeArchivesSmallerAndComeBack) {
  const Octets document = Document(8, 2500);
  const ModelConfig config = ProfileConfig("tiny");
  const Octets without = CompressBytes(document, config);
  const Octets archive = CompressBytes(document, config, WithStreams());
  EXPECT_LT(archive.size(), without.size());
  EXPECT_EQ(DecompressBytes(archive), document);
  EXPECT_EQ(DecompressBytes(without), document);
}

// Streams that a block cuts stay as they are.
TEST(Streams, ComeBackFromManyBlocksAndParts) {
  ModelConfig config = ProfileConfig("tiny");
  config.block_symbols = 9000;
  const Octets document = Document(12, 1500);
  for (const bool known : {true, false}) {
    const Octets archive =
        CompressBytes(document, config, WithStreams(), known);
    EXPECT_EQ(DecompressBytes(archive), document);
    EXPECT_EQ(FieldOf(archive), (Octets{0x40, 5}));
    EXPECT_LT(archive.size(),
              CompressBytes(document, config, OneThread(), known).size());
  }
  for (const bool independent : {true, false}) {
    const auto parts =
        CompressParts(document, config,
                      {.count = 3, .independent = independent}, WithStreams());
    EXPECT_EQ(JoinedParts(parts), document);
  }
}

TEST(Streams, GoOnFromACheckpoint) {
  ModelConfig config = ProfileConfig("tiny");
  config.block_symbols = 4000;
  const Octets document = Document(5, 900);
  EXPECT_EQ(FieldOf(CompressBytes(document, config, WithStreams())),
            (Octets{0x40, 5}));
  EXPECT_GT(CutsThatResume(document, config, WithStreams(), 7), 10);
}

}  // namespace
}  // namespace nncpp
