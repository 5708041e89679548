// src/model/lstm_state.cc -- what the state of src/model/lstm.h is.
#include <algorithm>
#include <limits>
#include <vector>

#include "src/base/error.h"
#include "src/model/lstm.h"

namespace nncpp {
namespace {

// Whether every element of an array in backend memory lies in [low, high].
bool LiesWithin(Backend& backend, const float* array, int64_t count, float low,
                float high) {
  std::vector<float> host(static_cast<size_t>(count));
  backend.Download(array, host);
  return std::all_of(host.begin(), host.end(),
                     [low, high](float x) { return x >= low && x <= high; });
}

}  // namespace

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
  const int64_t cells = config_.streams * config_.cells;
  // Cells and outputs stay within 1, but for rounding.
  bool sound = counters_.last_stream >= 0 &&
               counters_.last_stream < config_.streams &&
               ngrams_.StateIsSound();
  for (const int32_t symbol : last_) {
    sound = sound && symbol >= 0 && symbol < config_.alphabet;
  }
  for (const double power : row_power_) {
    sound = sound && power >= 0 && power <= 1;
  }
  sound =
      sound && counters_.beta2_power >= 0 && counters_.beta2_power <= 1 &&
      LiesWithin(backend_, parameters_.get(), layout_.count(), -kWeightLimit,
                 kWeightLimit) &&
      LiesWithin(backend_, second_.get(), layout_.count(), 0.0f,
                 std::numeric_limits<float>::max()) &&
      LiesWithin(backend_, hidden_.get(), cells * config_.layers, -2.0f, 2.0f);
  for (const Layer& layer : layers_) {
    sound = sound && LiesWithin(backend_, layer.c.get(), cells, -2.0f, 2.0f);
  }
  if (!sound) throw Error(ErrorKind::kFormat, "not the state of an LSTM");
  streams_ = counters_.last_stream + 1;
  QuantizeAll();
}

}  // namespace nncpp
