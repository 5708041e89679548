// src/model/ngram.h -- n-gram features: hashed contexts wired to the logits.
//
// Each context (the last n symbols, n = 1 .. orders, and some of words) names
// a slot of a hashed table, which holds the few symbols that followed it, each
// with a weight. The weights, times a scale that is learnt for slots alike in
// order, count and variety, are added to those symbols' logits; both descend
// along dlogits. Symbols never seen in a context cost nothing, so the features
// take the same time for every alphabet.
// Source: direct connections of Mikolov et al. 2011
// [mikolov2011rnnme]; slots, scales, and steps that fall with the count are
// ours.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "src/model/config.h"
#include "src/model/state.h"

namespace nncpp {

class NgramFeatures {
 public:
  explicit NgramFeatures(const ModelConfig& config);

  bool enabled() const { return contexts_ > 0; }

  // Forgets the symbols seen; stream 0 goes on from stream `last`.
  void StartBlock(int64_t last);

  // Finds the contexts of steps [first, first + count) (Model::Predict) and
  // returns what they add to the logits; rows count from step `first`.
  std::span<const SparseElement> Locate(int64_t first, int64_t count,
                                        int64_t streams,
                                        std::span<const int32_t> targets);

  // The elements of all rows located in this segment, for Backend::Gather.
  std::span<const SparseElement> elements() const { return elements_; }

  // Learns the segment and moves the contexts on past its targets.
  // gradients[i] belongs to elements()[i]; target_gradient[r] is p - 1
  // for the target of row r, rounded once.
  void Train(int64_t steps, int64_t streams, std::span<const int32_t> targets,
             std::span<const float> gradients,
             std::span<const float> target_gradient);

  void VisitState(StateVisitor& visitor);
  bool StateIsSound() const;  // every value is one that learning can give

  static int64_t Bytes(const ModelConfig& config);

 private:
  static constexpr int64_t kWays = 10;     // symbols a slot remembers
  static constexpr int64_t kHistory = 16;  // symbols kept, the newest first
  static constexpr int64_t kWordContexts = 2;
  static constexpr int64_t kCountBuckets = 8;
  static constexpr int64_t kVarietyBuckets = 4;

  // 64 bytes: one cache line.
  struct Slot {
    uint16_t check;  // of the context; 0 and count 0: empty
    uint16_t count;  // times seen, saturating
    uint16_t symbol[kWays];
    float weight[kWays];  // those in use are symbols with weight != 0
  };
  static_assert(sizeof(Slot) == 64);

  struct Scale {
    float value;
    float second;  // of its gradient
  };

  // What a stream remembers between segments.
  struct Past {
    int32_t symbol[kHistory];  // the newest first
    uint64_t word;  // hash of the letters since the last other symbol
    uint64_t word_before;
  };

  // A context of a row: where it lives, and what it contributed.
  struct Use {
    int64_t index;  // of the first of its two slots
    uint16_t check;
    int32_t scale;  // index into scales_
    int64_t first;  // of its elements in elements_
    int32_t count;
  };

  void Push(Past& past, int32_t symbol) const;
  void LocateRow(const Past& past, int64_t row);
  Slot* Find(const Use& use);
  Slot& Claim(const Use& use);
  void TrainRow(int64_t row, int32_t target, std::span<const float> gradients,
                float target_gradient);

  const ModelConfig config_;
  const int64_t contexts_;
  std::vector<Slot> slots_;
  std::vector<Scale> scales_;
  std::vector<Past> past_;    // of each stream, as of the segment's first step
  std::vector<Past> moving_;  // as of the step located last
  std::vector<Use> uses_;     // R x contexts
  std::vector<SparseElement> elements_;
  std::vector<float> weights_;  // of the elements, unscaled
};

}  // namespace nncpp
