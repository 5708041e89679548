// src/model/lstm_state.cc -- what the state of src/model/lstm.h is.
#include "src/base/error.h"
#include "src/model/lstm.h"

namespace nncpp {

void Lstm::VisitState(StateVisitor& visitor) {
  visitor.Array(parameters_.get(), layout_.count());
  visitor.Array(second_.get(), layout_.count());
  visitor.Array(hidden_.get(),
                config_.streams * config_.layers * config_.cells);
  for (Layer& layer : layers_) {
    visitor.Array(layer.c.get(), config_.streams * config_.cells);
  }
  visitor.Elements(symbols_.before());
  visitor.Elements(row_power_);
  visitor.Value(counters_);
  ngrams_.VisitState(visitor);
}

void Lstm::StateReplaced() {
  const int64_t cells = config_.streams * config_.cells;
  // Outputs, and coupled cells, stay within 1, but for rounding.
  const float widest = config_.classic != 0 ? kStateLimit : 2.0f;
  bool sound = counters_.AreSound(config_) && ngrams_.StateIsSound() &&
               symbols_.StateIsSound() &&
               MomentsAreSound(second_.get(), layout_.count(), row_power_) &&
               LiesWithin(parameters_.get(), layout_.count(), -kWeightLimit,
                          kWeightLimit) &&
               LiesWithin(hidden_.get(), cells * config_.layers, -2.0f, 2.0f);
  for (const Layer& layer : layers_) {
    sound = sound && LiesWithin(layer.c.get(), cells, -widest, widest);
  }
  if (!sound) throw Error(ErrorKind::kFormat, "not the state of an LSTM");
  streams_ = counters_.last_stream + 1;
  symbols_.Replaced(streams_);
  QuantizeAll();
}

}  // namespace nncpp
