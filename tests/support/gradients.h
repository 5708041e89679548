// tests/support/gradients.h -- a net's gradients, and what they should be.
//
// Net is a model with layout(), parameters(), gradients(), QuantizeAll() and
// Backward(); Reference is the same net in double precision, with parameters(),
// Start() and Loss(). A case is a few segments of two streams; the gradient is
// that of the last one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/model/config.h"
#include "src/model/parameters.h"
#include "tests/support/float_backend.h"
#include "tests/support/numbers.h"

namespace nncpp::testing {

// What the configurations of all such cases have in common.
inline ModelConfig GradientConfig() {
  ModelConfig config = ProfileConfig("tiny");
  config.alphabet = 7;
  config.streams = 2;
  config.steps = 5;
  config.cells = 6;
  config.ngram_bits = 8;
  config.learning_rate = 0;  // segments before the last leave the weights
  return config;
}

// Targets of each segment; one stream ends in the last.
inline std::vector<std::vector<int32_t>> GradientTargets(
    int64_t segments, const ModelConfig& config) {
  std::vector<std::vector<int32_t>> all;
  for (int64_t s = 0; s < segments; ++s) {
    std::vector<int32_t>& targets = all.emplace_back();
    for (int64_t i = 0; i < config.steps * config.streams; ++i) {
      const int64_t x = s * 10 + i;
      targets.push_back(static_cast<int32_t>((x * x + x / 3) % 7));
    }
  }
  all.back().back() = -1;
  return all;
}

// Every weight away from zero and of its own size.
inline std::vector<float> RandomParameters(const ParameterLayout& layout) {
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
template <typename Net>
std::vector<float> Gradients(Net& model, Backend& backend,
                             const ModelConfig& config, int64_t segments) {
  backend.Upload(RandomParameters(model.layout()), model.parameters());
  model.QuantizeAll();
  model.StartBlock(config.streams);
  std::vector<std::vector<int32_t>> targets = GradientTargets(segments, config);
  const std::vector<int32_t> last = targets.back();
  targets.pop_back();
  for (const std::vector<int32_t>& before : targets) {
    model.Predict(0, config.steps, before);
    model.Train(config.steps, before);
  }
  model.Predict(0, config.steps, last);
  std::vector<float> gradients(static_cast<size_t>(model.layout().count()));
  backend.Upload(gradients, model.gradients());
  model.Backward(config.steps, last);
  backend.Download(model.gradients(), gradients);
  return gradients;
}

// The same by central differences of the reference, which the segments before
// bring to its state.
template <typename Reference>
std::vector<double> Differences(const ModelConfig& config,
                                const ParameterLayout& layout,
                                const std::vector<SparseElement>& elements,
                                int64_t segments) {
  const std::vector<float> start = RandomParameters(layout);
  Reference reference(config, layout, {start.begin(), start.end()});
  typename Reference::State before = reference.Start(config.streams);
  std::vector<std::vector<int32_t>> targets = GradientTargets(segments, config);
  const std::vector<int32_t> last = targets.back();
  targets.pop_back();
  for (const std::vector<int32_t>& segment : targets) {
    reference.Loss(segment, {}, before);
  }
  const auto loss = [&] {
    typename Reference::State state = before;
    return reference.Loss(last, elements, state);
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

// How the exact engine's gradients differ from `expected`, summed over seeds
// of its noise, each weight apart.
struct Errors {
  std::vector<double> sum, squares;
};

template <typename Net>
Errors ErrorsOverSeeds(ModelConfig config, int64_t segments, int64_t seeds,
                       const std::vector<float>& expected) {
  Errors errors{std::vector<double>(expected.size()),
                std::vector<double>(expected.size())};
  for (int64_t seed = 0; seed < seeds; ++seed) {
    config.seed = static_cast<uint64_t>(seed);
    cpu::CpuBackend backend(cpu::AvailableForms().back(), 1);
    Net model(config, backend);
    const std::vector<float> gradients =
        Gradients(model, backend, config, segments);
    for (size_t i = 0; i < gradients.size(); ++i) {
      const double error = double{gradients[i]} - double{expected[i]};
      errors.sum[i] += error;
      errors.squares[i] += error * error;
    }
  }
  return errors;
}

// What one group of parameters has of a flat array.
std::vector<double> Group(const ParameterView& view, const auto& flat) {
  const auto begin = flat.begin() + view.offset;
  return {begin, begin + view.count()};
}

inline double Distance(std::vector<double> a, const std::vector<double>& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return Norm(a);
}

}  // namespace nncpp::testing
