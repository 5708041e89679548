// tests/cli/fit_test.cc -- what compress makes of the configuration.
#include "src/cli/fit.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "src/base/memory_stream.h"
#include "src/model/config.h"
#include "tests/support/codec_runs.h"
#include "tests/support/zlib_streams.h"

namespace nncpp {
namespace {

using ::nncpp::testing::ByZlib;
using ::nncpp::testing::ZlibForm;

// Symbols of a block for an input of `size` bytes that begins with `head`.
int64_t BlockFor(const Octets& head, int64_t size, Options options = {}) {
  MemorySource in(head);
  HeadSource source(in);
  PrepOptions prep;
  prep.streams = true;
  options.config.mixing = 2;
  const auto seen = SeeInput(source, size, prep, options);
  EXPECT_NO_THROW(CheckConfig(options.config));
  EXPECT_EQ(seen.inflated, seen.growth > 1);
  if (seen.inflated) {
    EXPECT_GT(std::ssize(seen.head), std::ssize(head));
  }
  return options.config.block_symbols;
}

TEST(Fit, MakesLongerBlocksForStreams) {
  const Octets text = Alice(30'000);
  const Octets stream = ByZlib(text, {6, 8, 15}, ZlibForm::kGzip);
  const int64_t usual = ModelConfig().block_symbols;
  EXPECT_EQ(BlockFor(text, 30'000), usual);
  EXPECT_EQ(BlockFor(text, -1), usual);
  EXPECT_EQ(BlockFor(stream, std::ssize(stream)), 1 << 22);
  EXPECT_EQ(BlockFor(stream, 300'000), 32 * 300'000);
  for (const int64_t size : {int64_t{1} << 20, int64_t{1} << 40, int64_t{-1}}) {
    EXPECT_EQ(BlockFor(stream, size), 1 << 24);
  }
}

TEST(Fit, KeepsBlocksThatAreGiven) {
  const Octets stream = ByZlib(Alice(30'000), {6, 8, 15}, ZlibForm::kGzip);
  Options options;
  options.block_given = true;
  options.config.block_symbols = 5'000'000;
  EXPECT_EQ(BlockFor(stream, 100'000, options), 5'000'000);
}

ModelConfig FittedTo(int64_t size, int64_t memory_limit) {
  Options options;
  options.config = ProfileConfig("8");
  options.memory_limit = memory_limit;
  Preparation::Seen seen;
  seen.size = size;
  FitToInput(seen, CodecOptions(), /*self_check=*/false, options);
  return options.config;
}

TEST(Fit, TakesTheLargeTablesThatThereIsRoomFor) {
  constexpr int64_t kGiga = 1'000'000'000, kLarge = int64_t{1} << 28;
  const ModelConfig all = FittedTo(kLarge, 20 * kGiga);
  EXPECT_EQ(all.mixing_bits, 28);
  EXPECT_EQ(all.match_bits, 28);
  EXPECT_EQ(all.direct_bits, 20);
  EXPECT_GT(MemoryNeeded(all, false), 10 * kGiga);
  const ModelConfig some = FittedTo(kLarge, 10 * kGiga);
  EXPECT_EQ(some.mixing_bits, 27);
  EXPECT_EQ(some.match_bits, 27);
  EXPECT_EQ(some.direct_bits, 19);
  EXPECT_LE(MemoryNeeded(some, false), 10 * kGiga);
  // No smaller than the default level's: whoever checks says that there is no
  // room.
  const ModelConfig least = FittedTo(kLarge, kGiga / 2);
  EXPECT_EQ(least.mixing_bits, 25);
  EXPECT_GT(MemoryNeeded(least, false), kGiga / 2);
  EXPECT_EQ(FittedTo(-1, 20 * kGiga), least);
}

// Blocks of a resumed run were longer already.
TEST(Fit, SeesTheSameWithLongerBlocks) {
  const Octets stream = ByZlib(Alice(30'000), {6, 8, 15}, ZlibForm::kGzip);
  Options options;
  options.config.block_symbols = 1 << 22;
  EXPECT_EQ(BlockFor(stream, std::ssize(stream), options), 1 << 22);
}

}  // namespace
}  // namespace nncpp
