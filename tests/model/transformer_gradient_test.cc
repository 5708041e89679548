// tests/model/transformer_gradient_test.cc -- gradients of every parameter.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "src/model/transformer.h"
#include "tests/support/gradients.h"
#include "tests/support/reference_transformer.h"

namespace nncpp {
namespace {

using ::nncpp::testing::Distance;
using ::nncpp::testing::Errors;
using ::nncpp::testing::FloatBackend;
using ::nncpp::testing::Gradients;
using ::nncpp::testing::Group;
using ::nncpp::testing::Norm;
using ::nncpp::testing::ReferenceTransformer;

constexpr int64_t kSegments = 3;

struct Case {
  std::string name;
  int64_t layers, heads, positions, recent, vectors, biases, ngram_orders;
  int64_t head_norms = 0;
};

ModelConfig SmallConfig(const Case& which) {
  ModelConfig config = testing::GradientConfig();
  config.model = kTransformer;
  config.inner = 5;
  config.layers = which.layers;
  config.heads = which.heads;
  config.positions = which.positions;
  config.recent = which.recent;
  config.position_vectors = which.vectors;
  config.biases = which.biases;
  config.head_norms = which.head_norms;
  config.ngram_orders = which.ngram_orders;
  return config;
}

class TransformerGradient : public ::testing::TestWithParam<Case> {};

// Rounding in fp32: some 100 operations of 2^-24 each from a parameter to the
// loss and back, were they all to go one way 1e-5, and the scores' exponents
// magnify some; the differences err by 1e-9.
TEST_P(TransformerGradient, InFloatAgreesWithFiniteDifferencesForEveryGroup) {
  const ModelConfig config = SmallConfig(GetParam());
  FloatBackend backend(FloatBackend::Products::kFloat, 1);
  Transformer model(config, backend);
  const std::vector<float> gradients =
      Gradients(model, backend, config, kSegments);
  const std::vector<SparseElement> elements = backend.elements();
  EXPECT_EQ(elements.empty(), config.ngram_orders == 0);
  const std::vector<double> expected =
      testing::Differences<ReferenceTransformer>(config, model.layout(),
                                                 elements, kSegments);
  for (const ParameterView& view : model.layout().views()) {
    const std::vector<double> group = Group(view, expected);
    const bool still = config.positions == 1 && view.name.starts_with("pos");
    EXPECT_EQ(Norm(group) < 1e-3, still) << view.name;
    EXPECT_LE(Distance(Group(view, gradients), group),
              4e-5 * Norm(group) + 1e-6)
        << view.name;
  }
}

// Over the noise of many updates the exact engine's gradients come to what
// they are in double, but for what is rounded to nearest: a few 2^-11 of the
// largest operand.
TEST_P(TransformerGradient, InExactArithmeticHasNoBias) {
  constexpr int kSeeds = 200;
  const ModelConfig config = SmallConfig(GetParam());
  FloatBackend float_backend(FloatBackend::Products::kFloat, 1);
  Transformer float_model(config, float_backend);
  const std::vector<float> expected =
      Gradients(float_model, float_backend, config, kSegments);
  const Errors errors = testing::ErrorsOverSeeds<Transformer>(config, kSegments,
                                                              kSeeds, expected);
  for (const ParameterView& view : float_model.layout().views()) {
    double bias = 0, noise = 0;
    for (int64_t i = view.offset; i < view.offset + view.count(); ++i) {
      const double mean = errors.sum[static_cast<size_t>(i)] / kSeeds;
      bias += mean * mean;
      noise += errors.squares[static_cast<size_t>(i)] / kSeeds;
    }
    const double norm = Norm(Group(view, expected));
    EXPECT_LE(std::sqrt(noise), 0.03 * norm + 1e-3) << view.name;
    EXPECT_LE(std::sqrt(bias), 0.03 * norm + 1e-3) << view.name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, TransformerGradient,
    ::testing::Values(Case{"OneLayer", 1, 1, 4, 1, 1, 0, 0},
                      Case{"TwoHeads", 2, 2, 4, 3, 1, 1, 0},
                      Case{"LongMemory", 2, 3, 9, 2, 1, 0, 0},
                      Case{"NoVectors", 2, 2, 4, 7, 0, 0, 0},
                      Case{"HeadNorms", 2, 2, 4, 2, 0, 0, 0, 1},
                      Case{"HeadNormsAndVectors", 2, 3, 4, 1, 1, 1, 0, 1},
                      Case{"NoMemory", 1, 2, 1, 1, 1, 1, 0},
                      Case{"WithFeatures", 2, 2, 4, 1, 1, 0, 3}),
    [](const ::testing::TestParamInfo<Case>& info) { return info.param.name; });

}  // namespace
}  // namespace nncpp
