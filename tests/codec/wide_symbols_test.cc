// tests/codec/wide_symbols_test.cc -- archives of symbols of 16 bits.
#include <gtest/gtest.h>

#include <vector>

#include "src/format/archive_reader.h"
#include "tests/support/checkpoints.h"
#include "tests/support/errors.h"
#include "tests/support/resign.h"
#include "tests/support/wide_octets.h"

namespace nncpp {
namespace {

// Blocks of 300 symbols, 600 bytes.
ModelConfig Small(int64_t alphabet) {
  ModelConfig config = ProfileConfig("tiny");
  config.alphabet = alphabet;
  config.block_symbols = 300;
  config.streams = 3;
  config.stream_symbols = 50;
  config.steps = 7;
  config.cells = 8;
  config.ngram_bits = 8;
  return config;
}

TEST(WideSymbolsInArchives, ComeBackForEveryAlphabetAndSize) {
  for (const int64_t alphabet : {2, 77, 256, 3000, 65535}) {
    for (const int64_t count : {0, 1, 299, 300, 301, 700}) {
      const Octets original = WideAlice(count, alphabet);
      const Octets archive =
          CompressBytes(original, Small(alphabet), WideSymbols());
      EXPECT_EQ(DecompressBytes(archive), original) << alphabet;
    }
  }
}

TEST(WideSymbolsInArchives, ComeBackFromPipesAndMixersAndTransformers) {
  const Octets original = WideAlice(700, 500);
  ModelConfig mixed = Small(500), attending = Small(500);
  mixed.mixing = 2;
  mixed.mixing_bits = 12;
  attending.model = kTransformer;
  for (const ModelConfig& config : {Small(500), mixed, attending}) {
    CodecOptions options = WideSymbols();
    options.self_check = true;
    const Octets piped =
        CompressBytes(original, config, options, /*size_known=*/false);
    EXPECT_EQ(DecompressBytes(piped), original);
    EXPECT_LT(piped.size(), original.size());
  }
}

TEST(WideSymbolsInArchives, AreSymbolsOfTheModelAndSaidToBe) {
  const Octets archive =
      CompressBytes(WideAlice(700, 500), Small(500), WideSymbols());
  MemorySource in(archive);
  ArchiveReader reader(in);
  reader.ReadHeader();
  reader.NextBlock();
  EXPECT_EQ(reader.block().symbols, 300);
  EXPECT_EQ(reader.block().original_bytes, 600);
  MemorySource again(archive);
  const Listing listing = List(again);
  EXPECT_EQ(listing.symbols, "u16");
  EXPECT_EQ(listing.config.alphabet, 500);
  EXPECT_EQ(listing.blocks, 3);
}

// Blocks that do not shrink.
TEST(WideSymbolsInArchives, MayBeStored) {
  Octets original = RandomOctets(1800, /*seed=*/1);
  for (size_t i = 0; i < original.size(); i += 2) original[i] &= 0x7F;
  ModelConfig config = Small(65535);
  config.learning_rate = 1;  // learns nothing of use
  const Octets archive = CompressBytes(original, config, WideSymbols());
  MemorySource in(archive);
  EXPECT_GT(List(in).stored_blocks, 0);
  EXPECT_EQ(DecompressBytes(archive), original);
}

TEST(WideSymbolsInArchives, AreRefusedWhereTheyAreNone) {
  const auto compress = [](const Octets& original, bool size_known) {
    CompressBytes(original, Small(500), WideSymbols(), size_known);
  };
  Octets odd = WideAlice(700, 500);
  odd.push_back(0);
  Octets beyond = WideAlice(700, 500);
  beyond[1300] = 500 >> 8;
  beyond[1301] = 500 & 0xFF;
  for (const bool size_known : {true, false}) {
    ExpectError(ErrorKind::kUsage, "odd number of bytes",
                [&] { compress(odd, size_known); });
    ExpectError(ErrorKind::kUsage, "symbol 500 is beyond the alphabet of 500",
                [&] { compress(beyond, size_known); });
  }
  MemorySource in(odd);
  MemorySink nothing;
  ExpectError(ErrorKind::kUsage, "odd number of bytes",
              [&] { Compress(in, nothing, Small(500), WideSymbols()); });
  EXPECT_TRUE(nothing.bytes().empty());
}

TEST(WideSymbolsInArchives, GoOnFromEveryCheckpoint) {
  const Octets original = WideAlice(350, 500);
  const ModelConfig config = Small(500);
  EXPECT_GT(CutsThatResume(original, config, WideSymbols(), 1), 40);
}

// Behind right checks: of two fields that say what the bytes are, each alone.
TEST(WideSymbolsInArchives, AreNotTakenForBytesNorBytesForThem) {
  Octets archive =
      CompressBytes(WideAlice(100, 500), Small(500), WideSymbols());
  MemorySource in(archive);
  ASSERT_EQ(ArchiveReader(in).ReadHeader().preparation, Octets{8});
  size_t at = 8;
  while (archive[at] != 1 || archive[at + 1] != 8) ++at;
  for (const int parts : {9, 10, 12, 24, 40, 72, 128}) {
    archive[at + 1] = static_cast<uint8_t>(parts);
    ExpectError(ErrorKind::kUnsupported, "prepared in a way",
                [&] { DecompressBytes(Resign(archive)); });
  }
}

}  // namespace
}  // namespace nncpp
