// src/model/train_ngrams.cc -- contract: src/model/train_ngrams.h
#include "src/model/train_ngrams.h"

#include <vector>

namespace nncpp {

void TrainNgrams(const Model& model, Backend& backend, ConstMatrix dlogits,
                 int64_t steps, int64_t streams,
                 std::span<const int32_t> targets, NgramFeatures& ngrams) {
  if (!ngrams.enabled()) return;
  const int64_t rows = steps * streams;
  std::vector<float> gradients(ngrams.elements().size());
  backend.Gather(dlogits, ngrams.elements(), gradients);
  std::vector<float> target_gradients(static_cast<size_t>(rows));
  for (int64_t r = 0; r < rows; ++r) {
    const int32_t target = targets[static_cast<size_t>(r)];
    if (target < 0) continue;
    const double p = static_cast<double>(
                         model.FrequenciesAt(r)[static_cast<size_t>(target)]) /
                     static_cast<double>(model.TotalAt(r));
    target_gradients[static_cast<size_t>(r)] = static_cast<float>(p - 1.0);
  }
  ngrams.Train(steps, streams, targets, gradients, target_gradients);
}

}  // namespace nncpp
