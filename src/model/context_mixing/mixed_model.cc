// src/model/context_mixing/mixed_model.cc -- contract:
// src/model/context_mixing/mixed_model.h
#include "src/model/context_mixing/mixed_model.h"

#include <algorithm>
#include <utility>

#include "src/base/check.h"
#include "src/base/hash.h"

namespace nncpp {

MixedModel::MixedModel(const ModelConfig& config, std::unique_ptr<Model> net)
    : net_(std::move(net)), mixer_(config) {}

void MixedModel::StartBlock(int64_t streams) {
  if (net_) net_->StartBlock(streams);
}

void MixedModel::Predict(int64_t first, int64_t count,
                         std::span<const int32_t> targets) {
  if (net_) net_->Predict(first, count, targets);
}

std::span<const uint64_t> MixedModel::FrequenciesAt(int64_t row) const {
  return net_ ? net_->FrequenciesAt(row) : std::span<const uint64_t>();
}

uint64_t MixedModel::TotalAt(int64_t row) const {
  return net_ ? net_->TotalAt(row) : 0;
}

void MixedModel::Train(int64_t steps, std::span<const int32_t> targets) {
  if (net_) net_->Train(steps, targets);
}

uint64_t MixedModel::Digest() {
  uint64_t digest = net_ ? net_->Digest() : 0;
  for (const std::span<uint8_t> bytes : mixer_.State()) {
    digest = HashBytes64(bytes, digest);
  }
  return digest;
}

bool MixedModel::IsFinite() { return net_ == nullptr || net_->IsFinite(); }

void MixedModel::Save() {
  if (net_) net_->Save();
  const std::vector<std::span<uint8_t>> state = mixer_.State();
  saved_.resize(state.size());
  for (size_t i = 0; i < state.size(); ++i) {
    saved_[i].assign(state[i].begin(), state[i].end());
  }
}

void MixedModel::Restore() {
  NNCPP_CHECK(!saved_.empty());
  if (net_) net_->Restore();
  const std::vector<std::span<uint8_t>> state = mixer_.State();
  for (size_t i = 0; i < state.size(); ++i) {
    std::copy(saved_[i].begin(), saved_[i].end(), state[i].begin());
  }
}

}  // namespace nncpp
