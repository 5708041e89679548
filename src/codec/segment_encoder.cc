// src/codec/segment_encoder.cc -- contract: src/codec/segment_encoder.h
#include "src/codec/segment_encoder.h"

#include "src/codec/symbol_coder.h"
#include "src/model/context_mixing/context_mixer.h"
#include "src/model/context_mixing/logistic.h"

namespace nncpp {

SegmentEncoder::SegmentEncoder(Model& model, std::span<RangeEncoder> encoders)
    : model_(model), encoders_(encoders) {}

int64_t SegmentEncoder::Bytes(const ModelConfig& config) {
  return SegmentRows(config) * config.alphabet *
         static_cast<int64_t>(sizeof(uint64_t));
}

void SegmentEncoder::Start(std::span<const int32_t> targets) {
  ContextMixer* mixer = model_.Mixer();
  if (mixer == nullptr) return model_.Encode(targets, encoders_);
  targets_.assign(targets.begin(), targets.end());
  const bool alone = model_.FrequenciesAt(0).empty();
  if (alone && encoders_.size() == 1) {  // of which no target is -1
    mixer->Code(0, targets_, model_.LeavesCore(), [&](int bit, uint32_t p) {
      encoders_.front().EncodeBit(bit, p, kCodedBits);
    });
    return;
  }
  if (!model_.LeavesCore() || alone) {
    Code();
    return;
  }
  frequencies_.clear();
  for (int64_t row = 0; row < std::ssize(targets_); ++row) {
    const std::span<const uint64_t> of_row = model_.FrequenciesAt(row);
    frequencies_.insert(frequencies_.end(), of_row.begin(), of_row.end());
  }
  helper_.Start([this] { Code(); });
}

void SegmentEncoder::Code() {
  const auto rows = static_cast<int64_t>(targets_.size());
  const size_t width = frequencies_.size() / targets_.size();
  SymbolCoder coder(*model_.Mixer());
  for (int64_t row = 0; row < rows; ++row) {
    const auto at = static_cast<size_t>(row);
    if (targets_[at] < 0) continue;
    const int64_t stream = row % std::ssize(encoders_);
    const std::span<const uint64_t> frequency =
        width == 0 ? model_.FrequenciesAt(row)
                   : std::span(frequencies_).subspan(at * width, width);
    coder.Encode(frequency, stream, targets_[at],
                 encoders_[static_cast<size_t>(stream)]);
  }
}

}  // namespace nncpp
