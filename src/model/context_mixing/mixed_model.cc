// src/model/context_mixing/mixed_model.cc -- contract:
// src/model/context_mixing/mixed_model.h
#include "src/model/context_mixing/mixed_model.h"

#include <utility>

#include "src/base/error.h"

namespace nncpp {

MixedModel::MixedModel(const ModelConfig& config, Backend& backend,
                       std::unique_ptr<Model> net)
    : Model(backend), net_(std::move(net)), mixer_(config) {}

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

void MixedModel::StartReplay(int64_t streams) {
  if (net_) net_->StartReplay(streams);
}

void MixedModel::ReplaySegment(int64_t steps,
                               std::span<const int32_t> targets) {
  if (net_) net_->ReplaySegment(steps, targets);
}

void MixedModel::EndReplay() {
  if (net_) net_->EndReplay();
}

void MixedModel::VisitState(StateVisitor& visitor) {
  if (net_) net_->VisitState(visitor);
  for (const std::span<uint8_t> bytes : mixer_.State()) visitor.Host(bytes);
}

void MixedModel::StateReplaced() {
  if (net_) net_->StateReplaced();
  if (!mixer_.StateIsSound()) {
    throw Error(ErrorKind::kFormat, "not the state of context mixing");
  }
}

}  // namespace nncpp
