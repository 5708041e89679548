// src/model/context_mixing/history_models.h -- predictions from bit histories.
//
// Each context finds its history of a node in a shared table; what such a
// history came to mean in that context is learnt in a map from histories to
// probabilities, which starts at (ones + 1/2) / (seen + 1).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/mixing.h"
#include "src/model/context_mixing/history_table.h"

namespace nncpp {

class HistoryModels {
 public:
  static constexpr int64_t kInputs = 2;  // of the mixer, for each context

  HistoryModels(int64_t contexts, int64_t bits);

  int64_t contexts() const { return static_cast<int64_t>(used_.size()); }

  // Where the hashes of a symbol's contexts are put, before its first Enter.
  std::span<uint64_t> hashes() { return hashes_; }

  // Goes to the tree's next four levels: below node `path` of the tree (its
  // bits after a leading 1), which is 1 at the root. Asks the cache for them;
  // Predict finds them.
  void Enter(uint64_t path);

  // Inputs of all contexts: the logits of their probabilities, then these again
  // where only one kind of bit was seen; zeros where nothing was. Returns how
  // many have seen something.
  int64_t Predict(int16_t* inputs);

  // Learns the bit and goes down by it.
  void Update(int bit);

  std::vector<std::span<uint8_t>> State();
  static int64_t Bytes(int64_t contexts, int64_t bits);

 private:
  static constexpr size_t kStates = 256;

  HistoryTable table_;
  std::vector<uint32_t> meaning_;  // contexts x kStates
  std::vector<uint64_t> hashes_;
  std::vector<uint8_t*> buckets_;
  const MixingTable& ops_;
  std::vector<uint8_t> used_;    // the histories that predicted
  std::vector<uint8_t> seen_;    // BitHistories::seen of them
  std::vector<uint32_t> cells_;  // meaning_ of them
  int node_ = 1;                 // in the buckets: 1 to 15
  bool found_ = false;           // the buckets of hashes_
};

}  // namespace nncpp
