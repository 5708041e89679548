// src/codec/learner.h -- what goes on from one part of a set to the next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/error.h"
#include "src/base/hash.h"
#include "src/base/memory_stream.h"
#include "src/codec/codec.h"
#include "src/codec/limits.h"
#include "src/codec/pieces.h"
#include "src/codec/step.h"
#include "src/format/payload.h"

namespace nncpp {

// Decodes what was just coded with a model of its own, and compares.
class SelfChecker {
 public:
  SelfChecker(const ModelConfig& config, Backend& backend)
      : config_(config), model_(MakeModel(config, backend)) {}

  Model& model() { return *model_; }

  // Goes on from a state of the model that is checked.
  void Continue(std::span<const uint8_t> state) {
    MemorySource bytes(state);
    model_->ReadState(bytes);
  }

  // `same`: whether the symbols make the original again.
  void Check(std::span<const uint8_t> payload,
             std::span<const uint16_t> symbols, bool same, uint64_t digest,
             int64_t block) {
    std::vector<uint16_t> decoded(symbols.size());
    DecodeBlock(
        config_,
        SplitStreams(payload, StreamsOfBlock(config_, std::ssize(symbols))),
        decoded, *model_, [](int64_t, int64_t) {});
    if (!same || !std::equal(symbols.begin(), symbols.end(), decoded.begin()) ||
        model_->Digest() != digest) {
      throw Error(ErrorKind::kNumerics,
                  "self-check: block " + std::to_string(block) +
                      " does not decode to its original; test this machine's "
                      "memory, and tell the authors if it is sound");
    }
  }

 private:
  const ModelConfig config_;
  std::unique_ptr<Model> model_;
};

// All that the coding of an original consists of, except its archive. The
// models are made by MakeModels.
struct Learner {
  Learner(const ModelConfig& for_config, Preparation prepared,
          const CodecOptions& options)
      : config(for_config),
        preparation(std::move(prepared)),
        backend(BackendFor(options, config, options.self_check ? 2 : 1)) {}

  // New ones, that have learnt nothing.
  void MakeModels(bool self_check) {
    model = MakeModel(config, *backend);
    if (self_check) checker = std::make_unique<SelfChecker>(config, *backend);
  }

  const ModelConfig config;
  Preparation preparation;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Model> model;
  std::unique_ptr<SelfChecker> checker;  // null: nothing is checked
  StreamHasher hasher;  // of the original, the block at work included
  bool begun = false;   // the model is primed, or goes on from a checkpoint
};

// What codes the piece at hand, of an original of which `size` bytes are known
// to come (-1: not known); `resumed`: its preparation is still to be read.
// Throws Error(kUsage) for an alphabet that words decide, Error(kMemory).
std::unique_ptr<Learner> NewLearner(Pieces& in, int64_t size,
                                    const ModelConfig& config,
                                    const CodecOptions& options, bool resumed);

}  // namespace nncpp
