// src/model/train_ngrams.h -- the n-gram features' part of Model::Train.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/backend.h"
#include "src/model/model.h"
#include "src/model/ngram.h"

namespace nncpp {

// Lets the features learn a segment that `model` predicted, from the gradient
// of its logits (R x V). Nothing where the features are not enabled.
void TrainNgrams(const Model& model, Backend& backend, ConstMatrix dlogits,
                 int64_t steps, int64_t streams,
                 std::span<const int32_t> targets, NgramFeatures& ngrams);

}  // namespace nncpp
