// tests/model/context_mixing/models_test.cc -- the parts that context mixing is
// made of, each alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "src/model/context_mixing/adaptive.h"
#include "src/model/context_mixing/history_table.h"
#include "src/model/context_mixing/match_model.h"
#include "src/model/context_mixing/mixer.h"
#include "src/model/context_mixing/refinement.h"
#include "src/model/context_mixing/run_models.h"
#include "src/model/context_mixing/stream_context.h"

namespace nncpp {
namespace {

TEST(Adapt, TakesTheMeanOfWhatItSees) {
  uint32_t adaptive = AdaptiveFrom(1u << (kModelBits - 1));
  for (int i = 0; i < 900; ++i) Adapt(adaptive, i % 3 == 0 ? 1 : 0, 1023);
  EXPECT_NEAR(ProbabilityOf(adaptive), (1 << kModelBits) / 3.0, 6000);
}

TEST(Adapt, HasNoFloorAboveTheLastBits) {
  uint32_t adaptive = AdaptiveFrom(1u << (kModelBits - 1));
  for (int i = 0; i < 100'000; ++i) Adapt(adaptive, 0, 255);
  EXPECT_LT(ProbabilityOf(adaptive), 600u);  // of 4 million
  for (int i = 0; i < 100'000; ++i) Adapt(adaptive, 1, 255);
  EXPECT_GT(ProbabilityOf(adaptive), (1u << kModelBits) - 600);
}

TEST(HistoryTable, FindsAContextsBucketAgain) {
  HistoryTable table(8);
  uint8_t* bucket = table.Find(0x123456789abcdef0);
  EXPECT_EQ(bucket[1], 0);
  bucket[1] = 7;
  EXPECT_EQ(table.Find(0x123456789abcdef0), bucket);
  EXPECT_EQ(bucket[1], 7);
}

TEST(HistoryTable, GivesUpTheLeastUsedOfALine) {
  HistoryTable table(4);
  const auto hash = [](uint64_t check) { return check << 8; };
  for (uint64_t check = 1; check <= 4; ++check) {
    // State 2 + i has seen more than state 1 + i at these few bits.
    table.Find(hash(check))[1] = check == 3 ? 1 : 20;
  }
  uint8_t* fifth = table.Find(hash(5));
  EXPECT_EQ(fifth[1], 0);
  for (const uint64_t check : {1, 2, 4}) {
    EXPECT_EQ(table.Find(hash(check))[1], 20) << check;
  }
}

// What follows a repetition of eight symbols is what followed them before.
TEST(MatchModel, PredictsWhatFollowedBefore) {
  MatchModel model(4, 10);
  SymbolRing ring(10);
  StreamContext stream{};
  const auto push = [&](uint16_t symbol) {
    ring[stream.position] = symbol;
    stream.Push(symbol);
    model.Follow(ring, stream.position, stream.order[4], stream.match[0]);
  };
  for (uint16_t s = 0; s < 100; ++s) push(s);
  EXPECT_EQ(stream.match[0].length, 0u);
  for (uint16_t s = 40; s < 48; ++s) push(s);
  ASSERT_GE(stream.match[0].length, 4u);
  EXPECT_EQ(ring[stream.match[0].pointer], 48);
  int16_t inputs[MatchModel::kInputs];
  for (int i = 0; i < 100; ++i) {
    model.Predict(stream.match[0], 1, inputs);
    model.Train(1);
  }
  EXPECT_GT(inputs[0], 1000);  // 50 to 1
  model.Predict(stream.match[0], 0, inputs);
  EXPECT_LT(inputs[0], -1000);
  push(7);
  EXPECT_EQ(stream.match[0].length, 0u);
}

TEST(MatchModel, ForgetsWhatTheRingHasOverwritten) {
  MatchModel model(4, 10);
  SymbolRing ring(6);
  StreamContext stream{};
  for (int i = 0; i < 300; ++i) {
    const auto symbol = static_cast<uint16_t>(i % 100);
    ring[stream.position] = symbol;
    stream.Push(symbol);
    model.Follow(ring, stream.position, stream.order[4], stream.match[0]);
    EXPECT_EQ(stream.match[0].length, 0u) << i;
  }
}

TEST(MixerLayer, LearnsWhichInputToTrust) {
  const int64_t contexts[] = {2};
  MixerLayer layer(3, contexts, 1000, {8000, 1000, 500});
  std::mt19937_64 noise(/*seed=*/1);
  int32_t logit = 0;
  int16_t inputs[kMixerGrain] = {};
  for (uint32_t i = 0; i < 4000; ++i) {
    const uint64_t random = noise();
    const int bit = static_cast<int>(random & 1);
    inputs[0] = static_cast<int16_t>(bit != 0 ? 500 : -500);
    inputs[1] = static_cast<int16_t>((random & 2) != 0 ? 500 : -500);
    layer.Select(0, i % 2);
    logit = layer.Mix(inputs)[0];
    if (i > 3000) {
      EXPECT_GT(bit != 0 ? logit : -logit, 512);
    }
    layer.Train(bit);
  }
}

// Whatever bytes a checkpoint puts there.
TEST(RunModels, HasNoStateThatReachesBeyondItsTables) {
  uint64_t hash = 0;
  while ((MixHash(hash) >> 8 & 0xffff) != 0xffff) ++hash;
  RunModels runs(1, 10);
  std::ranges::fill(runs.State().front(), uint8_t{0xff});
  int16_t input = 0;
  int64_t votes[2];
  runs.Enter({&hash, 1});
  runs.Predict(0, 65536, 32768, 0, &input, votes);
  EXPECT_EQ(input, Stretch(3u << (kModelBits - 2)));  // as at first
  EXPECT_EQ(votes[1], 1);
}

TEST(Refinement, LearnsWhatAPredictionMeans) {
  Refinement refinement(1);
  refinement.Enter(uint64_t{1} << 63);
  const int32_t logit = 640;  // where a cell is
  for (int i = 0; i < 2000; ++i) {
    refinement.Refine(logit);
    refinement.Train(i % 2);
  }
  EXPECT_NEAR(refinement.Refine(logit), 1 << (kCodedBits - 1), 1 << 18);
  refinement.Enter(0);
  EXPECT_NEAR(refinement.Refine(logit), Squash(logit), 1 << 4);
}

TEST(Refinement, LeavesWhatIsBeyondItsCells) {
  Refinement refinement(1);
  refinement.Enter(0);
  for (const int32_t logit : {1920, 4095, -1921, -4095}) {
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(refinement.Refine(logit), Squash(logit));
      refinement.Train(logit < 0 ? 1 : 0);
    }
  }
  EXPECT_NEAR(refinement.Refine(1919), Squash(1919), 1 << 8);
  EXPECT_NEAR(refinement.Refine(-1920), Squash(-1920), 1 << 8);
}

TEST(StreamContext, HashesTheLastSymbolsOnly) {
  StreamContext a{}, b{};
  for (const uint16_t s : {1, 2, 3, 4, 5}) a.Push(s);
  for (const uint16_t s : {9, 3, 4, 5}) b.Push(s);
  EXPECT_EQ(a.order[3], b.order[3]);
  EXPECT_NE(a.order[4], b.order[4]);
  EXPECT_EQ(a.Back(1), 5);
  EXPECT_EQ(a.Back(5), 1);
}

}  // namespace
}  // namespace nncpp
