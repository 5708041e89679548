// src/model/context_mixing/history_models.cc -- contract:
// src/model/context_mixing/history_models.h
#include "src/model/context_mixing/history_models.h"

#include "src/base/check.h"
#include "src/model/context_mixing/adaptive.h"
#include "src/model/context_mixing/bit_history.h"
#include "src/model/context_mixing/stream_context.h"

namespace nncpp {
namespace {

constexpr uint32_t kLimit = 1023;  // of the counts of meaning_

}  // namespace

HistoryModels::HistoryModels(int64_t contexts, int64_t bits)
    : table_(bits),
      meaning_(static_cast<size_t>(contexts) * kStates),
      hashes_(static_cast<size_t>(contexts)),
      buckets_(static_cast<size_t>(contexts)),
      ops_(CpuMixing()),
      used_(static_cast<size_t>(contexts)),
      seen_(static_cast<size_t>(contexts)),
      cells_(static_cast<size_t>(contexts)) {
  NNCPP_CHECK(contexts % kCellGrain == 0);
  for (size_t i = 0; i < meaning_.size(); ++i) {
    const uint32_t zeros = kBitHistories.zeros[i % kStates];
    const uint32_t ones = kBitHistories.ones[i % kStates];
    meaning_[i] =
        AdaptiveFrom(((2 * ones + 1) << (kModelBits - 1)) / (zeros + ones + 1));
  }
}

int64_t HistoryModels::Bytes(int64_t contexts, int64_t bits) {
  return (int64_t{16} << bits) + contexts * int64_t{kStates} * 4;
}

void HistoryModels::Enter(uint64_t path) {
  node_ = 1;
  for (uint64_t& hash : hashes_) {
    if (path != 1) hash = MixHash(hash + path * kPathFactor);
    table_.Prefetch(hash);
  }
  found_ = false;
}

// A store of a byte may be to anything, so the loops below keep what they go
// through in variables of their own.
int64_t HistoryModels::Predict(int16_t* inputs) {
  if (!found_) {
    for (size_t i = 0; i < hashes_.size(); ++i) {
      buckets_[i] = table_.Find(hashes_[i]);
    }
    found_ = true;
  }
  const size_t count = used_.size();
  const auto node = static_cast<size_t>(node_);
  uint8_t* const* const buckets = buckets_.data();
  uint8_t* const used = used_.data();
  uint8_t* const seen = seen_.data();
  uint32_t* const cells = cells_.data();
  const uint32_t* meaning = meaning_.data();
  int64_t known = 0;
  for (size_t i = 0; i < count; ++i, meaning += kStates) {
    const uint8_t history = buckets[i][node];
    used[i] = history;
    seen[i] = kBitHistories.seen[history];
    cells[i] = meaning[history];
    known += history != 0 ? 1 : 0;
  }
  ops_.cell_inputs(cells, seen, contexts(), logistic::kTables.stretch, inputs);
  return known;
}

void HistoryModels::Update(int bit) {
  const size_t count = used_.size();
  const auto node = static_cast<size_t>(node_);
  uint8_t* const* const buckets = buckets_.data();
  const uint8_t* const used = used_.data();
  const uint32_t* const cells = cells_.data();
  uint32_t* meaning = meaning_.data();
  ops_.train_cells(cells_.data(), contexts(), bit, kLimit,
                   adaptive::kRates.rate);
  for (size_t i = 0; i < count; ++i, meaning += kStates) {
    meaning[used[i]] = cells[i];
    buckets[i][node] = kBitHistories.next[used[i]][bit];
  }
  node_ = node_ * 2 + bit;
}

std::vector<std::span<uint8_t>> HistoryModels::State() {
  return {table_.State(),
          {reinterpret_cast<uint8_t*>(meaning_.data()),
           meaning_.size() * sizeof(meaning_[0])}};
}

}  // namespace nncpp
