// src/model/context_mixing/match_model.cc -- contract:
// src/model/context_mixing/match_model.h
#include "src/model/context_mixing/match_model.h"

#include <algorithm>
#include <bit>

namespace nncpp {
namespace {

constexpr uint32_t kLongest = 65535;
constexpr uint32_t kLimit = 1023;

// Symbols before `a` and `b` that agree, at most `most`.
uint32_t Agreement(const SymbolRing& ring, uint64_t a, uint64_t b,
                   uint32_t most) {
  uint32_t length = 0;
  while (length < most && ring[a - 1 - length] == ring[b - 1 - length]) {
    ++length;
  }
  return length;
}

}  // namespace

MatchModel::MatchModel(int order, int64_t bits)
    : order_(order),
      shift_(static_cast<int>(64 - bits)),
      last_(size_t{1} << bits),
      probability_(kClasses, AdaptiveFrom(3u << (kModelBits - 2))) {}

void MatchModel::Follow(const SymbolRing& ring, uint64_t position,
                        uint64_t hash, Place& place) {
  if (place.length > 0 && ring[place.pointer] == ring[position - 1]) {
    place.length = std::min(place.length + 1, kLongest);
    ++place.pointer;
    place.missed = std::min(place.missed + 1, kLongest);
  } else {
    if (place.length > 0) place.missed = 0;
    place.length = 0;
  }
  uint32_t& last = last_[hash >> shift_];
  if (place.length == 0 && last != 0) {
    // The low bits of an earlier position, not farther back than the ring.
    const uint64_t back = static_cast<uint32_t>(position) - last;
    if (back < ring.size() && back <= position) {
      place.pointer = position - back;
      const auto most = static_cast<uint32_t>(
          std::min<uint64_t>({400, position - back, ring.size() - back}));
      const uint32_t length = Agreement(ring, place.pointer, position, most);
      if (length >= static_cast<uint32_t>(order_)) place.length = length;
    }
  }
  last = static_cast<uint32_t>(position);
}

int MatchModel::LengthClass(const Place& place) {
  const uint32_t n = place.length;
  if (n < 16) return static_cast<int>((n + 1) / 2);
  const auto width = static_cast<int>(std::bit_width(n));  // 5 to 16
  return std::min(15,
                  8 + 2 * (width - 5) + static_cast<int>(n >> (width - 2) & 1));
}

void MatchModel::Predict(const Place& place, int bit, int16_t* inputs) {
  used_ = -1;
  inputs[0] = inputs[1] = 0;
  if (place.length == 0 || bit < 0) return;
  const int since =
      std::min(3, static_cast<int>(std::bit_width(place.missed)) / 2);
  used_ = LengthClass(place) * 4 + since;
  predicted_ = bit;
  const uint32_t p = ProbabilityOf(probability_[static_cast<size_t>(used_)]);
  const int32_t logit = Stretch(p);
  const int32_t distance =
      (static_cast<int32_t>(p) - (1 << (kModelBits - 1))) >> (kModelBits - 12);
  inputs[0] = static_cast<int16_t>(bit != 0 ? logit : -logit);
  inputs[1] = static_cast<int16_t>(bit != 0 ? distance : -distance);
}

void MatchModel::Train(int bit) {
  if (used_ < 0) return;
  Adapt(probability_[static_cast<size_t>(used_)], bit == predicted_ ? 1 : 0,
        kLimit);
}

std::vector<std::span<uint8_t>> MatchModel::State() {
  const auto bytes = [](auto& v) {
    return std::span<uint8_t>(reinterpret_cast<uint8_t*>(v.data()),
                              v.size() * sizeof(v[0]));
  };
  return {bytes(last_), bytes(probability_)};
}

}  // namespace nncpp
