// tests/model/lstm_gradient_test.cc -- gradients of every group of parameters.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "src/model/lstm.h"
#include "tests/support/gradients.h"
#include "tests/support/reference_lstm.h"

namespace nncpp {
namespace {

using ::nncpp::testing::Distance;
using ::nncpp::testing::Errors;
using ::nncpp::testing::FloatBackend;
using ::nncpp::testing::Gradients;
using ::nncpp::testing::Group;
using ::nncpp::testing::Norm;
using ::nncpp::testing::ReferenceLstm;

constexpr int64_t kSegments = 4;

struct Case {
  int64_t layers, ngram_orders, classic, embedding;
};

ModelConfig SmallConfig(const Case& shape) {
  ModelConfig config = testing::GradientConfig();
  config.layers = shape.layers;
  config.classic = shape.classic;
  config.embedding = shape.embedding;
  config.ngram_orders = shape.ngram_orders;
  return config;
}

std::vector<double> Differences(const ModelConfig& config,
                                const ParameterLayout& layout,
                                const std::vector<SparseElement>& elements) {
  return testing::Differences<ReferenceLstm>(config, layout, elements,
                                             kSegments);
}

class LstmGradient : public ::testing::TestWithParam<Case> {};

// Rounding in fp32: five steps and three layers of some 40 operations of
// 2^-24 each, 4e-5 if all went one way; the differences err by 1e-9.
TEST_P(LstmGradient, InFloatAgreesWithFiniteDifferencesForEveryGroup) {
  const ModelConfig config = SmallConfig(GetParam());
  FloatBackend backend(FloatBackend::Products::kFloat, 1);
  Lstm model(config, backend);
  const std::vector<float> gradients =
      Gradients(model, backend, config, kSegments);
  const std::vector<SparseElement> elements = backend.elements();
  EXPECT_EQ(elements.empty(), config.ngram_orders == 0);
  const std::vector<double> expected =
      Differences(config, model.layout(), elements);
  double worst = 0;
  for (const ParameterView& view : model.layout().views()) {
    const std::vector<double> group = Group(view, expected);
    const double error = Distance(Group(view, gradients), group) / Norm(group);
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
  const ModelConfig config = SmallConfig(GetParam());
  FloatBackend expected_backend(FloatBackend::Products::kExpected, 1);
  Lstm expected_model(config, expected_backend);
  const std::vector<float> expected =
      Gradients(expected_model, expected_backend, config, kSegments);
  const std::vector<double> differences =
      Differences(config, expected_model.layout(), expected_backend.elements());
  const Errors errors =
      testing::ErrorsOverSeeds<Lstm>(config, kSegments, kSeeds, expected);
  for (const ParameterView& view : expected_model.layout().views()) {
    double bias = 0, allowed = 0, noise = 0;
    for (int64_t i = view.offset; i < view.offset + view.count(); ++i) {
      const double mean = errors.sum[static_cast<size_t>(i)] / kSeeds;
      const double square = errors.squares[static_cast<size_t>(i)] / kSeeds;
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
        Distance(Group(view, expected), Group(view, differences));
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
