// tests/codec/codec_test.cc -- whole runs of the codec in memory.
#include "src/codec/codec.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/cpu/cpu_backend.h"
#include "src/codec/step.h"
#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

const ModelConfig kTiny = ProfileConfig("tiny");

// Small blocks and segments, so that few bytes have every border.
ModelConfig ManyBlocks() {
  ModelConfig config = kTiny;
  config.block_symbols = 600;
  config.streams = 3;
  config.stream_symbols = 100;
  config.steps = 4;
  config.cells = 8;
  return config;
}

void ExpectRoundTrip(const Octets& original, const ModelConfig& config) {
  const Octets archive = CompressBytes(original, config);
  EXPECT_EQ(DecompressBytes(archive), original) << original.size() << " bytes";
}

TEST(Codec, GivesBackEmptyAndOneByteAndEveryByteValue) {
  ExpectRoundTrip({}, kTiny);
  for (const int byte : {0, 97, 255}) {
    ExpectRoundTrip({static_cast<uint8_t>(byte)}, kTiny);
  }
  Octets every(256);
  std::iota(every.begin(), every.end(), uint8_t{0});
  ExpectRoundTrip(every, kTiny);
}

TEST(Codec, GivesBackZerosTextRandomMachineCodeAndAPicture) {
  ExpectRoundTrip(Octets(5000, 0), kTiny);
  ExpectRoundTrip(Alice(5000), kTiny);
  ExpectRoundTrip(RandomOctets(5000, /*seed=*/1), kTiny);
  ExpectRoundTrip(FileOctets("/proc/self/exe", 20000), kTiny);
  const Octets picture = FileOctets("tests/data/picture.png");
  ASSERT_FALSE(picture.empty());
  ExpectRoundTrip(picture, kTiny);
}

TEST(Codec, GivesBackEverySizeAroundStreamsSegmentsAndBlocks) {
  const ModelConfig config = ManyBlocks();
  for (const int64_t border :
       {config.steps, config.steps * config.streams, config.stream_symbols,
        config.stream_symbols * 2, config.stream_symbols * config.streams,
        config.block_symbols, config.block_symbols * 2}) {
    for (const int64_t size : {border - 1, border, border + 1}) {
      ExpectRoundTrip(Alice(size), config);
    }
  }
}

TEST(Codec, TakesAnInputOfUnknownSize) {
  const Octets original = Alice(3000);
  const Octets archive =
      CompressBytes(original, ManyBlocks(), OneThread(), false);
  EXPECT_EQ(DecompressBytes(archive), original);
}

TEST(Codec, WritesNoMoreThanItsLimit) {
  const Octets original = Alice(1500);  // three blocks
  for (const bool size_known : {true, false}) {
    const Octets archive =
        CompressBytes(original, ManyBlocks(), OneThread(), size_known);
    CodecOptions options = OneThread();
    MemorySink out;
    options.max_output = 1499;
    ExpectError(ErrorKind::kUnsupported, "the limit is 1499",
                [&] { DecompressInto(archive, out, options); });
    EXPECT_EQ(out.bytes().size(), size_known ? 0u : 1200u);
    MemorySink whole;
    options.max_output = 1500;
    DecompressInto(archive, whole, options);
    EXPECT_EQ(whole.bytes(), original);
  }
}

TEST(Codec, LearnsAcrossBlocks) {
  // The second of two equal blocks must profit from the first.
  const Octets half = Alice(8192);
  Octets twice = half;
  twice.insert(twice.end(), half.begin(), half.end());
  ModelConfig config = kTiny;
  config.block_symbols = 8192;
  config.streams = 2;
  config.steps = 8;
  config.ngram_bits = 14;  // room for both blocks' contexts
  config.ngram_orders = 4;
  const size_t one = CompressBytes(half, config).size();
  EXPECT_LT(CompressBytes(twice, config).size(), one + one * 3 / 4);
}

TEST(Codec, StoresWhatDoesNotShrinkAndGrowsByLittle) {
  ModelConfig config = kTiny;
  config.block_symbols = 1 << 18;
  config.streams = 64;
  config.cells = 8;
  config.ngram_orders = 0;
  const int64_t size = 1'000'000;
  const Octets original = RandomOctets(size, /*seed=*/2);
  MemorySource in(original);
  MemorySink out;
  const Report report = Compress(in, out, config, OneThread());
  EXPECT_EQ(report.stored_blocks, report.blocks);
  EXPECT_LE(report.coded_bytes, size + size / 1000 + 256);
  EXPECT_EQ(DecompressBytes(out.bytes()), original);
}

TEST(Codec, GoesOnFromTheStateBeforeAStoredBlock) {
  // Text, noise, text: the last block is coded as if the noise were not there.
  ModelConfig config = kTiny;
  config.block_symbols = 4096;
  const Octets text = Alice(8192), noise = RandomOctets(4096, /*seed=*/3);
  Octets mixed(text.begin(), text.begin() + 4096);
  mixed.insert(mixed.end(), noise.begin(), noise.end());
  mixed.insert(mixed.end(), text.begin() + 4096, text.end());
  const Octets archive = CompressBytes(mixed, config);
  EXPECT_EQ(DecompressBytes(archive), mixed);
  const size_t plain = CompressBytes(text, config).size();
  EXPECT_LE(archive.size(), plain + noise.size() + 64);
}

TEST(Codec, BeginsAnewWhereABlockDoesNotShrinkAlthoughDeflateShrinksIt) {
  // Noise whose beginning comes again, farther back than these small tables
  // remember.
  ModelConfig config = ProfileConfig("1");
  config.mixing_bits = 10;
  config.block_symbols = 30500;
  Octets noise = RandomOctets(28000, /*seed=*/5);
  noise.resize(30500);
  std::copy_n(noise.begin(), 2500, noise.begin() + 28000);
  const Octets text = Alice(30500);
  const auto join = [](std::initializer_list<const Octets*> pieces) {
    Octets all;
    for (const Octets* p : pieces) all.insert(all.end(), p->begin(), p->end());
    return all;
  };
  const auto size = [&](const Octets& original) {
    const Octets archive = CompressBytes(original, config);
    EXPECT_EQ(DecompressBytes(archive), original);
    return archive.size();
  };
  EXPECT_GT(size(noise), noise.size());
  // A text after it costs the same, whether or not it was there before.
  const size_t first = size(join({&noise, &text})) - size(noise);
  const size_t second =
      size(join({&text, &noise, &text})) - size(join({&text, &noise}));
  EXPECT_EQ(first, second);
  EXPECT_LT(size(join({&text, &text})), 2 * first);
}

TEST(Codec, GivesTheSameArchiveForEveryNumberOfThreads) {
  ModelConfig config = kTiny;
  config.cells = 160;  // wide enough for threads to share the work
  config.layers = 2;
  const Octets original = Alice(1500);
  const Octets one = CompressBytes(original, config);
  for (const int threads : {2, 3, 7}) {
    CodecOptions options;
    options.threads = threads;
    EXPECT_EQ(CompressBytes(original, config, options), one);
    MemorySink out;
    DecompressInto(one, out, options);
    EXPECT_EQ(out.bytes(), original);
  }
}

TEST(Codec, ChecksItselfWhereAsked) {
  CodecOptions options = OneThread();
  options.self_check = true;
  Octets original = Alice(3000);
  const Octets noise = RandomOctets(1200, /*seed=*/4);
  original.insert(original.begin() + 600, noise.begin(), noise.end());
  EXPECT_EQ(CompressBytes(original, ManyBlocks(), options),
            CompressBytes(original, ManyBlocks()));
}

TEST(Codec, RefusesAModelBeyondTheMemoryLimit) {
  const Octets archive = CompressBytes(Alice(100), kTiny);
  ExpectError(ErrorKind::kMemory, "--memory-limit",
              [] { CompressBytes(Alice(100), kTiny, OneThread(1 << 20)); });
  ExpectError(ErrorKind::kUnsupported, "--memory-limit", [&] {
    MemorySink out;
    DecompressInto(archive, out, OneThread(1 << 20));
  });
}

TEST(Codec, RefusesAConfigurationOutOfRange) {
  ModelConfig config = kTiny;
  config.cells = 0;
  ExpectError(ErrorKind::kUsage, "--cells", [&] { CompressBytes({}, config); });
  config = kTiny;
  config.alphabet = 300;
  ExpectError(ErrorKind::kUsage, "--alphabet",
              [&] { CompressBytes({}, config); });
}

TEST(Codec, ReportsProgressThatEndsAtTheWhole) {
  const Octets original = Alice(3000);
  Progress last;
  CodecOptions options = OneThread();
  options.progress = [&](const Progress& now) {
    EXPECT_GE(now.original_bytes, last.original_bytes);
    EXPECT_EQ(now.original_total, 3000);
    last = now;
  };
  const Octets archive = CompressBytes(original, ManyBlocks(), options);
  EXPECT_EQ(last.original_bytes, 3000);
  last = {};
  MemorySink out;
  DecompressInto(archive, out, options);
  EXPECT_EQ(last.original_bytes, 3000);
}

TEST(Codec, TellsTheSameRatioInBothDirections) {
  std::vector<int64_t> original, coded;
  CodecOptions options = OneThread();
  options.progress = [&](const Progress& now) {
    original.push_back(now.original_bytes);
    coded.push_back(now.coded_bytes);
  };
  const Octets archive = CompressBytes(Alice(3000), ManyBlocks(), options);
  ASSERT_GT(coded.size(), 100u);
  size_t at = 0;
  options.progress = [&](const Progress& now) {
    ASSERT_LT(at, coded.size());
    EXPECT_EQ(now.original_bytes, original[at]);
    // Decompressing has read the block's header.
    EXPECT_NEAR(static_cast<double>(now.coded_bytes - coded[at]), 50, 50);
    ++at;
  };
  MemorySink out;
  DecompressInto(archive, out, options);
  EXPECT_EQ(at, coded.size());
}

TEST(Codec, ListsWhatAnArchiveHolds) {
  const ModelConfig config = ManyBlocks();
  const Octets archive = CompressBytes(Alice(3000), config);
  MemorySource in(archive);
  const Listing listing = List(in);
  EXPECT_EQ(listing.original_bytes, 3000);
  EXPECT_EQ(listing.archive_bytes, std::ssize(archive));
  EXPECT_EQ(listing.blocks, 5);
  EXPECT_EQ(listing.config, config);
  EXPECT_EQ(listing.original_hash.size(), 32u);
}

TEST(StreamsOfBlock, GivesShortBlocksFewerStreams) {
  ModelConfig config;
  config.streams = 4;
  config.stream_symbols = 100;
  EXPECT_EQ(StreamsOfBlock(config, 1), 1);
  EXPECT_EQ(StreamsOfBlock(config, 199), 1);
  EXPECT_EQ(StreamsOfBlock(config, 200), 2);
  EXPECT_EQ(StreamsOfBlock(config, 100000), 4);
}

TEST(SelfTest, GivesTheSameDigestInEveryForm) {
  const char* before = std::getenv("NNCPP_CPU");
  const std::string kept = before == nullptr ? "" : before;
  const uint64_t digest = SelfTestDigest();
  std::printf("self-test digest %016llx\n",
              static_cast<unsigned long long>(digest));
  for (const cpu::Form& form : cpu::AvailableForms()) {
    ::setenv("NNCPP_CPU", std::string(form.name).c_str(), 1);
    EXPECT_EQ(SelfTestDigest(), digest) << form.name;
    EXPECT_NO_THROW(SelfTest()) << form.name;
  }
  ::setenv("NNCPP_CPU", kept.c_str(), 1);
}

}  // namespace
}  // namespace nncpp
