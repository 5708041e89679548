// tests/model/context_mixing/context_mixer_test.cc -- all models together
#include "src/model/context_mixing/context_mixer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "src/coder/range_coder.h"
#include "src/model/context_mixing/logistic.h"

namespace nncpp {
namespace {

ModelConfig Config(int64_t level, int64_t alphabet = 256) {
  ModelConfig config;
  config.alphabet = alphabet;
  config.streams = 2;
  config.layers = 0;
  config.mixing = level;
  config.mixing_bits = 12;
  return config;
}

// Bits that one symbol costs.
double Cost(ContextMixer& mixer, int64_t stream, int32_t symbol,
            std::span<const uint64_t> frequencies = {}) {
  double bits = 0;
  mixer.StartSymbol(stream, frequencies);
  while (!mixer.Done()) {
    const int bit = symbol >= mixer.middle() ? 1 : 0;
    const double p = mixer.Predict() / double{1 << kCodedBits};
    bits -= std::log2(bit != 0 ? p : 1 - p);
    mixer.Update(bit);
  }
  EXPECT_EQ(mixer.symbol(), symbol);
  return bits;
}

std::vector<int32_t> Symbols(int64_t count, int64_t alphabet) {
  std::vector<int32_t> symbols;
  uint64_t x = 1;
  for (int64_t i = 0; i < count; ++i) {
    x = MixHash(x + 1);
    // Half noise, half a period of 17.
    symbols.push_back(static_cast<int32_t>(
        i % 2 == 0 ? (x >> 32) % static_cast<uint64_t>(alphabet)
                   : static_cast<uint64_t>(i % 17 * 5 % alphabet)));
  }
  return symbols;
}

class ContextMixerOf : public ::testing::TestWithParam<int64_t> {};

TEST_P(ContextMixerOf, DecodesWhatItEncoded) {
  const int64_t alphabet = GetParam();
  const std::vector<int32_t> symbols = Symbols(600, alphabet);
  const int64_t lengths[] = {600};
  for (const int64_t level : {1, 2}) {
    ContextMixer ours(Config(level, alphabet)), theirs(Config(level, alphabet));
    ours.StartBlock(lengths);
    theirs.StartBlock(lengths);
    RangeEncoder encoder;
    for (const int32_t symbol : symbols) {
      ours.StartSymbol(0, {});
      while (!ours.Done()) {
        const int bit = symbol >= ours.middle() ? 1 : 0;
        encoder.EncodeBit(bit, ours.Predict(), kCodedBits);
        ours.Update(bit);
      }
    }
    const std::vector<uint8_t> bytes = encoder.Finish();
    RangeDecoder decoder(bytes);
    for (const int32_t symbol : symbols) {
      theirs.StartSymbol(0, {});
      while (!theirs.Done()) {
        theirs.Update(decoder.DecodeBit(theirs.Predict(), kCodedBits));
      }
      ASSERT_EQ(theirs.symbol(), symbol);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Alphabets, ContextMixerOf,
                         ::testing::Values(2, 3, 5, 17, 255, 256, 257, 4096,
                                           65535));

TEST(ContextMixer, HasNoFloorOnPredictableData) {
  for (const int64_t level : {1, 2}) {
    ContextMixer mixer(Config(level));
    const int64_t lengths[] = {40'000};
    mixer.StartBlock(lengths);
    double first = 0, later = 0;
    for (int i = 0; i < 20'000; ++i) first += Cost(mixer, 0, 'a');
    for (int i = 0; i < 20'000; ++i) later += Cost(mixer, 0, 'a');
    EXPECT_LT(first, 600);
    EXPECT_LT(later, 30);  // 8 nodes of 2^-12 would cost 56 bits
  }
}

TEST(ContextMixer, TrustsANetThatKnows) {
  ContextMixer without(Config(2)), with(Config(2));
  const int64_t lengths[] = {400};
  without.StartBlock(lengths);
  with.StartBlock(lengths);
  double alone = 0, together = 0;
  uint64_t x = 1;
  for (int i = 0; i < 400; ++i) {
    x = MixHash(x + 1);
    const auto symbol = static_cast<int32_t>(x >> 56);
    std::vector<uint64_t> frequencies(256, 1 << 20);
    frequencies[static_cast<size_t>(symbol)] = uint64_t{1} << 40;
    alone += Cost(without, 0, symbol);
    together += Cost(with, 0, symbol, frequencies);
  }
  EXPECT_GT(alone, 3000);
  EXPECT_LT(together, 400);
}

// Streams have each its past, and what one learns helps the other.
TEST(ContextMixer, SharesWhatStreamsLearn) {
  ContextMixer mixer(Config(1));
  const int64_t lengths[] = {300, 300};
  mixer.StartBlock(lengths);
  double first = 0, second = 0;
  for (int i = 0; i < 300; ++i) {
    const int32_t symbol = 'a' + i * i % 13;
    first += Cost(mixer, 0, symbol);
    second += Cost(mixer, 1, symbol);
  }
  EXPECT_LT(second, first / 2);
}

TEST(ContextMixer, GoesOnWhereTheLastStreamEnded) {
  const std::vector<int32_t> symbols = Symbols(300, 256);
  ContextMixer whole(Config(2)), parts(Config(2));
  const int64_t all[] = {300}, one[] = {100}, two[] = {200};
  whole.StartBlock(all);
  for (size_t i = 0; i < 300; ++i) {
    if (i == 0) parts.StartBlock(one);
    if (i == 100) parts.StartBlock(two);
    ASSERT_EQ(Cost(whole, 0, symbols[i]), Cost(parts, 0, symbols[i])) << i;
  }
}

// Bits, their probabilities and the state after them.
TEST(ContextMixer, CodesKnownSymbolsAsOneByOne) {
  const std::vector<int32_t> symbols = Symbols(700, 256);
  const int64_t lengths[] = {700};
  for (const int64_t level : {1, 2}) {
    std::vector<std::pair<int, uint32_t>> expected;
    ContextMixer one(Config(level));
    one.StartBlock(lengths);
    for (const int32_t symbol : symbols) {
      one.StartSymbol(0, {});
      while (!one.Done()) {
        const int bit = symbol >= one.middle() ? 1 : 0;
        expected.emplace_back(bit, one.Predict());
        one.Update(bit);
      }
    }
    for (const bool beside : {false, true}) {
      ContextMixer other(Config(level));
      other.StartBlock(lengths);
      std::vector<std::pair<int, uint32_t>> coded;
      const auto note = [&](int bit, uint32_t p) {
        coded.emplace_back(bit, p);
      };
      const std::span<const int32_t> all = symbols;
      other.Code(0, all.first(1), beside, note);
      other.Code(0, all.subspan(1, 333), beside, note);
      other.Code(0, {}, beside, note);
      other.Code(0, all.subspan(334), beside, note);
      EXPECT_EQ(coded, expected);
      const auto ours = other.State(), theirs = one.State();
      ASSERT_EQ(ours.size(), theirs.size());
      for (size_t i = 0; i < ours.size(); ++i) {
        EXPECT_TRUE(std::ranges::equal(ours[i], theirs[i])) << i;
      }
    }
  }
}

TEST(ContextMixer, StopsLookingAheadWhereItsCallerFails) {
  ContextMixer mixer(Config(2));
  const int64_t lengths[] = {700};
  mixer.StartBlock(lengths);
  const auto fail = [](int, uint32_t) { throw std::runtime_error("full"); };
  EXPECT_THROW(mixer.Code(0, Symbols(700, 256), true, fail),
               std::runtime_error);
}

// What a checkpoint may say of a stream without harm, if it is none of ours.
TEST(ContextMixer, GoesOnFromWhateverAStreamRemembers) {
  ContextMixer mixer(Config(2));
  const int64_t lengths[] = {300};
  mixer.StartBlock(lengths);
  for (int i = 0; i < 100; ++i) Cost(mixer, 0, 'a' + i % 7);
  int found = 0;
  for (const std::span<uint8_t> bytes : mixer.State()) {
    if (bytes.size() != 2 * sizeof(StreamContext)) continue;
    auto* stream = reinterpret_cast<StreamContext*>(bytes.data());
    const uint64_t line = stream->line;
    std::fill_n(reinterpret_cast<uint8_t*>(&stream->order),
                offsetof(StreamContext, match) - sizeof(stream->position),
                uint8_t{0xff});
    stream->line = line;
    ++found;
  }
  ASSERT_EQ(found, 1);
  ASSERT_TRUE(mixer.StateIsSound());
  for (int i = 0; i < 100; ++i) Cost(mixer, 0, 'a' + i % 7);
}

TEST(ContextMixer, TakesNoMoreMemoryThanItSays) {
  for (const int64_t level : {1, 2}) {
    for (const int64_t bits : {10, 16, 20}) {
      ModelConfig config = Config(level);
      config.mixing_bits = bits;
      ContextMixer mixer(config);
      int64_t state = 0;
      for (const std::span<uint8_t> bytes : mixer.State()) {
        state += std::ssize(bytes);
      }
      EXPECT_LE(state, ContextMixer::Bytes(config) + 4096);
      EXPECT_GE(state, ContextMixer::Bytes(config) * 9 / 10);
    }
  }
}

}  // namespace
}  // namespace nncpp
