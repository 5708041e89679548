// tests/codec/cuda_codec_test.cc -- whole runs on an emulated GPU.
#include <gtest/gtest.h>

#include <cstdint>

#include "src/codec/codec.h"
#include "tests/support/codec_runs.h"
#include "tests/support/emulated_backend.h"

namespace nncpp {
namespace {

using ::nncpp::testing::MakeEmulatedBackend;

CodecOptions OnTheDevice(uint64_t seed) {
  CodecOptions options = OneThread();
  options.make_backend = [seed](int64_t bytes, int /*threads*/) {
    EXPECT_GT(bytes, 0);
    return MakeEmulatedBackend(seed);
  };
  return options;
}

TEST(CudaCodec, MakesAndOpensTheArchivesOfTheCpu) {
  ModelConfig config = ProfileConfig("tiny");
  config.stream_symbols = 60;
  config.steps = 8;
  config.layers = 2;
  config.cells = 20;
  config.block_symbols = 200;
  Octets original = Alice(240);
  const Octets noise = RandomOctets(160, /*seed=*/1);  // a stored block
  original.insert(original.end(), noise.begin(), noise.end());
  const Octets archive = CompressBytes(original, config);
  EXPECT_EQ(CompressBytes(original, config, OnTheDevice(1)), archive);
  MemorySink out;
  DecompressInto(archive, out, OnTheDevice(2));
  EXPECT_EQ(out.Take(), original);
}

// Nets that code alone, without and with the host between two steps.
ModelConfig SmallNet(int64_t model, int64_t ngram_orders) {
  ModelConfig config = ProfileConfig("tiny");
  config.model = model;
  config.streams = 3;
  config.stream_symbols = 20;
  config.steps = 7;
  config.layers = 2;
  config.cells = 20;
  config.heads = 2;
  config.inner = 12;
  config.positions = 10;
  config.position_vectors = 1;
  config.recent = 2;
  config.ngram_orders = ngram_orders;
  config.block_symbols = 90;
  return config;
}

TEST(CudaCodec, CodesANetAloneOnTheDevice) {
  for (const int64_t model : {kLstm, kTransformer}) {
    for (const int64_t ngram_orders : {0, 2}) {
      const ModelConfig config = SmallNet(model, ngram_orders);
      const Octets original = Alice(160);  // a whole block and a shorter one
      const Octets archive = CompressBytes(original, config);
      EXPECT_EQ(CompressBytes(original, config, OnTheDevice(4)), archive);
      MemorySink out;
      DecompressInto(archive, out, OnTheDevice(5));
      EXPECT_EQ(out.Take(), original);
    }
  }
}

TEST(SelfTest, GivesTheSameDigestOnADevice) {
  const auto backend = MakeEmulatedBackend(/*seed=*/3);
  EXPECT_EQ(SelfTestDigest(*backend), SelfTestDigest());
  EXPECT_NO_THROW(SelfTest(*backend));
}

}  // namespace
}  // namespace nncpp
