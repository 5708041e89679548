// src/model/context_mixing/context_mixer.h -- predicts every node of a
// symbol's tree: models of contexts and, if there is one, a net's distribution
// mixed in the logistic domain and refined.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "src/model/config.h"
#include "src/model/context_mixing/context_models.h"
#include "src/model/context_mixing/evidence.h"
#include "src/model/context_mixing/node_mixer.h"

namespace nncpp {

class ContextMixer {
 public:
  // REQUIRES: config.mixing > 0.
  explicit ContextMixer(const ModelConfig& config);
  ~ContextMixer();

  // As those of ContextModels.
  void StartBlock(std::span<const int64_t> lengths) {
    models_.StartBlock(lengths);
  }
  void StartSymbol(int64_t stream, std::span<const uint64_t> frequencies) {
    models_.StartSymbol(stream, frequencies);
  }
  bool Done() const { return models_.Done(); }
  int32_t symbol() const { return models_.symbol(); }
  int32_t middle() const { return models_.middle(); }

  // The probability, out of 2^24, that the next bit is 1; in [1, 2^24 - 1].
  // REQUIRES, as Update: not Done().
  uint32_t Predict() {
    models_.Look(evidence_);
    return mixer_.Predict(evidence_);
  }

  // Learns the bit that Predict foresaw and goes down by it. The mixer learns
  // while memory brings what the models ask for.
  void Update(int bit) {
    models_.Learn(bit);
    mixer_.Train(bit);
  }

  // The same for symbols of a stream that are known, without a net. `coded`
  // takes each bit and what Predict would have said; it may be empty. With
  // `beside`, the models look ahead on a thread of their own. Where `coded`
  // throws, the state is lost. REQUIRES: no symbol is under way.
  void Code(int64_t stream, std::span<const int32_t> symbols, bool beside,
            const std::function<void(int bit, uint32_t probability)>& coded);

  // As those of ContextModels.
  std::vector<std::span<uint8_t>> State();
  bool StateIsSound() const { return models_.StateIsSound(); }
  static int64_t Bytes(const ModelConfig& config) {
    return ContextModels::Bytes(config) + NodeMixer::Bytes(config);
  }
  static int64_t LookaheadBytes();  // which Code takes beside these

 private:
  struct Lookahead;

  ContextModels models_;
  NodeMixer mixer_;
  Evidence evidence_;
  std::unique_ptr<Lookahead> lookahead_;  // of Code, from its first use
};

}  // namespace nncpp
