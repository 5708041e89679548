// tests/model/lstm_test.cc -- the model's state, in batches and step by step.
#include "src/model/lstm.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_backend.h"

namespace nncpp {
namespace {

using ::nncpp::cpu::CpuBackend;

ModelConfig SmallConfig(int64_t streams, int64_t classic = 0,
                        int64_t embedding = 0) {
  ModelConfig config = ProfileConfig("tiny");
  config.alphabet = 77;
  config.streams = streams;
  config.steps = 6;
  config.layers = 2;
  config.cells = 37;
  config.classic = classic;
  config.embedding = embedding;
  return config;
}

// A segment's targets; in a last one, the later streams are a symbol shorter.
std::vector<int32_t> Targets(int64_t segment, int64_t steps, int64_t streams,
                             bool last = false) {
  std::vector<int32_t> targets;
  for (int64_t i = 0; i < steps * streams; ++i) {
    const int64_t x = segment * 100 + i;
    targets.push_back(static_cast<int32_t>((x * x / 3 + x) % 77));
  }
  if (last && streams > 1) targets.back() = -1;
  return targets;
}

// Frequencies and totals of rows [0, rows).
std::vector<uint64_t> Frequencies(const Model& model, int64_t rows) {
  std::vector<uint64_t> all;
  for (int64_t r = 0; r < rows; ++r) {
    const std::span<const uint64_t> row = model.FrequenciesAt(r);
    all.insert(all.end(), row.begin(), row.end());
    all.push_back(model.TotalAt(r));
  }
  return all;
}

struct Trace {
  std::vector<std::vector<uint64_t>> frequencies;
  std::vector<uint64_t> digests;
  bool operator==(const Trace&) const = default;
};

// Some segments of a block, the last one partial. `at_once` steps are
// predicted by each call.
void RunBlock(Model& model, const ModelConfig& config, int64_t streams,
              int64_t at_once, int64_t first_segment, Trace& trace) {
  model.StartBlock(streams);
  for (int64_t s = 0; s < 5; ++s) {
    const int64_t steps = s < 4 ? config.steps : config.steps - 2;
    const std::vector<int32_t> targets =
        Targets(first_segment + s, steps, streams, s == 4);
    for (int64_t t = 0; t < steps; t += at_once) {
      const int64_t count = std::min(at_once, steps - t);
      // What is not known yet must not be looked at: a decoder has no target
      // of step t when it predicts that step.
      std::vector<int32_t> known = targets;
      std::fill(known.begin() + (t + count - 1) * streams, known.end(), -1);
      model.Predict(t, count, known);
    }
    trace.frequencies.push_back(Frequencies(model, steps * streams));
    model.Train(steps, targets);
    trace.digests.push_back(model.Digest());
  }
}

Trace RunBlocks(const ModelConfig& config, Backend& backend, int64_t at_once) {
  Lstm model(config, backend);
  Trace trace;
  trace.digests.push_back(model.Digest());
  RunBlock(model, config, config.streams, at_once, 0, trace);
  RunBlock(model, config, 1, at_once, 5, trace);  // a short block
  RunBlock(model, config, config.streams, at_once, 10, trace);
  return trace;
}

std::unique_ptr<CpuBackend> NewBackend(int threads = 1) {
  return std::make_unique<CpuBackend>(cpu::AvailableForms().back(), threads);
}

struct Shape {
  int64_t streams, classic, embedding;
  ModelConfig Config() const {
    return SmallConfig(streams, classic, embedding);
  }
};

class LstmStreams : public ::testing::TestWithParam<Shape> {};

TEST_P(LstmStreams, PredictASegmentAtOnceAndStepByStepAlike) {
  const ModelConfig config = GetParam().Config();
  const auto backend = NewBackend();
  const Trace single = RunBlocks(config, *backend, 1);
  EXPECT_TRUE(RunBlocks(config, *backend, config.steps) == single);
  EXPECT_TRUE(RunBlocks(config, *backend, 4) == single);
}

TEST_P(LstmStreams, GiveTheSameBitsInEveryFormAndForEveryNumberOfThreads) {
  const ModelConfig config = GetParam().Config();
  CpuBackend plain(cpu::AvailableForms()[0], 1);
  const Trace expected = RunBlocks(config, plain, config.steps);
  for (const cpu::Form& form : cpu::AvailableForms()) {
    for (const int threads : {1, 3}) {
      CpuBackend backend(form, threads);
      EXPECT_TRUE(RunBlocks(config, backend, config.steps) == expected)
          << form.name << ", " << threads << " threads";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Streams, LstmStreams,
                         ::testing::Values(Shape{1, 0, 0}, Shape{2, 0, 0},
                                           Shape{3, 0, 0}, Shape{4, 0, 0},
                                           Shape{2, 1, 0}, Shape{3, 0, 9},
                                           Shape{4, 1, 40}));

TEST(Lstm, BeginsWithEverySymbolEquallyLikely) {
  const ModelConfig config = SmallConfig(2);
  const auto backend = NewBackend();
  Lstm model(config, *backend);
  model.StartBlock(2);
  model.Predict(0, 1, Targets(0, 1, 2));
  for (const uint64_t f : model.FrequenciesAt(1)) {
    EXPECT_EQ(f, model.FrequenciesAt(1)[0]);
  }
}

TEST(Lstm, LearnsARepeatedText) {
  const ModelConfig config = SmallConfig(1);
  const auto backend = NewBackend();
  Lstm model(config, *backend);
  model.StartBlock(1);
  const std::vector<int32_t> targets = {5, 6, 7, 5, 6, 7};
  for (int i = 0; i < 60; ++i) {
    model.Predict(0, 6, targets);
    model.Train(6, targets);
  }
  model.Predict(0, 6, targets);
  for (int64_t r = 0; r < 6; ++r) {
    const auto target = static_cast<size_t>(targets[static_cast<size_t>(r)]);
    EXPECT_GT(model.FrequenciesAt(r)[target], model.TotalAt(r) / 2);
  }
  EXPECT_TRUE(model.IsFinite());
}

TEST(Lstm, GoesBackToWhereItWasSaved) {
  const ModelConfig config = SmallConfig(3);
  const auto backend = NewBackend();
  Lstm model(config, *backend);
  Trace first, again, ignored;
  RunBlock(model, config, 3, 6, 0, ignored);
  model.Save();
  const uint64_t saved = model.Digest();
  RunBlock(model, config, 3, 6, 5, first);
  EXPECT_NE(model.Digest(), saved);
  model.Restore();
  EXPECT_EQ(model.Digest(), saved);
  RunBlock(model, config, 3, 6, 5, again);
  EXPECT_TRUE(first == again);
  model.Restore();
  EXPECT_EQ(model.Digest(), saved);
}

TEST(Lstm, GoesBackFromTheMiddleOfASegment) {
  const ModelConfig config = SmallConfig(2);
  const auto backend = NewBackend();
  Lstm model(config, *backend);
  Trace first, again, ignored;
  RunBlock(model, config, 2, 6, 0, ignored);
  model.Save();
  model.StartBlock(2);
  model.Predict(0, 3, Targets(9, 6, 2));
  model.Restore();
  RunBlock(model, config, 2, 6, 5, first);
  model.Restore();
  RunBlock(model, config, 2, 6, 5, again);
  EXPECT_TRUE(first == again);
}

// A classic cell that lets everything in and forgets nothing counts its steps.
TEST(Lstm, GoesBackToClassicCellsOfAnySize) {
  ModelConfig config = SmallConfig(2, /*classic=*/1);
  config.learning_rate = 0;
  const auto backend = NewBackend();
  Lstm model(config, *backend);
  for (const ParameterView& view : model.layout().views()) {
    if (!view.name.starts_with("bias")) continue;
    const std::vector<float> open(static_cast<size_t>(view.count()), 12.0f);
    backend->Upload(open, model.parameters() + view.offset);
  }
  Trace ignored;
  RunBlock(model, config, 2, 6, 0, ignored);
  model.Save();
  const uint64_t saved = model.Digest();
  model.StartBlock(1);
  model.Restore();
  EXPECT_EQ(model.Digest(), saved);
}

TEST(LstmDigest, ChangesWithEveryParameterAlone) {
  const ModelConfig config = SmallConfig(2);
  const auto backend = NewBackend();
  Lstm model(config, *backend);
  const uint64_t before = model.Digest();
  for (const ParameterView& view : model.layout().views()) {
    for (const int64_t at : {view.offset, view.offset + view.count() - 1}) {
      std::vector<float> value(1), other(1);
      backend->Download(model.parameters() + at, value);
      // Even the sign of a zero counts.
      other[0] = value[0] == 0.0f ? -value[0] : value[0] + 1e-6f;
      backend->Upload(other, model.parameters() + at);
      EXPECT_NE(model.Digest(), before) << view.name;
      backend->Upload(value, model.parameters() + at);
      EXPECT_EQ(model.Digest(), before) << view.name;
    }
  }
}

TEST(LstmDigest, ChangesWithWhatWasLearntFromOneSymbol) {
  const ModelConfig config = SmallConfig(2);
  const auto backend = NewBackend();
  std::vector<uint64_t> digests;
  for (size_t changed = 0; changed <= 12; ++changed) {
    Lstm model(config, *backend);
    std::vector<int32_t> targets = Targets(0, 6, 2);
    if (changed < 12) targets[changed] = (targets[changed] + 1) % 77;
    model.StartBlock(2);
    model.Predict(0, 6, targets);
    model.Train(6, targets);
    digests.push_back(model.Digest());
  }
  std::sort(digests.begin(), digests.end());
  EXPECT_EQ(std::unique(digests.begin(), digests.end()), digests.end());
}

// With every rate at zero the state is all that a segment changes.
TEST(LstmDigest, ChangesWithTheRecurrentState) {
  ModelConfig config = SmallConfig(2);
  config.learning_rate = 0;
  config.ngram_orders = 0;
  const auto backend = NewBackend();
  Lstm a(config, *backend), b(config, *backend);
  std::vector<int32_t> targets = Targets(0, 6, 2);
  for (Lstm* model : {&a, &b}) {
    model->StartBlock(2);
    model->Predict(0, 6, targets);
    model->Train(6, targets);
    targets[5] = (targets[5] + 1) % 77;
  }
  EXPECT_NE(a.Digest(), b.Digest());
}

TEST(LstmDigest, ChangesWithTheSeedAndTheConfiguration) {
  const auto backend = NewBackend();
  ModelConfig config = SmallConfig(2);
  const uint64_t before = Lstm(config, *backend).Digest();
  EXPECT_EQ(Lstm(config, *backend).Digest(), before);
  config.seed = 1;
  EXPECT_NE(Lstm(config, *backend).Digest(), before);
  config.seed = 0;
  config.cells = 38;
  EXPECT_NE(Lstm(config, *backend).Digest(), before);
}

// The frequencies of the first step of a block after `change` was made.
std::vector<uint64_t> FirstPrediction(Lstm& model, int64_t streams) {
  model.StartBlock(streams);
  model.Predict(0, 1, std::vector<int32_t>(static_cast<size_t>(streams), -1));
  return Frequencies(model, streams);
}

TEST(StartBlock, LetsTheFirstStreamGoOnWhereTheBlockBeforeEnded) {
  ModelConfig config = SmallConfig(3);
  const auto backend = NewBackend();
  Lstm model(config, *backend);
  Trace ignored;
  RunBlock(model, config, 2, 6, 0, ignored);
  const std::vector<int32_t> targets = Targets(7, 6, 2);
  model.StartBlock(2);
  model.Predict(0, 6, targets);
  model.Train(6, targets);
  // Going on by a segment, stream 1 would predict the same as stream 0 of the
  // next block does.
  model.Save();
  model.Predict(0, 1, std::vector<int32_t>(2, -1));
  const std::span<const uint64_t> row = model.FrequenciesAt(1);
  const std::vector<uint64_t> going_on(row.begin(), row.end());
  model.Restore();
  FirstPrediction(model, 3);
  EXPECT_TRUE(std::ranges::equal(model.FrequenciesAt(0), going_on));
  EXPECT_FALSE(std::ranges::equal(model.FrequenciesAt(1), going_on));
}

TEST(StartBlock, LetsTheOtherStreamsBeginAlike) {
  ModelConfig config = SmallConfig(4);
  const auto backend = NewBackend();
  Lstm model(config, *backend);
  Trace ignored;
  RunBlock(model, config, 4, 6, 0, ignored);
  FirstPrediction(model, 4);
  for (int64_t b = 2; b < 4; ++b) {
    EXPECT_TRUE(
        std::ranges::equal(model.FrequenciesAt(b), model.FrequenciesAt(1)));
  }
}

TEST(ModelMemory, CoversTheModelsArraysAndTheirCopies) {
  for (const char* profile : {"default", "tiny"}) {
    const ModelConfig config = ProfileConfig(profile);
    const auto backend = NewBackend();
    Lstm model(config, *backend);
    // Weights, gradients, second moments, and the copy of two of these.
    EXPECT_GE(ModelMemory(config), 5 * 4 * model.layout().count()) << profile;
  }
}

}  // namespace
}  // namespace nncpp
