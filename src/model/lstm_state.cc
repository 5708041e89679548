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
  visitor.Elements(last_);
  visitor.Elements(row_power_);
  visitor.Value(counters_);
  ngrams_.VisitState(visitor);
}

void Lstm::StateReplaced() {
  bool sound = counters_.last_stream >= 0 &&
               counters_.last_stream < config_.streams &&
               ngrams_.StateIsSound();
  for (const int32_t symbol : last_) {
    sound = sound && symbol >= 0 && symbol < config_.alphabet;
  }
  if (!sound) throw Error(ErrorKind::kFormat, "not the state of an LSTM");
  streams_ = counters_.last_stream + 1;
  QuantizeAll();
}

}  // namespace nncpp
