// tests/model/lstm_gradient_test.cc -- gradients of every group of parameters.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "src/model/lstm.h"
#include "tests/support/float_backend.h"
#include "tests/support/numbers.h"
#include "tests/support/reference_lstm.h"

namespace nncpp {
namespace {

using ::nncpp::testing::FloatBackend;
using ::nncpp::testing::Norm;
using ::nncpp::testing::RandomFloats;
using ::nncpp::testing::ReferenceLstm;

constexpr int64_t kSegments = 4;

struct Case {
  int64_t layers, ngram_orders, classic, embedding;
};

ModelConfig SmallConfig(const Case& shape) {
  ModelConfig config = ProfileConfig("tiny");
  config.alphabet = 7;
  config.streams = 2;
  config.steps = 5;
  config.layers = shape.layers;
  config.classic = shape.classic;
  config.embedding = shape.embedding;
  config.cells = 6;
  config.ngram_orders = shape.ngram_orders;
  config.ngram_bits = 8;
  config.learning_rate = 0;  // segments before the last leave the weights
  return config;
}

// Targets of a segment; the last one is shorter, and one stream ends in it.
std::vector<int32_t> Targets(int64_t segment, const ModelConfig& config) {
  std::vector<int32_t> targets;
  for (int64_t i = 0; i < config.steps * config.streams; ++i) {
    const int64_t x = segment * 10 + i;
    targets.push_back(static_cast<int32_t>((x * x + x / 3) % 7));
  }
  if (segment == kSegments - 1) targets.back() = -1;
  return targets;
}

// Every weight away from zero and of its own size.
std::vector<float> RandomParameters(const ParameterLayout& layout) {
  std::vector<float> all(static_cast<size_t>(layout.count()));
  uint64_t seed = 1;
  for (const ParameterView& view : layout.views()) {
    const std::vector<float> x = RandomFloats(view.count(), ++seed, 0.8f);
    for (size_t i = 0; i < x.size(); ++i) {
      all[static_cast<size_t>(view.offset) + i] =
          view.name.starts_with("gain") ? 1.0f + x[i] / 2 : x[i];
    }
  }
  return all;
}

// The gradients of the last segment, after the ones before it.
std::vector<float> Gradients(Lstm& model, Backend& backend,
                             const ModelConfig& config) {
  backend.Upload(RandomParameters(model.layout()), model.parameters());
  model.QuantizeAll();
  model.StartBlock(config.streams);
  for (int64_t s = 0; s < kSegments; ++s) {
    const std::vector<int32_t> targets = Targets(s, config);
    model.Predict(0, config.steps, targets);
    if (s + 1 < kSegments) {
      model.Train(config.steps, targets);
      continue;
    }
    std::vector<float> gradients(static_cast<size_t>(model.layout().count()));
    backend.Upload(gradients, model.gradients());
    model.Backward(config.steps, targets);
    backend.Download(model.gradients(), gradients);
    return gradients;
  }
  return {};
}

// The same by central differences of the reference, which the segments before
// bring to its state.
std::vector<double> Differences(const ModelConfig& config,
                                const ParameterLayout& layout,
                                const std::vector<SparseElement>& elements) {
  const std::vector<float> start = RandomParameters(layout);
  ReferenceLstm reference(config, layout, {start.begin(), start.end()});
  ReferenceLstm::State before = reference.Start(config.streams);
  for (int64_t s = 0; s + 1 < kSegments; ++s) {
    reference.Loss(Targets(s, config), {}, before);
  }
  const std::vector<int32_t> targets = Targets(kSegments - 1, config);
  const auto loss = [&] {
    ReferenceLstm::State state = before;
    return reference.Loss(targets, elements, state);
  };
  constexpr double kStep = 1e-5;
  std::vector<double> differences;
  for (double& p : reference.parameters()) {
    const double kept = p;
    p = kept + kStep;
    const double above = loss();
    p = kept - kStep;
    differences.push_back((above - loss()) / (2 * kStep));
    p = kept;
  }
  return differences;
}

std::vector<double> Group(const ParameterView& view, const auto& flat) {
  const auto begin = flat.begin() + view.offset;
  return {begin, begin + view.count()};
}

std::vector<double> Minus(std::vector<double> a, const std::vector<double>& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

class LstmGradient : public ::testing::TestWithParam<Case> {};

// Rounding in fp32: five steps and three layers of some 40 operations of
// 2^-24 each, 4e-5 if all went one way; the differences err by 1e-9.
TEST_P(LstmGradient, InFloatAgreesWithFiniteDifferencesForEveryGroup) {
  const ModelConfig config = SmallConfig(GetParam());
  FloatBackend backend(FloatBackend::Products::kFloat, 1);
  Lstm model(config, backend);
  const std::vector<float> gradients = Gradients(model, backend, config);
  const std::vector<SparseElement> elements = backend.elements();
  EXPECT_EQ(elements.empty(), config.ngram_orders == 0);
  const std::vector<double> expected =
      Differences(config, model.layout(), elements);
  double worst = 0;
  for (const ParameterView& view : model.layout().views()) {
    const std::vector<double> group = Group(view, expected);
    const double error =
        Norm(Minus(Group(view, gradients), group)) / Norm(group);
    EXPECT_GT(Norm(group), 1e-3) << view.name;
    EXPECT_LE(error, 4e-5) << view.name;
    worst = std::max(worst, error);
  }
  RecordProperty("worst_relative_error", std::to_string(worst * 1e6) + "e-6");
}

// Over the noise of many updates the exact engine's gradients have the mean
// that they would have without noise. Errors within a group hang together, so
// the sum of their squares may reach 3^2 times what is expected of it.
TEST_P(LstmGradient, InExactArithmeticHasNoBias) {
  constexpr int kSeeds = 300;
  ModelConfig config = SmallConfig(GetParam());
  FloatBackend expected_backend(FloatBackend::Products::kExpected, 1);
  Lstm expected_model(config, expected_backend);
  const std::vector<float> expected =
      Gradients(expected_model, expected_backend, config);
  const std::vector<double> differences =
      Differences(config, expected_model.layout(), expected_backend.elements());
  std::vector<double> sum(expected.size()), squares(expected.size());
  for (int seed = 0; seed < kSeeds; ++seed) {
    config.seed = static_cast<uint64_t>(seed);
    cpu::CpuBackend backend(cpu::AvailableForms().back(), 1);
    Lstm model(config, backend);
    const std::vector<float> gradients = Gradients(model, backend, config);
    for (size_t i = 0; i < gradients.size(); ++i) {
      const double error = double{gradients[i]} - double{expected[i]};
      sum[i] += error;
      squares[i] += error * error;
    }
  }
  for (const ParameterView& view : expected_model.layout().views()) {
    double bias = 0, allowed = 0, noise = 0;
    for (int64_t i = view.offset; i < view.offset + view.count(); ++i) {
      const double mean = sum[static_cast<size_t>(i)] / kSeeds;
      const double square = squares[static_cast<size_t>(i)] / kSeeds;
      bias += mean * mean;
      allowed += square / kSeeds;
      noise += square;
    }
    const double norm = Norm(Group(view, expected));
    // Law 2 rounds sums, the noise its own steps: a few 2^-16 of a unit.
    EXPECT_LE(std::sqrt(bias), 3 * std::sqrt(allowed) + 1e-6 * norm)
        << view.name;
    EXPECT_LE(std::sqrt(noise), 0.01 * norm) << view.name;
    // What rounding to nearest costs: a few 2^-11 relative to the largest.
    const double forward =
        Norm(Minus(Group(view, expected), Group(view, differences)));
    EXPECT_LE(forward, 0.01 * norm) << view.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, LstmGradient,
                         ::testing::Values(Case{1, 0, 0, 0}, Case{2, 0, 0, 0},
                                           Case{3, 0, 0, 0}, Case{2, 3, 0, 0},
                                           Case{2, 0, 1, 0}, Case{3, 0, 0, 4},
                                           Case{2, 3, 1, 5}),
                         [](const ::testing::TestParamInfo<Case>& info) {
                           return std::to_string(info.param.layers) + "Layers" +
                                  (info.param.ngram_orders > 0 ? "WithFeatures"
                                                               : "") +
                                  (info.param.classic != 0 ? "Classic" : "") +
                                  (info.param.embedding > 0 ? "Embedded" : "");
                         });

}  // namespace
}  // namespace nncpp
