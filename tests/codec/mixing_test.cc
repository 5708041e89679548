// tests/codec/mixing_test.cc -- the codec with context mixing, with a net and
// without one.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/archives.h"
#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

ModelConfig Mixing(int64_t level, int64_t layers) {
  ModelConfig config = ProfileConfig("tiny");
  config.layers = layers;
  config.cells = 8;
  config.mixing = level;
  config.mixing_bits = 12;
  return config;
}

std::vector<ModelConfig> Configs() {
  return {Mixing(1, 0), Mixing(2, 0), Mixing(1, 1), Mixing(2, 1)};
}

void ExpectRoundTrip(const Octets& original, const ModelConfig& config) {
  EXPECT_EQ(DecompressBytes(CompressBytes(original, config)), original)
      << original.size() << " bytes";
}

TEST(Mixing, GivesBackAllKindsOfData) {
  for (const ModelConfig& config : Configs()) {
    ExpectRoundTrip({}, config);
    ExpectRoundTrip({255}, config);
    ExpectRoundTrip(Octets(3000, 0), config);
    ExpectRoundTrip(Alice(3000), config);
    ExpectRoundTrip(FileOctets("/proc/self/exe", 5000), config);
  }
}

TEST(Mixing, GivesBackStreamsAndBlocksAndStoredBlocks) {
  for (ModelConfig config : Configs()) {
    config.block_symbols = 500;
    config.streams = 3;
    config.stream_symbols = 64;
    config.steps = 7;
    Octets original = Alice(1200);
    const Octets noise = RandomOctets(800, /*seed=*/1);
    original.insert(original.begin() + 400, noise.begin(), noise.end());
    const Octets archive = CompressBytes(original, config);
    EXPECT_EQ(DecompressBytes(archive), original);
    const TestArchive parts = ReadArchive(archive);
    int stored = 0;
    for (const TestBlock& block : parts.blocks) {
      stored += block.header.kind == BlockKind::kStored ? 1 : 0;
    }
    EXPECT_GE(stored, 1);
  }
}

TEST(Mixing, MakesTextSmallerThanTheNetAlone) {
  const Octets text = Alice(20'000);
  const size_t net = CompressBytes(text, ProfileConfig("tiny")).size();
  ModelConfig config = Mixing(1, 0);
  config.mixing_bits = 18;
  const size_t fast = CompressBytes(text, config).size();
  config.mixing = 2;
  const size_t strong = CompressBytes(text, config).size();
  EXPECT_LT(fast, net);
  EXPECT_LT(strong, fast);
}

TEST(Mixing, CostsNextToNothingOnZeros) {
  for (const int64_t level : {1, 2}) {
    EXPECT_LT(CompressBytes(Octets(200'000, 0), Mixing(level, 0)).size(), 400u);
  }
}

TEST(Mixing, GivesTheSameArchiveWithAnyNumberOfThreads) {
  for (const ModelConfig& config : Configs()) {
    CodecOptions two = OneThread();
    two.threads = 2;
    EXPECT_EQ(CompressBytes(Alice(2000), config),
              CompressBytes(Alice(2000), config, two));
  }
}

TEST(Mixing, SeesWhenAStreamIsNotWhatACoderWrites) {
  for (const ModelConfig& config : Configs()) {
    const Octets archive = CompressBytes(Alice(2000), config);
    for (const uint8_t change : {1, 128}) {
      TestArchive damaged = ReadArchive(archive);
      for (const size_t at : {size_t{0}, damaged.blocks[0].payload.size() / 2,
                              damaged.blocks[0].payload.size() - 1}) {
        TestArchive one = damaged;
        one.blocks[0].payload[at] ^= change;
        ExpectError(ErrorKind::kNumerics, "block 1",
                    [&] { DecompressBytes(WriteArchive(one)); });
      }
    }
  }
}

TEST(Mixing, IsRefusedWhereNothingWouldPredict) {
  ExpectError(ErrorKind::kUsage, "--mixing",
              [] { CompressBytes({1}, Mixing(0, 0)); });
}

TEST(Mixing, IsCountedBeforeMemoryIsTaken) {
  ModelConfig config = Mixing(2, 0);
  const int64_t small = MemoryNeeded(config, false);
  config.mixing_bits = 24;
  EXPECT_GE(MemoryNeeded(config, false),
            small + (int64_t{2} * 16 << 24) - small);
  ExpectError(ErrorKind::kMemory, "needs", [&] {
    CompressBytes({1}, config, OneThread(int64_t{100} << 20));
  });
}

// A decoder keeps no copy for a block that does not shrink.
TEST(Mixing, TakesLessMemoryToDecode) {
  const ModelConfig config = Mixing(2, 0);
  const int64_t enough = MemoryToDecode(config);
  EXPECT_LT(enough, MemoryNeeded(config, false));
  EXPECT_LT(MemoryNeeded(config, false), MemoryNeeded(config, true));
  const Octets archive = CompressBytes({1}, config);
  MemorySink back;
  DecompressInto(archive, back, OneThread(enough));
  EXPECT_EQ(back.bytes(), Octets{1});
  ExpectError(ErrorKind::kUnsupported, "needs",
              [&] { DecompressInto(archive, back, OneThread(enough - 1)); });
}

// Noise that comes again 6,000 bytes later, among 2^10 buckets.
TEST(Mixing, FindsWhatIsFartherBackThanThereAreBuckets) {
  ModelConfig config = Mixing(1, 0);
  config.mixing_bits = 10;
  Octets noise = RandomOctets(6000, /*seed=*/4);
  noise.insert(noise.end(), noise.begin(), noise.begin() + 4000);
  const auto size = [&](int64_t match_bits) {
    config.match_bits = match_bits;
    const Octets archive = CompressBytes(noise, config);
    EXPECT_EQ(DecompressBytes(archive), noise);
    return archive.size();
  };
  EXPECT_GT(size(kFarMatchBits - 1), noise.size());
  EXPECT_LT(size(kFarMatchBits), noise.size() - 2000);
}

}  // namespace
}  // namespace nncpp
