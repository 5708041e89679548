// src/model/ngram.cc -- contract: src/model/ngram.h
#include "src/model/ngram.h"

#include <algorithm>
#include <cmath>

namespace nncpp {
namespace {

constexpr uint16_t kCountLimit = 65535;

}  // namespace

int64_t NgramFeatures::TableSize(const ModelConfig& config) {
  if (config.ngram_orders == 0) return 0;
  return (int64_t{1} << config.ngram_bits) + (config.alphabet + kLine);
}

NgramFeatures::NgramFeatures(const ModelConfig& config, Backend& backend)
    : config_(config),
      backend_(backend),
      orders_(config.ngram_orders),
      size_(TableSize(config)) {
  if (orders_ == 0) return;
  table_ = backend.NewArray(size_);
  counts_.resize(
      static_cast<size_t>((int64_t{1} << config.ngram_bits) / kLine));
  history_.resize(static_cast<size_t>(config.streams * kHistory));
  rows_.resize(static_cast<size_t>(config.streams * config.steps * orders_));
  rates_.resize(rows_.size());
}

void NgramFeatures::StartBlock(int64_t streams, int64_t last) {
  if (orders_ == 0) return;
  std::copy_n(history_.begin() + last * kHistory, kHistory, history_.begin());
  std::fill(history_.begin() + kHistory, history_.end(), 0);
  (void)streams;
}

void NgramFeatures::Locate(int64_t first, int64_t count, int64_t streams,
                           std::span<const int32_t> targets) {
  if (orders_ == 0) return;
  const auto starts = static_cast<uint64_t>(counts_.size());
  for (int64_t t = first; t < first + count; ++t) {
    for (int64_t b = 0; b < streams; ++b) {
      uint64_t hash = 0;
      for (int64_t n = 1; n <= orders_; ++n) {
        const int64_t back = t - n;  // the n-th symbol before step t
        const int32_t symbol =
            back >= 0 ? targets[static_cast<size_t>(back * streams + b)]
                      : history_[static_cast<size_t>(b * kHistory - back - 1)];
        hash = (hash + static_cast<uint64_t>(symbol) + 1) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
        const uint64_t mixed =
            (hash + static_cast<uint64_t>(n)) * 0xD6E8FEB86659FD93u;
        const auto start = static_cast<int64_t>(mixed >> 20 & (starts - 1));
        rows_[static_cast<size_t>((t * streams + b) * orders_ + n - 1)] =
            start * kLine;
      }
    }
  }
}

void NgramFeatures::Add(ConstMatrix bias, int64_t first_row, Matrix logits) {
  const std::span<const int64_t> rows(
      rows_.data() + first_row * orders_,
      static_cast<size_t>(logits.rows * orders_));
  backend_.AddBiasAndFeatures(bias, table_.get(), rows, logits);
}

void NgramFeatures::Train(int64_t steps, int64_t streams,
                          std::span<const int32_t> targets,
                          ConstMatrix dlogits) {
  if (orders_ == 0) return;
  const auto used = static_cast<size_t>(steps * streams * orders_);
  for (size_t i = 0; i < used; ++i) {
    uint16_t& n = counts_[static_cast<size_t>(rows_[i] / kLine)];
    rates_[i] = config_.ngram_rate /
                std::sqrt(1.0f + static_cast<float>(n) * config_.ngram_decay);
    if (n < kCountLimit) ++n;
  }
  backend_.DescendFeatures(dlogits, {rows_.data(), used}, {rates_.data(), used},
                           table_.get());
  for (int64_t b = 0; b < streams; ++b) {
    int32_t* past = history_.data() + b * kHistory;
    for (int64_t t = 0; t < steps; ++t) {
      const int32_t symbol = targets[static_cast<size_t>(t * streams + b)];
      if (symbol < 0) break;  // the stream ended
      std::copy_backward(past, past + kHistory - 1, past + kHistory);
      past[0] = symbol;
    }
  }
}

}  // namespace nncpp
