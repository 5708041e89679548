// tests/codec/codec_test.cc -- what goes in comes out.
#include "src/codec/codec.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/codec.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

using ::nncpp::testing::Bytes;
using ::nncpp::testing::BytesOf;
using ::nncpp::testing::Compressed;
using ::nncpp::testing::Decompressed;
using ::nncpp::testing::English;
using ::nncpp::testing::OneThread;
using ::nncpp::testing::RandomBytes;
using ::nncpp::testing::TinierConfig;

// Through a source of known and one of unknown size, with and without a check.
void ExpectRoundTrip(const Bytes& original, const ModelConfig& config) {
  CodecOptions options = OneThread();
  const Bytes archive = Compressed(original, config, options);
  EXPECT_TRUE(Decompressed(archive) == original) << original.size();
  options.self_check = true;
  EXPECT_TRUE(Compressed(original, config, options) == archive);
  const Bytes piped = Compressed(original, config, options, false);
  EXPECT_TRUE(Decompressed(piped) == original) << original.size();
}

TEST(Codec, RoundTripsSmallInputs) {
  const ModelConfig tiny = ProfileConfig("tiny");
  Bytes every;
  for (int i = 0; i < 256; ++i) every.push_back(static_cast<uint8_t>(i));
  for (const Bytes& original :
       {Bytes(), Bytes{0}, Bytes{255}, BytesOf("a"), BytesOf("hello, hello"),
        every, Bytes(5000, 0), RandomBytes(3000, 1), English(5000)}) {
    ExpectRoundTrip(original, tiny);
  }
}

// Around a segment of all streams, and around what is cut into more streams.
TEST(Codec, RoundTripsSizesAroundStreamsAndSegments) {
  ModelConfig config = TinierConfig();
  config.block_symbols = 1 << 14;
  config.streams = 3;
  config.stream_symbols = 100;
  const int64_t segment = config.streams * config.steps;
  for (const int64_t size :
       {config.steps, segment, 2 * config.stream_symbols,
        3 * config.stream_symbols, 3 * config.stream_symbols + segment}) {
    for (int64_t n = size - 1; n <= size + 1; ++n) {
      ExpectRoundTrip(English(n), config);
    }
  }
}

TEST(Codec, RoundTripsSizesAroundBlocks) {
  const ModelConfig config = TinierConfig();
  for (const int64_t blocks : {1, 2, 5}) {
    const int64_t size = blocks * config.block_symbols;
    for (int64_t n = size - 1; n <= size + 1; ++n) {
      ExpectRoundTrip(English(n), config);
    }
  }
}

TEST(Codec, RoundTripsBlocksThatAreStoredAmongOthers) {
  const ModelConfig config = TinierConfig();
  Bytes original = English(200);
  for (int i = 0; i < 3; ++i) {
    const Bytes noise = RandomBytes(200, 2 + static_cast<uint64_t>(i));
    const Bytes text(300, static_cast<uint8_t>('a' + i));
    original.insert(original.end(), noise.begin(), noise.end());
    original.insert(original.end(), text.begin(), text.end());
  }
  ExpectRoundTrip(original, config);
  Report report;
  Compressed(original, config, OneThread(), true, &report);
  EXPECT_GT(report.stored_blocks, 0);
  EXPECT_LT(report.stored_blocks, report.blocks);
}

TEST(Codec, GoesOnFromTheStateBeforeAStoredBlock) {
  ModelConfig config = TinierConfig();
  config.block_symbols = 512;
  const Bytes text = English(512), noise = RandomBytes(512, 3);
  Bytes twice = text, apart = text;
  twice.insert(twice.end(), text.begin(), text.end());
  apart.insert(apart.end(), noise.begin(), noise.end());
  apart.insert(apart.end(), text.begin(), text.end());
  Report alone, both, between;
  Compressed(text, config, OneThread(), true, &alone);
  Compressed(twice, config, OneThread(), true, &both);
  Compressed(apart, config, OneThread(), true, &between);
  ASSERT_EQ(between.stored_blocks, 1);
  // What the noise adds is itself, and a block header of at most 69 bytes.
  EXPECT_LE(between.coded_bytes, both.coded_bytes + 512 + 69);
}

TEST(Codec, GrowsAMegabyteOfNoiseByLessThanAThousandth) {
  ModelConfig config = TinierConfig();
  config.block_symbols = 1 << 15;
  config.streams = 16;
  config.stream_symbols = 1;
  config.steps = 32;
  config.cells = 1;
  const Bytes noise = RandomBytes(1000000, 4);
  Report report;
  const Bytes archive = Compressed(noise, config, OneThread(), true, &report);
  EXPECT_EQ(report.stored_blocks, report.blocks);
  EXPECT_LE(std::ssize(archive), 1000000 + 1000 + 256);
  EXPECT_TRUE(Decompressed(archive) == noise);
}

TEST(Codec, CompressesEnglish) {
  const Bytes text = English(40000);
  Report report;
  const Bytes archive =
      Compressed(text, ProfileConfig("tiny"), OneThread(), true, &report);
  EXPECT_LT(archive.size(), text.size() / 2);
  EXPECT_EQ(report.original_bytes, 40000);
  EXPECT_EQ(report.coded_bytes, std::ssize(archive));
  EXPECT_EQ(report.blocks, 3);
  EXPECT_EQ(report.stored_blocks, 0);
  EXPECT_TRUE(Decompressed(archive) == text);
}

TEST(Codec, GivesTheSameArchiveForEveryNumberOfThreads) {
  const Bytes text = English(6000);
  ModelConfig config = ProfileConfig("tiny");
  config.cells = 130;  // enough work to be shared out
  config.streams = 4;
  config.stream_symbols = 1000;
  CodecOptions options = OneThread();
  const Bytes archive = Compressed(text, config, options);
  for (const int threads : {2, 3, 7}) {
    options.threads = threads;
    EXPECT_TRUE(Compressed(text, config, options) == archive) << threads;
    EXPECT_TRUE(Decompressed(archive, options) == text) << threads;
  }
}

TEST(Codec, GivesTheSameArchiveInEveryForm) {
  const Bytes text = English(3000);
  const char* before = std::getenv("NNCPP_CPU");
  const std::string kept = before == nullptr ? "" : before;
  std::vector<Bytes> archives;
  for (const char* form : {"scalar", "avx2", "avx512"}) {
    ::setenv("NNCPP_CPU", form, 1);
    try {
      archives.push_back(Compressed(text, ProfileConfig("tiny")));
      EXPECT_TRUE(Decompressed(archives[0]) == text) << form;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kNoDevice);  // not on this processor
    }
  }
  ::setenv("NNCPP_CPU", kept.c_str(), 1);
  for (const Bytes& archive : archives) EXPECT_TRUE(archive == archives[0]);
}

TEST(Codec, RefusesToExceedTheMemoryLimit) {
  const ModelConfig config = ProfileConfig("tiny");
  const Bytes archive = Compressed(English(100), config);
  CodecOptions options = OneThread();
  options.memory_limit = MemoryNeeded(config, false) - 1;
  ExpectError(ErrorKind::kMemory, "--memory-limit",
              [&] { Compressed(English(100), config, options); });
  ExpectError(ErrorKind::kMemory, "--memory-limit",
              [&] { Decompressed(archive, options); });
  options.memory_limit += 1;
  EXPECT_TRUE(Decompressed(archive, options) == English(100));
  options.self_check = true;
  ExpectError(ErrorKind::kMemory, "--memory-limit",
              [&] { Compressed(English(100), config, options); });
}

TEST(Codec, RefusesConfigurationsOutOfRange) {
  ModelConfig config = ProfileConfig("tiny");
  config.cells = 0;
  ExpectError(ErrorKind::kUsage, "--cells",
              [&] { Compressed(English(10), config); });
  config = ProfileConfig("tiny");
  config.alphabet = 300;
  ExpectError(ErrorKind::kUsage, "--alphabet",
              [&] { Compressed(English(10), config); });
}

TEST(Codec, TellsItsProgressUpToTheEnd) {
  CodecOptions options = OneThread();
  std::vector<Progress> seen;
  options.progress = [&](const Progress& p) { seen.push_back(p); };
  const Bytes archive = Compressed(English(500), TinierConfig(), options);
  for (const bool decoding : {false, true}) {
    if (decoding) {
      seen.clear();
      Decompressed(archive, options);
    }
    ASSERT_FALSE(seen.empty());
    for (size_t i = 1; i < seen.size(); ++i) {
      EXPECT_GE(seen[i].original_bytes, seen[i - 1].original_bytes);
    }
    EXPECT_EQ(seen.back().original_bytes, 500);
    EXPECT_EQ(seen.back().original_total, 500);
    EXPECT_LE(seen.back().coded_bytes, std::ssize(archive));
  }
}

TEST(Codec, StopsWhenProgressThrows) {
  struct Stop {};
  CodecOptions options = OneThread();
  int64_t calls = 0;
  options.progress = [&](const Progress&) {
    if (++calls == 3) throw Stop();
  };
  EXPECT_THROW(Compressed(English(500), TinierConfig(), options), Stop);
  const Bytes archive = Compressed(English(500), TinierConfig());
  calls = 0;
  EXPECT_THROW(Decompressed(archive, options), Stop);
}

TEST(List, SaysWhatDecompressWillFind) {
  const Bytes archive = Compressed(English(500), TinierConfig());
  MemorySource in(archive);
  const Listing listing = List(in);
  EXPECT_EQ(listing.original_bytes, 500);
  EXPECT_EQ(listing.archive_bytes, std::ssize(archive));
  EXPECT_EQ(listing.blocks, 6);
  EXPECT_EQ(listing.config, TinierConfig());
}

TEST(SelfTest, FindsThisBuildSoundInEveryForm) {
  const char* before = std::getenv("NNCPP_CPU");
  const std::string kept = before == nullptr ? "" : before;
  for (const char* form : {"scalar", "avx2", "avx512"}) {
    ::setenv("NNCPP_CPU", form, 1);
    try {
      SelfTest();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kNoDevice)
          << form << " computes " << std::hex << SelfTestDigest();
    }
  }
  ::setenv("NNCPP_CPU", kept.c_str(), 1);
}

}  // namespace
}  // namespace nncpp
