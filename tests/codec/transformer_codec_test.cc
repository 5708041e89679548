// tests/codec/transformer_codec_test.cc -- round trips with a Transformer.
#include <gtest/gtest.h>

#include "tests/support/codec_runs.h"

namespace nncpp {
namespace {

ModelConfig SmallConfig() {
  ModelConfig config = ProfileConfig("tiny");
  config.model = kTransformer;
  config.cells = 24;
  config.heads = 3;
  config.inner = 20;
  config.positions = 12;
  config.recent = 3;
  config.learning_rate = 2e-3f;
  return config;
}

void ExpectRoundTrip(const Octets& original, const ModelConfig& config) {
  const Octets archive = CompressBytes(original, config);
  EXPECT_TRUE(DecompressBytes(archive) == original) << original.size();
}

TEST(TransformerCodec, RestoresTextOfAnySize) {
  for (const int64_t size : {0, 1, 2, 17, 127, 128, 129, 700, 3000}) {
    ExpectRoundTrip(Alice(size), SmallConfig());
  }
}

TEST(TransformerCodec, RestoresManyBlocksOfSeveralStreams) {
  ModelConfig config = SmallConfig();
  config.block_symbols = 700;
  config.streams = 3;
  config.stream_symbols = 64;
  for (const int64_t features : {0, 2}) {
    config.ngram_orders = features;
    ExpectRoundTrip(Alice(3000), config);
  }
}

TEST(TransformerCodec, GoesOnFromTheStateBeforeAStoredBlock) {
  ModelConfig config = SmallConfig();
  config.block_symbols = 1024;
  Octets mixed = Alice(1024);
  const Octets noise = RandomOctets(1024, /*seed=*/1), text = Alice(2048);
  mixed.insert(mixed.end(), noise.begin(), noise.end());
  mixed.insert(mixed.end(), text.begin() + 1024, text.end());
  const Octets archive = CompressBytes(mixed, config);
  EXPECT_TRUE(DecompressBytes(archive) == mixed);
  const size_t plain = CompressBytes(text, config).size();
  EXPECT_LE(archive.size(), plain + noise.size() + 64);
}

// Biases of far positions begin beyond what updates leave.
TEST(TransformerCodec, RestoresTheStateBeforeAStoredFirstBlock) {
  ModelConfig config = SmallConfig();
  config.positions = 300;
  ExpectRoundTrip(RandomOctets(64, /*seed=*/1), config);
}

TEST(TransformerCodec, GivesTheSameArchiveForEveryNumberOfThreads) {
  ModelConfig config = SmallConfig();
  config.cells = 96;  // wide enough for threads to share the work
  const Octets original = Alice(1500);
  const Octets one = CompressBytes(original, config);
  for (const int threads : {2, 5}) {
    CodecOptions options;
    options.threads = threads;
    EXPECT_TRUE(CompressBytes(original, config, options) == one);
    MemorySink out;
    DecompressInto(one, out, options);
    EXPECT_TRUE(out.bytes() == original);
  }
}

TEST(TransformerCodec, LearnsText) {
  ModelConfig config = SmallConfig();
  config.ngram_orders = 0;
  // Bytes of a net that learns nothing: as many as go in.
  EXPECT_LT(CompressBytes(Alice(6000), config).size(), 4500u);
}

}  // namespace
}  // namespace nncpp
