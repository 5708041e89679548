// tests/model/net_test.cc -- what holds for every net: its state, in batches
// and step by step.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"
#include "src/model/lstm.h"
#include "src/model/transformer.h"
#include "tests/support/model_runs.h"

namespace nncpp {
namespace {

using ::nncpp::cpu::CpuBackend;
using ::nncpp::testing::Frequencies;
using ::nncpp::testing::NewBackend;
using ::nncpp::testing::RunBlock;
using ::nncpp::testing::RunBlocks;
using ::nncpp::testing::Targets;
using ::nncpp::testing::Trace;

struct Shape {
  int64_t model, streams, classic, embedding;

  ModelConfig Config() const {
    ModelConfig config = model == kTransformer
                             ? testing::SmallTransformer(streams)
                             : testing::SmallLstm(streams);
    config.classic = classic;
    config.embedding = embedding;
    return config;
  }
};

class NetStreams : public ::testing::TestWithParam<Shape> {};

TEST_P(NetStreams, PredictASegmentAtOnceAndStepByStepAlike) {
  const ModelConfig config = GetParam().Config();
  const auto backend = NewBackend();
  const Trace single = RunBlocks(config, *backend, 1);
  EXPECT_TRUE(RunBlocks(config, *backend, config.steps) == single);
  EXPECT_TRUE(RunBlocks(config, *backend, 4) == single);
}

TEST_P(NetStreams, GiveTheSameBitsInEveryFormAndForEveryNumberOfThreads) {
  ModelConfig config = GetParam().Config();
  if (config.model == kTransformer) {
    config.cells = 96;  // wide enough for threads to share the work
    config.inner = 70;
    config.positions = 40;
  }
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

INSTANTIATE_TEST_SUITE_P(
    Lstm, NetStreams,
    ::testing::Values(Shape{kLstm, 1, 0, 0}, Shape{kLstm, 2, 0, 0},
                      Shape{kLstm, 3, 0, 0}, Shape{kLstm, 4, 0, 0},
                      Shape{kLstm, 2, 1, 0}, Shape{kLstm, 3, 0, 9},
                      Shape{kLstm, 4, 1, 40}));
INSTANTIATE_TEST_SUITE_P(Transformer, NetStreams,
                         ::testing::Values(Shape{kTransformer, 1, 0, 0},
                                           Shape{kTransformer, 2, 0, 0},
                                           Shape{kTransformer, 3, 0, 0},
                                           Shape{kTransformer, 4, 0, 0}));

template <typename T>
class Net : public ::testing::Test {
 protected:
  static ModelConfig Small(int64_t streams) {
    return std::is_same_v<T, Transformer> ? testing::SmallTransformer(streams)
                                          : testing::SmallLstm(streams);
  }

  // The frequencies of the first step of a block.
  static std::vector<uint64_t> FirstPrediction(T& model, int64_t streams) {
    model.StartBlock(streams);
    model.Predict(0, 1, std::vector<int32_t>(static_cast<size_t>(streams), -1));
    return Frequencies(model, streams);
  }

  const std::unique_ptr<CpuBackend> backend_ = NewBackend();
};

struct NetNames {
  template <typename T>
  static std::string GetName(int) {
    return std::is_same_v<T, Transformer> ? "Transformer" : "Lstm";
  }
};

using Nets = ::testing::Types<Lstm, Transformer>;
TYPED_TEST_SUITE(Net, Nets, NetNames);

TYPED_TEST(Net, BeginsWithEverySymbolEquallyLikely) {
  TypeParam model(this->Small(2), *this->backend_);
  model.StartBlock(2);
  model.Predict(0, 1, Targets(0, 1, 2));
  for (const uint64_t f : model.FrequenciesAt(1)) {
    EXPECT_EQ(f, model.FrequenciesAt(1)[0]);
  }
}

TYPED_TEST(Net, LearnsARepeatedText) {
  TypeParam model(this->Small(1), *this->backend_);
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

TYPED_TEST(Net, GoesBackToWhereItWasSaved) {
  const ModelConfig config = this->Small(3);
  TypeParam model(config, *this->backend_);
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

TYPED_TEST(Net, GoesBackFromTheMiddleOfASegment) {
  const ModelConfig config = this->Small(2);
  TypeParam model(config, *this->backend_);
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

TYPED_TEST(Net, ChangesItsDigestWithEveryParameterAlone) {
  TypeParam model(this->Small(2), *this->backend_);
  const uint64_t before = model.Digest();
  for (const ParameterView& view : model.layout().views()) {
    for (const int64_t at : {view.offset, view.offset + view.count() - 1}) {
      std::vector<float> value(1), other(1);
      this->backend_->Download(model.parameters() + at, value);
      // Even the sign of a zero counts.
      other[0] = value[0] == 0.0f ? -value[0] : value[0] + 1e-6f;
      this->backend_->Upload(other, model.parameters() + at);
      EXPECT_NE(model.Digest(), before) << view.name;
      this->backend_->Upload(value, model.parameters() + at);
      EXPECT_EQ(model.Digest(), before) << view.name;
    }
  }
}

TYPED_TEST(Net, ChangesItsDigestWithWhatWasLearntFromOneSymbol) {
  std::vector<uint64_t> digests;
  for (size_t changed = 0; changed <= 12; ++changed) {
    TypeParam model(this->Small(2), *this->backend_);
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
TYPED_TEST(Net, ChangesItsDigestWithTheStateOfItsStreams) {
  ModelConfig config = this->Small(2);
  config.learning_rate = 0;
  config.ngram_orders = 0;
  TypeParam a(config, *this->backend_), b(config, *this->backend_);
  std::vector<int32_t> targets = Targets(0, 6, 2);
  for (TypeParam* model : {&a, &b}) {
    model->StartBlock(2);
    model->Predict(0, 6, targets);
    model->Train(6, targets);
    targets[5] = (targets[5] + 1) % 77;
  }
  EXPECT_NE(a.Digest(), b.Digest());
}

TYPED_TEST(Net, ChangesItsDigestWithTheSeedAndTheConfiguration) {
  ModelConfig config = this->Small(2);
  const auto digest = [&] {
    return TypeParam(config, *this->backend_).Digest();
  };
  const uint64_t before = digest();
  EXPECT_EQ(digest(), before);
  config.seed = 1;
  EXPECT_NE(digest(), before);
  config.seed = 0;
  config.cells = 42;
  EXPECT_NE(digest(), before);
  config.cells = this->Small(2).cells;
  config.inner = 22;  // a Transformer's alone
  EXPECT_EQ(digest() == before, config.model == kLstm);
}

TYPED_TEST(Net, LetsTheFirstStreamGoOnWhereTheBlockBeforeEnded) {
  const ModelConfig config = this->Small(3);
  TypeParam model(config, *this->backend_);
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
  this->FirstPrediction(model, 3);
  EXPECT_TRUE(std::ranges::equal(model.FrequenciesAt(0), going_on));
  EXPECT_FALSE(std::ranges::equal(model.FrequenciesAt(1), going_on));
}

TYPED_TEST(Net, LetsTheOtherStreamsBeginAlike) {
  const ModelConfig config = this->Small(4);
  TypeParam model(config, *this->backend_);
  Trace ignored;
  RunBlock(model, config, 4, 6, 0, ignored);
  this->FirstPrediction(model, 4);
  for (int64_t b = 2; b < 4; ++b) {
    EXPECT_TRUE(
        std::ranges::equal(model.FrequenciesAt(b), model.FrequenciesAt(1)));
  }
}

TYPED_TEST(Net, IsCountedWithItsArraysAndTheirCopies) {
  const bool transformer = std::is_same_v<TypeParam, Transformer>;
  for (const char* profile : {transformer ? "transformer" : "lstm",
                              transformer ? "nncp-default" : "tiny"}) {
    const ModelConfig config = ProfileConfig(profile);
    TypeParam model(config, *this->backend_);
    // Weights, gradients, second moments, and the copy of two of these.
    EXPECT_GE(ModelMemory(config), 5 * 4 * model.layout().count()) << profile;
  }
}

}  // namespace
}  // namespace nncpp
