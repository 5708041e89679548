// src/model/transformer_state.cc -- what src/model/transformer.h remembers.
#include <algorithm>

#include "src/base/check.h"
#include "src/model/transformer.h"

namespace nncpp {

void Transformer::CarryState(int64_t steps) {
  const int64_t b = streams_, c = config_.cells;
  const int64_t fresh = std::min(steps, Memory()), kept = Memory() - fresh;
  for (Layer& layer : layers_) {
    const Matrix from(layer.memory[current_].get(), Memory() * b, 2 * c);
    const Matrix to(layer.memory[1 - current_].get(), Memory() * b, 2 * c);
    const Matrix qkv(layer.qkv.get(), steps * b, 3 * c);
    backend_.Copy(from.Rows(fresh * b, kept * b), to.Rows(0, kept * b));
    backend_.Copy(
        qkv.Columns(c, 2 * c).Rows((steps - fresh) * b, fresh * b),
        to.Rows(kept * b, fresh * b));
    backend_.MoveKeyValues(steps, *layer.memory_q);
  }
  current_ = 1 - current_;
}

std::vector<StatePiece> Transformer::Pieces() {
  std::vector<StatePiece> pieces = {
      StatePiece::Array(parameters_.get(), layout().count()),
      StatePiece::Array(second_.get(), layout().count())};
  for (Layer& layer : layers_) {
    pieces.push_back(
        StatePiece::Array(layer.memory[current_].get(),
                          Memory() * config_.streams * 2 * config_.cells));
  }
  const auto host = [&](auto& vector) {
    pieces.push_back(
        StatePiece::Host(vector.data(), vector.size() * sizeof(vector[0])));
  };
  host(last_);
  host(row_power_);
  pieces.push_back(StatePiece::Host(&counters_, sizeof(counters_)));
  for (std::span<uint8_t> bytes : ngrams_.State()) host(bytes);
  return pieces;
}

uint64_t Transformer::Digest() { return DigestState(backend_, Pieces()); }

bool Transformer::IsFinite() { return IsFiniteState(backend_, Pieces()); }

void Transformer::Save() { saved_ = SaveState(backend_, Pieces()); }

void Transformer::Restore() {
  NNCPP_CHECK(!saved_.empty());
  RestoreState(backend_, Pieces(), saved_);
  QuantizeAll();
}

}  // namespace nncpp
