// tests/support/model_runs.h -- small nets and what they predict, for tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/cpu/cpu_backend.h"
#include "src/model/model.h"

namespace nncpp::testing {

// Segments of six steps, 77 symbols, two layers of a width that fits no vector.
inline ModelConfig SmallLstm(int64_t streams) {
  ModelConfig config = ProfileConfig("tiny");
  config.alphabet = 77;
  config.streams = streams;
  config.steps = 6;
  config.layers = 2;
  config.cells = 37;
  return config;
}

inline ModelConfig SmallTransformer(int64_t streams) {
  ModelConfig config = SmallLstm(streams);
  config.model = kTransformer;
  config.cells = 39;
  config.heads = 3;
  config.inner = 21;
  // Memory longer and shorter than a segment.
  config.positions = streams % 2 == 0 ? 9 : 4;
  config.position_vectors = streams % 2;
  config.recent = 3;
  config.learning_rate = 2e-3f;
  config.biases = streams / 2 % 2;
  config.head_norms = streams / 2 % 2;
  return config;
}

inline std::unique_ptr<cpu::CpuBackend> NewBackend(int threads = 1) {
  return std::make_unique<cpu::CpuBackend>(cpu::AvailableForms().back(),
                                           threads);
}

// A segment's targets; in a last one, the later streams are a symbol shorter.
inline std::vector<int32_t> Targets(int64_t segment, int64_t steps,
                                    int64_t streams, bool last = false) {
  std::vector<int32_t> targets;
  for (int64_t i = 0; i < steps * streams; ++i) {
    const int64_t x = segment * 100 + i;
    targets.push_back(static_cast<int32_t>((x * x / 3 + x) % 77));
  }
  if (last && streams > 1) targets.back() = -1;
  return targets;
}

// Frequencies and totals of rows [0, rows).
inline std::vector<uint64_t> Frequencies(const Model& model, int64_t rows) {
  std::vector<uint64_t> all;
  for (int64_t r = 0; r < rows; ++r) {
    const std::span<const uint64_t> row = model.FrequenciesAt(r);
    all.insert(all.end(), row.begin(), row.end());
    all.push_back(model.TotalAt(r));
  }
  return all;
}

struct Trace {
  std::vector<std::vector<uint64_t>> frequencies;
  std::vector<uint64_t> digests;
  bool operator==(const Trace&) const = default;
};

// Some segments of a block, the last one partial. `at_once` steps are
// predicted by each call.
inline void RunBlock(Model& model, const ModelConfig& config, int64_t streams,
                     int64_t at_once, int64_t first_segment, Trace& trace) {
  model.StartBlock(streams);
  for (int64_t s = 0; s < 5; ++s) {
    const int64_t steps = s < 4 ? config.steps : config.steps - 2;
    const std::vector<int32_t> targets =
        Targets(first_segment + s, steps, streams, s == 4);
    for (int64_t t = 0; t < steps; t += at_once) {
      const int64_t count = std::min(at_once, steps - t);
      // What is not known yet must not be looked at: a decoder has no target
      // of step t when it predicts that step.
      std::vector<int32_t> known = targets;
      std::fill(known.begin() + (t + count - 1) * streams, known.end(), -1);
      model.Predict(t, count, known);
    }
    trace.frequencies.push_back(Frequencies(model, steps * streams));
    model.Train(steps, targets);
    trace.digests.push_back(model.Digest());
  }
}

inline Trace RunBlocks(const ModelConfig& config, Backend& backend,
                       int64_t at_once) {
  const std::unique_ptr<Model> model = MakeModel(config, backend);
  Trace trace;
  trace.digests.push_back(model->Digest());
  RunBlock(*model, config, config.streams, at_once, 0, trace);
  RunBlock(*model, config, 1, at_once, 5, trace);  // a short block
  RunBlock(*model, config, config.streams, at_once, 10, trace);
  return trace;
}

}  // namespace nncpp::testing
