// src/model/transformer_parameters.cc -- names and shapes of the parameters.
#include <string>

#include "src/model/transformer.h"

namespace nncpp {

TransformerParameters::TransformerParameters(const ModelConfig& config) {
  const int64_t c = config.cells, v = config.alphabet, f = config.inner;
  const int64_t hp = config.heads * config.positions;
  const auto biased = [&](int64_t count, const std::string& name) {
    return config.biases == 0 ? -1 : layout.AddDense(name, 1, count);
  };
  layers.resize(static_cast<size_t>(config.layers));
  for (int64_t i = 0; i < config.layers; ++i) {
    Layer& layer = layers[static_cast<size_t>(i)];
    const std::string name = " " + std::to_string(i);
    layer.attention_gain = layout.AddDense("attention gain" + name, 1, c);
    layer.attention_bias = biased(c, "attention bias" + name);
    layer.qkv = layout.AddDense("qkv" + name, 3 * c, c);
    if (config.head_norms != 0) {
      layer.head_gain =
          layout.AddDense("head gain" + name, 1, c / config.heads);
    }
    if (config.position_vectors != 0) {
      layer.position_vectors =
          layout.AddDense("position vectors" + name, hp, c / config.heads);
    }
    layer.projection = layout.AddDense("projection" + name, c, c);
    layer.gate_gain = layout.AddDense("gate gain" + name, 1, c);
    layer.gate_bias = biased(c, "gate bias" + name);
    layer.up = layout.AddDense("up" + name, 2 * f, c);
    layer.up_bias = biased(2 * f, "up bias" + name);
    layer.down = layout.AddDense("down" + name, c, f);
    layer.down_bias = biased(c, "down bias" + name);
  }
  output_offset = layout.dense_count();
  final_gain = layout.AddDense("final gain", 1, c);
  final_bias = biased(c, "final bias");
  output = layout.AddDense("output", v, c);
  output_bias = layout.AddDense("output bias", 1, v);
  position_offset = layout.dense_count();
  for (int64_t i = 0; i < config.layers; ++i) {
    layers[static_cast<size_t>(i)].position_bias =
        layout.AddDense("position bias " + std::to_string(i), 1, hp);
  }
  for (int64_t k = 0; k < config.recent; ++k) {
    tables.push_back(layout.AddTable("table " + std::to_string(k), v, c));
  }
}

}  // namespace nncpp
