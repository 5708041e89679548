// src/model/context_mixing/context_models.h -- what all models say of every
// node of a symbol's tree.
//
// The tree halves the alphabet: a node is an interval [low, high) of symbols,
// its middle low + ceil((high - low) / 2), its bit 1 when the symbol is in the
// upper part. For bytes that is one bit after the other, the high ones first.
// Nothing here depends on what the mixer makes of it. Source: PAQ8
// [mahoney2005paq] and its descendants.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/model/config.h"
#include "src/model/context_mixing/bitmap_model.h"
#include "src/model/context_mixing/contexts.h"
#include "src/model/context_mixing/direct_models.h"
#include "src/model/context_mixing/evidence.h"
#include "src/model/context_mixing/history_models.h"
#include "src/model/context_mixing/jpeg_model.h"
#include "src/model/context_mixing/match_model.h"
#include "src/model/context_mixing/run_models.h"
#include "src/model/context_mixing/sample_model.h"
#include "src/model/context_mixing/stream_context.h"
#include "src/model/context_mixing/weight_sets.h"

namespace nncpp {

class ContextModels {
 public:
  // REQUIRES: config.mixing > 0.
  explicit ContextModels(const ModelConfig& config);

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

  // What the models say of the node.
  void Look(Evidence& evidence);

  // Learns the bit of the node that Look was at, and goes down by it; with the
  // last one the symbol joins the stream's past.
  void Learn(int bit);

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

  bool strong() const { return config_.mixing > 1; }
  void LookAtScan(Evidence& evidence);
  void EnterContexts();
  Signs FillInputs(int16_t* inputs);
  void AddMatches(int16_t* inputs);
  int32_t AddNet(int16_t* inputs) const;
  void SelectWeights(const Signs& signs, Evidence& evidence) const;
  void SelectStrongWeights(const Signs& signs, Evidence& evidence) const;
  void EndSymbol();

  // Of match m: 0: it says nothing of the node; 1, 2: it foresees a 0, a 1.
  int64_t Foreseen(size_t m) const;
  int64_t LengthClass(size_t m) const;

  const ModelConfig config_;
  const MixingSizes sizes_;
  const WeightSets sets_;
  HistoryModels histories_;
  RunModels runs_;
  DirectModels direct_;
  SymbolRing ring_;
  std::vector<MatchModel> matches_;
  Associations past_;
  std::vector<StreamContext> streams_;
  std::unique_ptr<JpegModel> jpeg_;       // null: none
  std::unique_ptr<SampleModel> samples_;  // null: none
  std::unique_ptr<BitmapModel> bitmap_;   // null: none
  struct {
    uint64_t symbols = 0;  // in the blocks before this one
    uint64_t block = 0;    // symbols of this block
    uint64_t last = 0;     // stream of this block
  } counters_;

  // The symbol being coded.
  StreamContext* stream_ = nullptr;
  bool in_scan_ = false;  // of a JPEG
  int32_t low_ = 0, high_ = 1;
  uint64_t path_ = 1;  // the bits so far, after a leading 1
  int64_t depth_ = 0;
  std::vector<int32_t> predicted_;  // by each match, or -1
  std::vector<uint64_t> direct_contexts_;
  // What selects weights and refinements, of the symbol alone.
  std::array<int32_t, 4> hashed_selectors_{};
  std::array<uint64_t, SizesOf(kMostMixing).refinements> refinement_seeds_{};
  std::vector<uint64_t> cumulative_;  // of the frequencies, V + 1, or none
};

}  // namespace nncpp
