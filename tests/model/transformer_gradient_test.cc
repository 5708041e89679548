// tests/model/transformer_gradient_test.cc -- gradients of every parameter.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "src/model/transformer.h"
#include "tests/support/float_backend.h"
#include "tests/support/numbers.h"
#include "tests/support/reference_transformer.h"

namespace nncpp {
namespace {

using ::nncpp::testing::FloatBackend;
using ::nncpp::testing::Norm;
using ::nncpp::testing::RandomFloats;
using ::nncpp::testing::ReferenceTransformer;

constexpr int64_t kSegments = 3;

struct Case {
  std::string name;
  int64_t layers, heads, positions, recent, vectors, biases, ngram_orders;
};

ModelConfig SmallConfig(const Case& which) {
  ModelConfig config = ProfileConfig("tiny");
  config.model = kTransformer;
  config.alphabet = 7;
  config.streams = 2;
  config.steps = 5;
  config.cells = 6;
  config.inner = 5;
  config.layers = which.layers;
  config.heads = which.heads;
  config.positions = which.positions;
  config.recent = which.recent;
  config.position_vectors = which.vectors;
  config.biases = which.biases;
  config.ngram_orders = which.ngram_orders;
  config.ngram_bits = 8;
  config.learning_rate = 0;  // segments before the last leave the weights
  return config;
}

// Targets of a segment; one stream ends in the last.
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
    const bool gain = view.name.find("gain") != std::string::npos;
    for (size_t i = 0; i < x.size(); ++i) {
      all[static_cast<size_t>(view.offset) + i] = gain ? 1.0f + x[i] / 2 : x[i];
    }
  }
  return all;
}

// The gradients of the last segment, after the ones before it.
std::vector<float> Gradients(Transformer& model, Backend& backend,
                             const ModelConfig& config) {
  backend.Upload(RandomParameters(model.layout()), model.parameters());
  model.QuantizeAll();
  model.StartBlock(config.streams);
  for (int64_t s = 0; s + 1 < kSegments; ++s) {
    model.Predict(0, config.steps, Targets(s, config));
    model.Train(config.steps, Targets(s, config));
  }
  const std::vector<int32_t> targets = Targets(kSegments - 1, config);
  model.Predict(0, config.steps, targets);
  std::vector<float> gradients(static_cast<size_t>(model.layout().count()));
  backend.Upload(gradients, model.gradients());
  model.Backward(config.steps, targets);
  backend.Download(model.gradients(), gradients);
  return gradients;
}

// The same by central differences of the reference, which the segments before
// bring to its state.
std::vector<double> Differences(const ModelConfig& config,
                                const ParameterLayout& layout,
                                const std::vector<SparseElement>& elements) {
  const std::vector<float> start = RandomParameters(layout);
  ReferenceTransformer reference(config, layout, {start.begin(), start.end()});
  ReferenceTransformer::State before = reference.Start(config.streams);
  for (int64_t s = 0; s + 1 < kSegments; ++s) {
    reference.Loss(Targets(s, config), {}, before);
  }
  const std::vector<int32_t> targets = Targets(kSegments - 1, config);
  const auto loss = [&] {
    ReferenceTransformer::State state = before;
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

double Distance(std::vector<double> a, const std::vector<double>& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return Norm(a);
}

class TransformerGradient : public ::testing::TestWithParam<Case> {};

// Rounding in fp32: some 100 operations of 2^-24 each from a parameter to the
// loss and back, were they all to go one way 1e-5, and the scores' exponents
// magnify some; the differences err by 1e-9.
TEST_P(TransformerGradient, InFloatAgreesWithFiniteDifferencesForEveryGroup) {
  const ModelConfig config = SmallConfig(GetParam());
  FloatBackend backend(FloatBackend::Products::kFloat, 1);
  Transformer model(config, backend);
  const std::vector<float> gradients = Gradients(model, backend, config);
  const std::vector<SparseElement> elements = backend.elements();
  EXPECT_EQ(elements.empty(), config.ngram_orders == 0);
  const std::vector<double> expected =
      Differences(config, model.layout(), elements);
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
  ModelConfig config = SmallConfig(GetParam());
  FloatBackend float_backend(FloatBackend::Products::kFloat, 1);
  Transformer float_model(config, float_backend);
  const std::vector<float> expected =
      Gradients(float_model, float_backend, config);
  std::vector<double> sum(expected.size()), squares(expected.size());
  for (int seed = 0; seed < kSeeds; ++seed) {
    config.seed = static_cast<uint64_t>(seed);
    cpu::CpuBackend backend(cpu::AvailableForms().back(), 1);
    Transformer model(config, backend);
    const std::vector<float> gradients = Gradients(model, backend, config);
    for (size_t i = 0; i < gradients.size(); ++i) {
      const double error = double{gradients[i]} - double{expected[i]};
      sum[i] += error;
      squares[i] += error * error;
    }
  }
  for (const ParameterView& view : float_model.layout().views()) {
    double bias = 0, noise = 0;
    for (int64_t i = view.offset; i < view.offset + view.count(); ++i) {
      const double mean = sum[static_cast<size_t>(i)] / kSeeds;
      bias += mean * mean;
      noise += squares[static_cast<size_t>(i)] / kSeeds;
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
                      Case{"NoMemory", 1, 2, 1, 1, 1, 1, 0},
                      Case{"WithFeatures", 2, 2, 4, 1, 1, 0, 3}),
    [](const ::testing::TestParamInfo<Case>& info) { return info.param.name; });

}  // namespace
}  // namespace nncpp
