// src/model/context_mixing/weight_sets.h -- how many weights a mixer chooses
// from.
#pragma once

#include <cstdint>
#include <vector>

#include "src/model/config.h"

namespace nncpp {

// How many values select the weights of each mixer, by layer.
struct WeightSets {
  std::vector<int64_t> first, second, last;
};
WeightSets WeightSetsOf(const ModelConfig& config);

}  // namespace nncpp
