// tests/codec/rehearsal_test.cc -- what is expected of a run, and that finding
// it out changes nothing.
#include "src/codec/rehearsal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <vector>

#include "kernels/make_backend.h"
#include "preproc/primer.h"
#include "tests/support/checkpoints.h"
#include "tests/support/emulated_backend.h"
#include "tests/support/wide_octets.h"

namespace nncpp {
namespace {

ModelConfig Replaying(int64_t period, int64_t passes) {
  ModelConfig config = ProfileConfig("tiny");
  config.replay_period = period;
  config.replay_passes = passes;
  return config;
}

TEST(ReplayedSymbols, CountTheFirstPassesOnce) {
  EXPECT_EQ(ReplayedSymbols(ProfileConfig("tiny"), 1000), 0);
  const ModelConfig config = Replaying(100, 3);
  EXPECT_EQ(ReplayedSymbols(config, 99), 0);
  EXPECT_EQ(ReplayedSymbols(config, 250), 100 + 200);
  EXPECT_EQ(ReplayedSymbols(config, 500), 100 + 200 + 300 * 3);
  ModelConfig contexts = ProfileConfig("1");
  contexts.replay_period = 100;
  EXPECT_EQ(ReplayedSymbols(contexts, 500), 0);
}

TEST(Expect, AddsUpCodingReplayAndThePrimer) {
  const ModelConfig config = Replaying(100, 3);
  const Pace pace = {.coding = 2, .replay = 0.5};
  const Expectation plain = Expect(config, Preparation(), 500, 7, pace);
  EXPECT_DOUBLE_EQ(plain.seconds, 500 * 2 + 1200 * 0.5);
  EXPECT_DOUBLE_EQ(plain.bytes_per_second, 1 / (2 + 3 * 0.5));
  EXPECT_EQ(plain.memory_bytes, 7);
  PrepOptions options;
  options.priming = Priming::kEnglish;
  const ModelConfig tiny = ProfileConfig("tiny");
  const Preparation primed = Preparation::Choose({}, 500, tiny, options);
  EXPECT_DOUBLE_EQ(Expect(tiny, primed, 500, 7, pace).seconds,
                   (500 + 500 / 4) * 2);
  const ModelConfig mixed = ProfileConfig("5");
  EXPECT_EQ(
      Preparation::Choose({}, 1'000'000, mixed, options).PrimerBytes(mixed),
      Preparation::kNetPrimer +
          (std::ssize(PrimerText()) - Preparation::kNetPrimer) / 2);
  options.wide_symbols = true;
  const Preparation wide = Preparation::Choose({}, 500, tiny, options);
  EXPECT_DOUBLE_EQ(Expect(tiny, wide, 500, 7, pace).seconds, 250 * 2);
  EXPECT_EQ(Expect(config, Preparation(), -1, 7, pace).seconds, -1);
}

// A segment whose learning takes as long as three steps; the first three of a
// length take four times that, as on a device.
struct Device {
  double operator()(int64_t steps) {
    done += steps;
    const bool settled = ++times[steps] > 3;
    return step * static_cast<double>(steps + 3) * (settled ? 1 : 4);
  }

  double step;  // seconds
  int64_t done = 0;
  std::map<int64_t, int64_t> times = {};
};

TEST(SecondsOfStep, LeaveOutTheFirstSegmentsOfALength) {
  for (const int64_t steps : {1, 2, 20, 300, 5000}) {
    for (const int64_t most : {8, 40, 1000}) {
      Device device = {.step = 1e-4};
      const double found = SecondsOfStep(steps, most, std::ref(device));
      EXPECT_NEAR(
          found,
          1e-4 * static_cast<double>(steps + 3) / static_cast<double>(steps),
          1e-9);
      EXPECT_LE(device.done, most + 4);
    }
  }
}

TEST(SecondsOfStep, DoFewStepsOfWhatIsSlow) {
  for (const int64_t steps : {1, 20, 300}) {
    for (const int64_t most : {-5, 0, 1000}) {
      Device device = {.step = 1};
      EXPECT_GT(SecondsOfStep(steps, most, std::ref(device)), 0);
      EXPECT_EQ(device.done, steps == 1 ? 3 : 4);
    }
  }
}

// Of every kind of model, and at the limits of streams, steps and replay.
std::vector<ModelConfig> Models() {
  std::vector<ModelConfig> models = {ProfileConfig("tiny"), ProfileConfig("1"),
                                     Replaying(64, 2), Replaying(4, 1)};
  models[1].mixing_bits = 12;
  for (int64_t steps : {1, 2, 1024}) {
    ModelConfig narrow = Replaying(20, 1);
    narrow.block_symbols = 64;
    narrow.streams = 64;
    narrow.stream_symbols = 1;
    narrow.steps = steps;
    narrow.replay_steps = steps;
    narrow.replay_streams = 3;
    narrow.cells = 8;
    models.push_back(narrow);
  }
  models.push_back(ProfileConfig("tiny"));
  models.back().model = kTransformer;
  models.push_back(ProfileConfig("tiny"));
  models.back().mixing = 2;
  models.back().mixing_bits = 12;
  return models;
}

TEST(Rehearse, TakesSomeTimeForEveryModel) {
  const auto backend = MakeCpuBackend(1);
  for (const ModelConfig& config : Models()) {
    for (const bool decoding : {false, true}) {
      for (const int64_t symbols : {1, 64, 3000}) {
        const int64_t block = std::min(symbols, config.block_symbols);
        const Pace pace = Rehearse(config, block, decoding, *backend);
        EXPECT_TRUE(pace.coding > 0 && std::isfinite(pace.coding));
        EXPECT_EQ(pace.replay > 0, config.replay_period > 0);
      }
    }
  }
}

TEST(Rehearse, TakesSomeTimeOnADevice) {
  const auto backend = testing::MakeEmulatedBackend(/*seed=*/1);
  for (const bool decoding : {false, true}) {
    const Pace pace = Rehearse(Replaying(64, 2), 64, decoding, *backend);
    EXPECT_GT(pace.coding, 0);
    EXPECT_GT(pace.replay, 0);
  }
}

struct Heard {
  int64_t times = 0;
  Expectation last;
};

CodecOptions Listening(Heard& heard) {
  CodecOptions options = OneThread();
  options.expectation = [&heard](const Expectation& expected) {
    ++heard.times;
    heard.last = expected;
  };
  return options;
}

TEST(Expectation, IsToldOnceAndChangesNoByte) {
  const Octets text = Alice(1500);
  for (const ModelConfig& config : Models()) {
    for (const bool size_known : {true, false}) {
      const Octets expected =
          CompressBytes(text, config, OneThread(), size_known);
      Heard heard;
      CodecOptions options = Listening(heard);
      for (const bool self_check : {false, true}) {
        options.self_check = self_check;
        EXPECT_EQ(CompressBytes(text, config, options, size_known), expected);
        EXPECT_EQ(heard.times, self_check ? 2 : 1);
        EXPECT_EQ(heard.last.seconds > 0, size_known);
        EXPECT_GT(heard.last.bytes_per_second, 0);
        EXPECT_EQ(heard.last.memory_bytes, MemoryNeeded(config, self_check));
      }
      heard.times = 0;
      MemorySink back;
      DecompressInto(expected, back, options);
      EXPECT_EQ(back.bytes(), text);
      EXPECT_EQ(heard.times, 1);
      EXPECT_EQ(heard.last.seconds > 0, size_known);
      EXPECT_EQ(heard.last.memory_bytes, MemoryToDecode(config));
    }
  }
}

TEST(Expectation, IsNotToldByARunThatGoesOn) {
  const Octets text = Alice(500);
  const ModelConfig config = ProfileConfig("tiny");
  Heard heard;
  const CodecRun run = [&](Sink& out, Checkpointer& checkpointer) {
    CodecOptions options = Listening(heard);
    options.checkpointer = &checkpointer;
    MemorySource in(text);
    Compress(in, out, config, options);
  };
  const auto left = RunUntil(run, 2);
  EXPECT_EQ(heard.times, 1);
  EXPECT_EQ(Resume(run, *left), CompressBytes(text, config));
  EXPECT_EQ(heard.times, 1);
}

}  // namespace
}  // namespace nncpp
