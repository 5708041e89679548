// src/model/make_model.cc -- the model that a configuration asks for.
#include <utility>

#include "src/model/context_mixing/mixed_model.h"
#include "src/model/lstm.h"
#include "src/model/model.h"

namespace nncpp {

namespace {

int64_t LstmMemory(const ModelConfig& config) {
  const int64_t c = config.cells, v = config.alphabet, l = config.layers;
  const int64_t rows = config.steps * config.streams;
  const int64_t dense = (2 * l - 1) * 3 * c * c + v * l * c;
  const int64_t tables = l * v * 3 * c;
  const int64_t ngrams = NgramFeatures::Bytes(config);
  // Weights, gradients, second moments, and copies of the first and the last;
  // the products' operands; features with their counts, and a copy.
  const int64_t parameters = (dense + tables) * 5 * 4 + dense * 2;
  const int64_t features = ngrams * 2;
  // What a segment leaves: per layer 6 x 3C, the cell and hidden states and
  // their gradients; logits, their gradients and 8-byte frequencies.
  const int64_t segment = rows * (l * (6 * 3 * c + 4 * c) * 4 + v * 16 + 2048) +
                          rows * (6 * c + v) * 4;
  // One array at a time passes through a buffer of the host's.
  const int64_t passing = (dense + tables) * 4;
  return parameters + features + segment + passing;
}

}  // namespace

int64_t ModelMemory(const ModelConfig& config) {
  return (config.layers > 0 ? LstmMemory(config) : 0) +
         (config.mixing > 0 ? MixedModel::Bytes(config) : 0);
}

std::unique_ptr<Model> MakeModel(const ModelConfig& config, Backend& backend) {
  std::unique_ptr<Model> net;
  if (config.layers > 0) net = std::make_unique<Lstm>(config, backend);
  if (config.mixing == 0) return net;
  return std::make_unique<MixedModel>(config, std::move(net));
}

}  // namespace nncpp
