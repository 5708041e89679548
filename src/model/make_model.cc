// src/model/make_model.cc -- the model that a configuration asks for.
#include <utility>

#include "src/model/context_mixing/mixed_model.h"
#include "src/model/lstm.h"
#include "src/model/model.h"
#include "src/model/replay.h"
#include "src/model/transformer.h"

namespace nncpp {

namespace {

// Parameters that take part in products, and those of the symbols' tables.
struct Counts {
  int64_t dense = 0;
  int64_t tables = 0;
};

Counts LstmCounts(const ModelConfig& config) {
  const int64_t c = config.cells, v = config.alphabet, l = config.layers;
  const int64_t e = config.embedding;
  const int64_t sums = (config.classic != 0 ? 4 : 3) * c;
  const int64_t vectors = config.classic != 0 ? 1 : 2;  // bias, gain
  return {(2 * l - 1) * sums * c + l * sums * (e + vectors) + v * l * c + v,
          e > 0 ? v * e : l * v * sums};
}

int64_t NetMemory(const ModelConfig& config) {
  if (config.model == kTransformer) return Transformer::Bytes(config);
  const int64_t c = config.cells, v = config.alphabet, l = config.layers;
  const int64_t e = config.embedding, gates = config.classic != 0 ? 4 : 3;
  const int64_t rows = SegmentRows(config);
  const Counts counts = LstmCounts(config);
  // Weights, gradients, second moments, and copies of the first and the last;
  // the products' operands.
  const int64_t parameters =
      (counts.dense + counts.tables) * 5 * 4 + counts.dense * 2;
  // What a segment leaves: per layer 5 x GC, the cell and hidden states and
  // their gradients; logits, their gradients and 8-byte frequencies; the
  // symbols' embeddings; the states before it, a step's products.
  const int64_t segment =
      rows * (l * (5 * gates * c + 4 * c) * 4 + v * 16 + 2048) +
      rows * ((2 * gates * c + v) * 4 + (3 * e + gates * c) * 4) +
      MostStreams(config) * (gates + 2 * l + 2) * c * 4;
  // One array at a time passes through a buffer of the host's.
  const int64_t passing = (counts.dense + counts.tables) * 4;
  const int64_t dropped = config.replay_period > 0 ? rows * l * c * 4 : 0;
  return parameters + segment + passing + dropped;
}

std::unique_ptr<Model> MakeNet(const ModelConfig& config, Backend& backend) {
  if (config.layers == 0) return nullptr;
  std::unique_ptr<Model> net;
  if (config.model == kTransformer) {
    net = std::make_unique<Transformer>(config, backend);
  } else {
    net = std::make_unique<Lstm>(config, backend);
  }
  if (config.replay_period == 0) return net;
  return std::make_unique<Replay>(config, backend, std::move(net));
}

}  // namespace

int64_t ModelMemory(const ModelConfig& config) {
  int64_t bytes = 0;
  if (config.layers > 0) {
    bytes += NetMemory(config) + NgramFeatures::Bytes(config);
    if (config.replay_period > 0) bytes += Replay::Bytes(config);
  }
  if (config.mixing > 0) bytes += MixedModel::Bytes(config);
  return bytes;
}

int64_t SavedTables(const ModelConfig& config) {
  int64_t bytes = 0;
  if (config.layers > 0) bytes += NgramFeatures::Bytes(config);
  if (config.mixing > 0) bytes += ContextMixer::Bytes(config);
  return bytes;
}

int64_t ParameterCount(const ModelConfig& config) {
  if (config.model == kTransformer) {
    int64_t count = 0;
    const ParameterLayout layout = TransformerParameters(config).layout;
    for (const ParameterView& view : layout.views()) count += view.count();
    return count;
  }
  if (config.layers == 0) return 0;
  const Counts counts = LstmCounts(config);
  return counts.dense + counts.tables;
}

std::unique_ptr<Model> MakeModel(const ModelConfig& config, Backend& backend) {
  std::unique_ptr<Model> net = MakeNet(config, backend);
  if (config.mixing == 0) return net;
  return std::make_unique<MixedModel>(config, backend, std::move(net));
}

}  // namespace nncpp
