// src/model/profiles.cc -- configurations that have names; contract:
// src/model/config.h
#include <string>
#include <string_view>
#include <vector>

#include "src/base/error.h"
#include "src/model/config.h"

namespace nncpp {
namespace {

// Contexts alone, with as many buckets as the largest input is to have.
ModelConfig Mixing(int64_t level, int64_t bits) {
  ModelConfig c;
  c.streams = 1;
  c.steps = 1024;
  c.layers = 0;
  c.ngram_orders = 0;
  c.mixing = level;
  c.mixing_bits = bits;
  return c;
}

// Contexts above a net of LSTM layers with n-gram features.
ModelConfig Mixed(int64_t layers, int64_t cells, int64_t bits) {
  ModelConfig c = Mixing(2, bits);
  c.steps = 32;
  c.layers = layers;
  c.cells = cells;
  c.ngram_orders = 6;
  return c;
}

// The same above one small layer, which gains by larger steps and does with
// fewer orders.
ModelConfig LightlyMixed(int64_t cells, int64_t bits) {
  ModelConfig c = Mixed(1, cells, bits);
  c.ngram_orders = 4;
  c.ngram_scale_rate = 0.006f;
  c.learning_rate = 0.008f;
  c.clip = 16;
  c.output_rate = 4;
  return c;
}

// The net, but not its n-grams, learns its past again.
ModelConfig Replayed(int64_t layers, int64_t cells, int64_t bits,
                     int64_t passes) {
  ModelConfig c = Mixed(layers, cells, bits);
  c.replay_period = 1 << 15;
  c.replay_passes = passes;
  return c;
}

ModelConfig Tiny() {
  ModelConfig c;
  c.block_symbols = 1 << 16;
  c.streams = 4;
  c.stream_symbols = 128;
  c.steps = 16;
  c.layers = 1;
  c.cells = 32;
  c.ngram_orders = 2;
  c.ngram_bits = 10;
  return c;
}

// The net of lstm-compress v3 [knoll2019lstm]; its update is not ours.
ModelConfig LstmCompress() {
  ModelConfig c;
  c.layers = 3;
  c.cells = 90;
  c.classic = 1;
  c.steps = 10;
  c.ngram_orders = 0;
  return c;
}

// The net and the schedule of tensorflow-compress v4 [knoll2020tfcompress].
// It updates after every symbol of its 256 streams, this after each segment.
ModelConfig TensorflowCompress() {
  ModelConfig c;
  c.layers = 8;
  c.cells = 4000;
  c.classic = 1;
  c.embedding = 1024;
  c.streams = 256;
  c.stream_symbols = 1024;
  c.steps = 15;
  c.ngram_orders = 0;
  c.learning_rate = 5e-4f;
  c.epsilon = 1e-5f;
  return c;
}

ModelConfig TransformerProfile() {
  ModelConfig c;
  c.model = kTransformer;
  c.cells = 256;
  c.ngram_orders = 0;
  c.learning_rate = 1e-3f;
  c.decay_updates = 500;
  c.output_rate = 4;
  c.init_range = 2;
  c.table_range = 2;
  c.head_norms = 1;
  return c;
}

// The sizes, streams and rates of NNCP v3.2's profiles (docs/sources.md,
// [bellard2021nncp]). Its `default` has feed-forward layers of 512 units that
// are not gated: 341 gated ones have as many weights.
ModelConfig NncpProfile() {
  ModelConfig c = TransformerProfile();
  c.block_symbols = 500000;
  c.streams = 32;
  c.stream_symbols = 1024;
  c.steps = 64;
  c.layers = 20;
  c.cells = 1024;
  c.inner = 3072;
  c.positions = 320;
  c.recent = 1;
  c.position_vectors = 1;
  c.biases = 1;
  c.head_norms = 0;
  c.learning_rate = 1.6e-4f;
  c.decay_updates = 10000;
  c.output_rate = 1;
  c.init_range = 0.79f;
  c.table_range = 0.79f;
  return c;
}

ModelConfig NncpDefaultProfile() {
  ModelConfig c = NncpProfile();
  c.streams = 16;
  c.steps = 32;
  c.layers = 4;
  c.cells = 256;
  c.inner = 341;
  c.positions = 64;
  c.learning_rate = 3e-4f;
  return c;
}

struct Profile {
  std::string_view name;
  ModelConfig config;
};

const std::vector<Profile>& Profiles() {
  static const std::vector<Profile> profiles = {
      {"default", LightlyMixed(32, 25)},
      {"1", Mixing(1, 22)},
      {"2", Mixing(2, 22)},
      {"3", Mixing(2, 24)},
      {"4", LightlyMixed(32, 24)},
      {"5", LightlyMixed(32, 25)},
      {"6", Mixed(2, 128, 26)},
      {"7", Mixed(2, 192, 27)},
      {"8", Mixed(3, 192, 28)},
      {"9", Replayed(3, 256, 28, 4)},
      {"lstm", ModelConfig()},
      {"tiny", Tiny()},
      {"lstm-compress", LstmCompress()},
      {"tensorflow-compress", TensorflowCompress()},
      {"transformer", TransformerProfile()},
      {"nncp", NncpProfile()},
      {"nncp-default", NncpDefaultProfile()}};
  return profiles;
}

}  // namespace

ModelConfig ProfileConfig(std::string_view name) {
  std::string names;
  for (const Profile& profile : Profiles()) {
    if (profile.name == name) return profile.config;
    names += (names.empty() ? "" : ", ") + std::string(profile.name);
  }
  throw Error(ErrorKind::kUsage, "--profile: there is no profile '" +
                                     std::string(name) + "'; use one of " +
                                     names);
}

std::vector<std::string> ProfileNames() {
  std::vector<std::string> names;
  for (const Profile& profile : Profiles()) names.emplace_back(profile.name);
  return names;
}

}  // namespace nncpp
