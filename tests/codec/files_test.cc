// tests/codec/files_test.cc -- archives of several files, sound and hostile.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/format/archive_reader.h"
#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"
#include "tests/support/resign.h"

namespace nncpp {
namespace {

CodecOptions AsFiles() {
  CodecOptions options = OneThread(64 << 20);
  options.as_files = true;
  return options;
}

struct Sample {
  Sample() {
    ModelConfig config = ProfileConfig("tiny");
    config.block_symbols = 80;
    config.stream_symbols = 20;
    config.cells = 8;
    CodecOptions options = OneThread();
    options.files = files;
    archive = CompressBytes(original, config, options);
  }
  const Octets original = Alice(160);
  const std::vector<ArchiveFile> files = {
      {"abcde", 60}, {"empty", 0}, {"in/it", 100}};
  Octets archive;
};

TEST(ArchiveOfFiles, TellsThemAndHoldsTheirContents) {
  const Sample sample;
  MemorySource in(sample.archive);
  EXPECT_EQ(List(in).files, sample.files);
  MemorySink out;
  DecompressInto(sample.archive, out, AsFiles());
  EXPECT_EQ(out.bytes(), sample.original);
}

TEST(ArchiveOfFiles, IsNotDecodedAsOneOriginal) {
  const Sample sample;
  ExpectError(ErrorKind::kUsage, "holds several files",
              [&] { DecompressBytes(sample.archive); });
}

TEST(ArchiveOfFiles, IsRefusedForEveryFlippedBit) {
  const Sample sample;
  for (size_t bit = 0; bit < 8 * sample.archive.size(); ++bit) {
    Octets damaged = sample.archive;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    MemorySink out;
    EXPECT_TRUE(RefusesArchive([&] {
      DecompressInto(damaged, out, AsFiles());
    })) << bit;
  }
}

// The sample with another name of the same length, and right checks.
Octets Renamed(const Sample& sample, const std::string& name) {
  const std::string old = "abcde";
  Octets archive = sample.archive;
  const auto at =
      std::search(archive.begin(), archive.end(), old.begin(), old.end());
  EXPECT_NE(at, archive.end());
  std::copy(name.begin(), name.end(), at);
  return Resign(archive);
}

TEST(HostileFileList, BehindRightChecksIsRefused) {
  const Sample sample;
  for (const std::string& name : std::vector<std::string>{
           "/abcd", "../ab", "ab/..", "a/../", "./abc", "abc/.", "a//bc",
           "abcd/", std::string("ab\0cd", 5), "ab\ncd", "\x1b[2Ja", "abcd\x7f",
           "empty", "in/it"}) {
    const Octets archive = Renamed(sample, name);
    MemorySink out;
    ExpectError(ErrorKind::kFormat, "the file name",
                [&] { DecompressInto(archive, out, AsFiles()); });
    EXPECT_TRUE(out.bytes().empty());
    ExpectError(ErrorKind::kFormat, "the file name", [&] {
      MemorySource in(archive);
      List(in);
    });
  }
  MemorySink out;
  DecompressInto(Renamed(sample, "other"), out, AsFiles());
  EXPECT_EQ(out.bytes(), sample.original);
}

// Every bit of the header changed, behind right checks: what is still accepted
// has names that stay in the folder and sizes that fit.
TEST(HostileFileList, NeverLeavesTheFolder) {
  const Sample sample;
  MemorySource in(sample.archive);
  ArchiveReader reader(in);
  reader.ReadHeader();
  const size_t bytes = reader.header_record().size();
  int refused = 0, accepted = 0;
  for (size_t bit = 0; bit < 8 * bytes; ++bit) {
    Octets damaged = sample.archive;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    damaged = Resign(damaged);
    try {
      MemorySource source(damaged);
      int64_t total = 0;
      for (const ArchiveFile& file : List(source).files) {
        EXPECT_NO_THROW(CheckFileName(file.name));
        total += file.size;
      }
      EXPECT_TRUE(total == 160 || total == 0) << bit;
      ++accepted;
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::kFormat ||
                  error.kind() == ErrorKind::kUnsupported)
          << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace nncpp
