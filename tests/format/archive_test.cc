// tests/format/archive_test.cc -- sound archives: round trips, layout, example.
#include "src/format/archive.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "src/base/hash.h"
#include "src/base/memory_stream.h"
#include "src/format/archive_reader.h"
#include "src/format/archive_writer.h"
#include "tests/support/archives.h"
#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace nncpp {
namespace {

TEST(Archive, ComesBackAsItWasWritten) {
  const TestArchive archive = ThreeBlocks();
  EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive);
}

TEST(Archive, ComesBackWithoutAKnownSize) {
  TestArchive archive = ThreeBlocks();
  archive.header.original_bytes.reset();
  EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive);
}

TEST(Archive, MayBeEmpty) {
  TestArchive archive;
  archive.original_hash = HashBytes128({});
  EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive);
  archive.header.original_bytes = 0;
  EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive);
}

// The numbers of symbols and of original bytes, each present and not.
TEST(Archive, KeepsWhatItDoesNotSpellOut) {
  for (const int64_t symbols : {250, 300, 301}) {
    for (const int64_t promised : {0, 346}) {
      for (const bool stored_last : {false, true}) {
        TestArchive archive = ThreeBlocks();
        archive.blocks.front().header.symbols = symbols;
        if (stored_last) std::swap(archive.blocks[1], archive.blocks[2]);
        archive.header.original_bytes.reset();
        if (promised > 0) archive.header.original_bytes = promised;
        const std::vector<uint8_t> bytes = WriteArchive(archive);
        EXPECT_EQ(ReadArchive(bytes), archive);
        // The header, two coded blocks, a stored one and the end mark with
        // original bytes in blocks of 300, 40 and 6, then payloads.
        constexpr int64_t kFixed = 19 + 2 * 31 + 22 + 22 + (2 + 1 + 1);
        constexpr int64_t kPayloads = 20 + 6 + 11;
        const int64_t counted = symbols == 300 ? 0 : 2;
        const int64_t known = promised > 0 ? 2 - 1 : 0;  // the last lacks its
        EXPECT_EQ(std::ssize(bytes), kFixed + kPayloads + counted + known);
      }
    }
  }
}

TEST(Archive, TakesTheLargestConfiguration) {
  for (const int64_t size : {120, 127, 128, 129, 4095, 4096}) {
    TestArchive archive = ThreeBlocks();
    archive.header.config.assign(static_cast<size_t>(size), 0xA5);
    EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive);
  }
}

TEST(Archive, KeepsAPreparationAndPlainBlocks) {
  for (const size_t bytes : {1, 100, 5000, 1 << 20}) {
    TestArchive archive = ThreeBlocks();
    archive.header.preparation = std::vector<uint8_t>(bytes, 7);
    archive.blocks.front().header.plain = true;
    EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive) << bytes;
  }
}

TEST(Archive, MayBeAPartOfASet) {
  for (const PartWay way : {PartWay::kChained, PartWay::kIndependent}) {
    for (const int64_t number : {1, 2, 127, 128, 999}) {
      for (const bool follows : {false, true}) {
        TestArchive archive = ThreeBlocks();
        archive.header.part = {way, number, number > 1 ? ~uint64_t{5} : 0};
        archive.part_follows = follows;
        EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive);
        archive.header.original_bytes.reset();
        archive.header.preparation = {1, 2};
        EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive);
      }
    }
  }
}

TEST(Archive, MayHoldSeveralFiles) {
  for (const size_t bytes : {2, 200, 1 << 19}) {
    TestArchive archive = ThreeBlocks();
    archive.header.files = std::vector<uint8_t>(bytes, 7);
    EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive) << bytes;
  }
}

TEST(Archive, TakesTheLongestHeader) {
  TestArchive archive;
  archive.header.original_bytes = 0;
  archive.header.preparation.resize(1 << 20);
  archive.header.files.resize(1 << 19);
  archive.header.config.resize(4096);
  EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive);
}

TEST(Archive, HasAHeaderOfAtMost24BytesBesidesItsConfiguration) {
  for (const int64_t original_bytes : {int64_t{0}, kMaxOriginalBytes}) {
    for (const size_t config_bytes : {size_t{0}, size_t{4096}}) {
      MemorySink sink;
      ArchiveWriter writer(sink);
      writer.WriteHeader(
          {original_bytes, std::vector<uint8_t>(config_bytes, 0)});
      EXPECT_LE(sink.bytes().size(), config_bytes + 24);
      EXPECT_EQ(writer.bytes_written(), std::ssize(sink.bytes()));
    }
  }
}

TEST(Archive, TakesTheLargestAndTheSmallestBlocks) {
  TestArchive archive;
  TestBlock block = CodedBlock(kMaxBlockSymbols, 3, 1);
  block.header.original_bytes = kMaxBlockBytes;
  archive.blocks.push_back(block);
  block = CodedBlock(1, 0, 2);
  archive.blocks.push_back(block);
  block.header.original_bytes = kMaxBytesPerSymbol;
  archive.blocks.push_back(block);
  archive.blocks.push_back(StoredBlock("x", 3));
  EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive);
}

// A payload of several of the reader's steps of memory.
TEST(Archive, CarriesALargePayload) {
  TestArchive archive;
  TestBlock block = CodedBlock(5'000'000, 0, 1);
  block.payload.assign(3'333'333, 0x5A);
  archive.blocks = {block, block};
  EXPECT_EQ(ReadArchive(WriteArchive(archive)), archive);
}

TEST(ArchiveReader, CountsAsItGoes) {
  const std::vector<uint8_t> bytes = WriteArchive(ThreeBlocks());
  MemorySource source(bytes);
  ArchiveReader reader(source);
  reader.ReadHeader();
  EXPECT_EQ(reader.NextBlock(), BlockKind::kCoded);
  EXPECT_EQ(reader.blocks(), 1);
  EXPECT_EQ(reader.original_bytes(), 300);
  EXPECT_EQ(reader.NextBlock(), BlockKind::kStored);
  EXPECT_EQ(reader.original_bytes(), 306);
  EXPECT_EQ(reader.NextBlock(), BlockKind::kCoded);
  EXPECT_EQ(reader.NextBlock(), BlockKind::kEnd);
  EXPECT_EQ(reader.bytes_read(), std::ssize(bytes));
  EXPECT_EQ(reader.end(), (ArchiveEnd{{3, 4}}));
  reader.CheckOriginal({3, 4});
  ExpectError(ErrorKind::kFormat, "does not have its hash", [&] {
    reader.CheckOriginal({3, 5});
  });
}

TEST(ArchiveWriter, RefusesAnInputThatChangedItsSize) {
  for (const int64_t promised : {345, 347}) {
    TestArchive archive = ThreeBlocks();
    archive.header.original_bytes = promised;
    ExpectError(ErrorKind::kIo, "changed its size",
                [&] { WriteArchive(archive); });
  }
}

TEST(ArchiveWriterDeathTest, StopsAtMistakesOfItsCaller) {
  const auto write = [](TestBlock block) {
    TestArchive archive;
    archive.blocks = {block};
    WriteArchive(archive);
  };
  TestBlock block = CodedBlock(10, 10, 1);
  EXPECT_DEATH(write(block), "std::ssize\\(payload\\)");
  block = CodedBlock(1, 1, 1);
  block.header.original_bytes = kMaxBytesPerSymbol + 1;
  EXPECT_DEATH(write(block), "kMaxBytesPerSymbol");
  block = StoredBlock("abc", 1);
  block.header.symbols = 3;
  EXPECT_DEATH(write(block), "symbols == 0");
  block = StoredBlock("", 1);
  EXPECT_DEATH(write(block), "original_bytes");
}

// The archive of docs/format.md, "Example".
std::vector<uint8_t> ExampleArchive() {
  TestArchive archive;
  archive.header = {4, {1, 2, 3}};
  archive.blocks = {StoredBlock("abc\n", 0x1122334455667788)};
  archive.original_hash = HashBytes128(archive.blocks[0].payload);
  return WriteArchive(archive);
}

// As docs/format.md prints it: offset, then up to 16 bytes a line.
std::string HexDump(const std::vector<uint8_t>& bytes) {
  std::string text;
  char field[32];
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i % 16 == 0) {
      std::snprintf(field, sizeof field, "%s%04zx ", i ? "\n" : "", i);
      text += field;
    }
    std::snprintf(field, sizeof field, " %02x", bytes[i]);
    text += field;
  }
  return text;
}

TEST(FormatDocument, ShowsTheBytesThatTheProgramWrites) {
  std::ifstream file("docs/format.md");
  std::stringstream text;
  text << file.rdbuf();
  ASSERT_FALSE(text.str().empty()) << "tests run in the root of the project";
  const std::string dump = HexDump(ExampleArchive());
  EXPECT_NE(text.str().find("```\n" + dump + "\n```"), std::string::npos)
      << "docs/format.md should show\n"
      << dump;
}

// What file(1) says of `bytes`; empty where there is no file(1).
std::string FileSays(const std::vector<uint8_t>& bytes) {
  const Scratch scratch;
  scratch.Put("a", {bytes.begin(), bytes.end()});
  const std::string command =
      "file -b -m docs/nncpp.magic " + scratch.Path("a") + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  char line[256] = {};
  if (std::fgets(line, sizeof line, pipe) == nullptr) line[0] = 0;
  return ::pclose(pipe) == 0 ? line : "";
}

TEST(MagicFragment, IsUnderstoodByFile) {
  if (std::system("file --version >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "file(1) is not installed";
  }
  TestArchive archive = ThreeBlocks();
  const std::string expected = "nncpp compressed data, format 1, numerics 1\n";
  EXPECT_EQ(FileSays(WriteArchive(archive)), expected);
  archive.header.config.assign(200, 0);  // a length of two bytes
  EXPECT_EQ(FileSays(WriteArchive(archive)), expected);
}

}  // namespace
}  // namespace nncpp
