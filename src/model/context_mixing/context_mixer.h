// src/model/context_mixing/context_mixer.h -- predicts every node of a
// symbol's tree.
//
// The tree halves the alphabet: a node is an interval [low, high) of symbols,
// its middle low + ceil((high - low) / 2), its bit 1 when the symbol is in the
// upper part. For bytes that is one bit after the other, the high ones first.
// Models of hashed contexts, matches and, if there is one, a net's
// distribution are mixed in the logistic domain and refined.
// Source: PAQ8 [mahoney2005paq] and its descendants.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/model/config.h"
#include "src/model/context_mixing/direct_models.h"
#include "src/model/context_mixing/history_models.h"
#include "src/model/context_mixing/match_model.h"
#include "src/model/context_mixing/mixer.h"
#include "src/model/context_mixing/refinement.h"
#include "src/model/context_mixing/run_models.h"
#include "src/model/context_mixing/stream_context.h"

namespace nncpp {

class ContextMixer {
 public:
  // REQUIRES: config.mixing > 0.
  explicit ContextMixer(const ModelConfig& config);

  // Begins a block of streams of these lengths, in symbols. Streams share all
  // that is learnt; stream 0 goes on where the last of the block before ended,
  // the others begin without a past.
  void StartBlock(std::span<const int64_t> lengths);

  // Begins the next symbol of a stream. `frequencies` are the net's of all
  // symbols, or empty where there is no net.
  void StartSymbol(int64_t stream, std::span<const uint64_t> frequencies);

  // Whether the bits so far name one symbol, and that symbol.
  bool Done() const { return high_ - low_ == 1; }
  int32_t symbol() const { return low_; }

  // The first symbol of the upper part. REQUIRES, as the next two: not Done().
  int32_t middle() const { return low_ + (high_ - low_ + 1) / 2; }

  // The probability, out of 2^24, that the next bit is 1; in [1, 2^24 - 1].
  uint32_t Predict();

  // Learns the bit that Predict foresaw and goes down by it; with the last one
  // the symbol joins the stream's past.
  void Update(int bit);

  // The state, for digests and copies, as bytes.
  std::vector<std::span<uint8_t>> State();

  // False for a state, put there by its bytes, that no coding leads to and
  // that would reach beyond a table.
  bool StateIsSound() const;

  // Bytes of memory that it takes.
  static int64_t Bytes(const ModelConfig& config);

 private:
  // What the models say of a node beside their inputs.
  struct Signs {
    int64_t known = 0;      // contexts that have seen something
    int64_t votes[2] = {};  // runs that foresee a 0, a 1
    int32_t net = 0;        // the net's logit
  };

  void EnterNode();
  Signs FillInputs();
  void AddMatches(int16_t* inputs);
  int32_t AddNet(int16_t* inputs) const;
  void SelectWeights(const Signs& signs);
  uint32_t Refine();
  void EndSymbol();

  const ModelConfig config_;
  const int64_t inputs_;
  HistoryModels histories_;
  RunModels runs_;
  DirectModels direct_;
  SymbolRing ring_;
  std::vector<MatchModel> matches_;
  MixerLayer first_, second_;
  Refinement by_node_, by_order1_, by_order2_;
  MixerLayer last_;  // of the second layer and its refinements
  std::vector<StreamContext> streams_;
  struct {
    uint64_t symbols = 0;  // in the blocks before this one
    uint64_t block = 0;    // symbols of this block
    uint64_t last = 0;     // stream of this block
  } counters_;

  // The symbol being coded.
  StreamContext* stream_ = nullptr;
  int32_t low_ = 0, high_ = 1;
  uint64_t path_ = 1;  // the bits so far, after a leading 1
  int32_t depth_ = 0;
  std::vector<int32_t> predicted_;  // by each match, or -1
  std::vector<uint64_t> direct_contexts_;
  std::vector<uint64_t> cumulative_;  // of the frequencies, V + 1, or none
  int32_t logit_ = 0;                 // mixed, not refined
};

}  // namespace nncpp
