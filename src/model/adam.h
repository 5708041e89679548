// src/model/adam.h -- updates of a net's parameters, by Adam with beta1 = 0
// [kingma2015adam], and what a net counts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "src/model/config.h"
#include "src/model/parameters.h"

namespace nncpp {

// Part of a net's state.
struct NetCounters {
  uint64_t updates = 0;      // all, those of replay among them
  uint64_t replayed = 0;     // those of replay
  double beta2_power = 1.0;  // beta2^updates, a running product
  int64_t last_stream = 0;   // where the block before ended

  // Whether a net with this configuration may have come to them.
  bool AreSound(const ModelConfig& config) const;
};

// Counts one more update and returns what Backend::Adam needs for it.
AdamStep CountUpdate(const ModelConfig& config, bool replay,
                     NetCounters& counters);

// Counts one more update of the rows of a table, each of which has its power
// of beta2, and returns the corrections that Backend::AdamRows needs.
std::vector<float> CountRowUpdates(const ModelConfig& config,
                                   std::span<const int32_t> rows,
                                   double* powers);

// Three flat arrays of one layout, in the backend's memory.
struct TrainedArrays {
  const float* gradients;
  float* parameters;
  float* second;  // Adam's second moments
};

// Updates the dense matrices whose offsets are in [begin, end), with the step's
// rate times `rate`, and quantises those anew that have quantised weights:
// quantized[i] of view i, or null.
void UpdateRange(Backend& backend, AdamStep step, float rate,
                 const ParameterLayout& layout,
                 std::span<Weights* const> quantized,
                 const TrainedArrays& arrays, int64_t begin, int64_t end);

}  // namespace nncpp
