// src/model/ngram.h -- n-gram features: hashed contexts wired to the logits.
//
// A context of the last n symbols (n = 1 .. orders) names V consecutive
// floats of one flat table; they are added to the logits and descend along
// dlogits. Contexts share the table and may overlap: a context seen rarely
// has moved few of its floats far from zero.
// Source: Mikolov et al. 2011, section 3 [mikolov2011rnnme]; the step of each
// context that falls with its count is ours.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "src/model/config.h"

namespace nncpp {

class NgramFeatures {
 public:
  NgramFeatures(const ModelConfig& config, Backend& backend);

  int64_t orders() const { return orders_; }

  // Forgets the symbols seen; stream 0 goes on from stream `last`.
  void StartBlock(int64_t streams, int64_t last);

  // Finds the contexts of steps [first, first + count); Model::Predict.
  void Locate(int64_t first, int64_t count, int64_t streams,
              std::span<const int32_t> targets);

  // logits rows are those of steps [first, ...) located before.
  void Add(ConstMatrix bias, int64_t first_row, Matrix logits);

  // Learns the segment and moves the contexts on past its targets.
  void Train(int64_t steps, int64_t streams, std::span<const int32_t> targets,
             ConstMatrix dlogits);

  // State, for digests and copies.
  std::span<float> table() {
    return {table_.get(), static_cast<size_t>(size_)};
  }
  std::vector<uint16_t>& counts() { return counts_; }
  std::vector<int32_t>& history() { return history_; }

  static int64_t TableSize(const ModelConfig& config);

 private:
  static constexpr int64_t kLine = 16;    // floats; contexts start at multiples
  static constexpr int64_t kHistory = 8;  // symbols kept, the newest first

  const ModelConfig config_;
  Backend& backend_;
  const int64_t orders_;
  const int64_t size_;
  std::shared_ptr<float[]> table_;
  std::vector<uint16_t> counts_;  // of each start, saturating
  std::vector<int32_t> history_;  // streams x kHistory, as of the segment
  std::vector<int64_t> rows_;     // R x orders: starts in the table
  std::vector<float> rates_;      // R x orders
};

}  // namespace nncpp
