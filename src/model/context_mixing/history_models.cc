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
    if (path != 1) hash = MixHash(hash + path * 0xD6E8FEB86659FD93u);
    table_.Prefetch(hash);
  }
  for (size_t i = 0; i < hashes_.size(); ++i) {
    buckets_[i] = table_.Find(hashes_[i]);
  }
}

int64_t HistoryModels::Predict(int16_t* inputs) {
  int64_t known = 0;
  for (size_t i = 0; i < used_.size(); ++i) {
    const uint8_t history = buckets_[i][node_];
    used_[i] = history;
    seen_[i] = kBitHistories.seen[history];
    cells_[i] = meaning_[i * kStates + history];
    known += history != 0 ? 1 : 0;
  }
  ops_.cell_inputs(cells_.data(), seen_.data(), contexts(),
                   logistic::kTables.stretch, inputs);
  return known;
}

void HistoryModels::Update(int bit) {
  ops_.train_cells(cells_.data(), contexts(), bit, kLimit,
                   adaptive::kRates.rate);
  for (size_t i = 0; i < used_.size(); ++i) {
    const uint8_t history = used_[i];
    meaning_[i * kStates + history] = cells_[i];
    buckets_[i][node_] = kBitHistories.next[history][bit];
  }
  node_ = node_ * 2 + bit;
}

std::vector<std::span<uint8_t>> HistoryModels::State() {
  return {table_.State(),
          {reinterpret_cast<uint8_t*>(meaning_.data()),
           meaning_.size() * sizeof(meaning_[0])}};
}

}  // namespace nncpp
