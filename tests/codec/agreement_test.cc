// tests/codec/agreement_test.cc -- archives that a decoder must disagree with.
//
// Every check of these archives is right; what is wrong is what the model
// computed, or promised.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/archives.h"
#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

constexpr int64_t kBlock = 96;

ModelConfig SmallConfig() {
  ModelConfig config = ProfileConfig("tiny");
  config.block_symbols = kBlock;
  config.cells = 8;
  config.steps = 4;
  return config;
}

// Two coded blocks with a stored one between them.
Octets Original() {
  Octets original(kBlock, 'a');
  const Octets noise = RandomOctets(kBlock, /*seed=*/1);
  original.insert(original.end(), noise.begin(), noise.end());
  original.insert(original.end(), kBlock / 2, 'a');
  return original;
}

Octets Changed(size_t block, const std::function<void(TestBlock&)>& change) {
  TestArchive archive = ReadArchive(CompressBytes(Original(), SmallConfig()));
  change(archive.blocks.at(block));
  return WriteArchive(archive);
}

// Expects that block `block`, counted from 0, is named and not delivered.
void ExpectDisagreement(size_t block,
                        const std::function<void(TestBlock&)>& change) {
  MemorySink out;
  const Octets archive = Changed(block, change);
  ExpectError(ErrorKind::kNumerics, "block " + std::to_string(block + 1),
              [&] { DecompressInto(archive, out); });
  const Octets original = Original();
  ASSERT_EQ(out.bytes().size(), block * kBlock);
  EXPECT_TRUE(
      std::equal(out.bytes().begin(), out.bytes().end(), original.begin()));
}

TEST(Decompress, NamesTheBlockWhoseDigestDiffers) {
  for (const size_t block : {0, 1, 2}) {
    ExpectDisagreement(block, [](TestBlock& b) { b.header.model_digest ^= 1; });
  }
}

TEST(Decompress, NamesTheBlockWhoseOriginalDiffers) {
  for (const size_t block : {0, 2}) {
    ExpectDisagreement(block,
                       [](TestBlock& b) { b.header.original_hash ^= 1; });
    ExpectDisagreement(block, [](TestBlock& b) { b.payload[0] ^= 0x80; });
  }
}

// The decoder looks eight bytes ahead, so it need not miss fewer.
TEST(Decompress, NamesTheBlockWhoseStreamHasBytesLeftOver) {
  for (const size_t block : {0, 2}) {
    ExpectDisagreement(
        block, [](TestBlock& b) { b.payload.resize(b.payload.size() + 9, 1); });
  }
}

TEST(Decompress, RefusesAnotherHashOfTheWhole) {
  TestArchive archive = ReadArchive(CompressBytes(Original(), SmallConfig()));
  archive.original_hash.low ^= 1;
  ExpectError(ErrorKind::kFormat, "the whole original",
              [&] { DecompressBytes(WriteArchive(archive)); });
}

TEST(Decompress, RefusesABlockThatDoesNotFitItsConfiguration) {
  const Octets more = Changed(0, [](TestBlock& b) { ++b.header.symbols; });
  const Octets anew =
      Changed(0, [](TestBlock& b) { b.header.model_restarts = true; });
  for (const Octets& archive : {more, anew}) {
    ExpectError(ErrorKind::kFormat, "block 1",
                [&] { DecompressBytes(archive); });
  }
}

// A model that nothing was coded with has its first digest before and after.
TEST(Decompress, RestartsTheModelAfterAStoredBlock) {
  const Octets noise = RandomOctets(kBlock, /*seed=*/2);
  TestArchive archive = ReadArchive(CompressBytes(noise, SmallConfig()));
  ASSERT_EQ(archive.blocks.size(), 1u);
  archive.blocks[0].header.model_restarts = true;
  EXPECT_EQ(DecompressBytes(WriteArchive(archive)), noise);
}

TEST(Decompress, StopsWhenProgressThrows) {
  struct Stop {};
  const Octets archive = CompressBytes(Alice(500), SmallConfig());
  CodecOptions options = OneThread();
  options.progress = [](const Progress& now) {
    if (now.original_bytes > 100) throw Stop();
  };
  MemorySink out;
  EXPECT_THROW(DecompressInto(archive, out, options), Stop);
  EXPECT_EQ(std::ssize(out.bytes()), kBlock);
  EXPECT_THROW(CompressBytes(Alice(500), SmallConfig(), options), Stop);
}

// Sets NNCPP_CPU while it lives.
class Form {
 public:
  explicit Form(const char* name) {
    const char* before = std::getenv("NNCPP_CPU");
    if (before != nullptr) before_ = before;
    ::setenv("NNCPP_CPU", name, 1);
  }
  ~Form() { ::setenv("NNCPP_CPU", before_.c_str(), 1); }

 private:
  std::string before_;
};

TEST(Codec, GivesTheSameArchiveInEveryForm) {
  const Octets text = Alice(2000);
  ModelConfig config = ProfileConfig("tiny");
  config.stream_symbols = 500;
  std::vector<Octets> archives;
  for (const char* name : {"scalar", "avx2", "avx512"}) {
    const Form form(name);
    try {
      archives.push_back(CompressBytes(text, config));
      EXPECT_EQ(DecompressBytes(archives[0]), text) << name;
      EXPECT_EQ(archives.back(), archives[0]) << name;
      SelfTest();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kNoDevice) << error.what();
    }
  }
  EXPECT_FALSE(archives.empty());
}

}  // namespace
}  // namespace nncpp
