// src/model/adam.cc -- contract: src/model/adam.h
#include "src/model/adam.h"

#include <cmath>

namespace nncpp {
namespace {

// The rate at this update. Both schedules fall with the root of their own
// updates.
float RateOf(const ModelConfig& config, bool replay,
             const NetCounters& counters) {
  const auto age = static_cast<float>(
      replay ? counters.replayed : counters.updates - counters.replayed);
  const float decay = replay ? config.replay_decay : config.decay_updates;
  const float rate = replay ? config.replay_rate : config.learning_rate;
  return rate / std::sqrt(1.0f + age / decay);
}

// Another power of beta2, and 1 / (1 - it).
float NextCorrection(const ModelConfig& config, double& power) {
  power *= static_cast<double>(config.beta2);
  return static_cast<float>(1.0 / (1.0 - power));
}

}  // namespace

bool NetCounters::AreSound(const ModelConfig& config) const {
  return last_stream >= 0 && last_stream < config.streams && beta2_power >= 0 &&
         beta2_power <= 1;
}

AdamStep CountUpdate(const ModelConfig& config, bool replay,
                     NetCounters& counters) {
  counters.updates += 1;
  if (replay) counters.replayed += 1;
  AdamStep step;
  step.rate = RateOf(config, replay, counters);
  step.beta2 = config.beta2;
  step.correction = NextCorrection(config, counters.beta2_power);
  step.epsilon = config.epsilon;
  step.clip = config.clip;
  return step;
}

std::vector<float> CountRowUpdates(const ModelConfig& config,
                                   std::span<const int32_t> rows,
                                   double* powers) {
  std::vector<float> corrections;
  for (const int32_t row : rows) {
    corrections.push_back(NextCorrection(config, powers[row]));
  }
  return corrections;
}

void UpdateRange(Backend& backend, AdamStep step, float rate,
                 const ParameterLayout& layout,
                 std::span<Weights* const> quantized,
                 const TrainedArrays& arrays, int64_t begin, int64_t end) {
  step.rate *= rate;
  const auto part = [](auto* array, int64_t offset, int64_t rows,
                       int64_t cols) {
    return MatrixRef(array + offset, rows, cols);
  };
  // What lies side by side is updated at once.
  int64_t first = begin, count = 0;
  const auto plain = [&] {
    if (count == 0) return;
    backend.Adam(step, part(arrays.gradients, first, 1, count),
                 part(arrays.parameters, first, 1, count),
                 part(arrays.second, first, 1, count));
    count = 0;
  };
  for (size_t i = 0; i < quantized.size(); ++i) {
    const ParameterView& view = layout.views()[i];
    if (view.offset < begin || view.offset >= end) continue;
    if (quantized[i] == nullptr) {
      if (count == 0) first = view.offset;
      count = view.offset + view.count() - first;
      continue;
    }
    plain();
    backend.AdamQuantize(
        step, part(arrays.gradients, view.offset, view.rows, view.cols),
        part(arrays.parameters, view.offset, view.rows, view.cols),
        part(arrays.second, view.offset, view.rows, view.cols), *quantized[i]);
  }
  plain();
}

}  // namespace nncpp
