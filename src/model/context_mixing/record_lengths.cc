// src/model/context_mixing/record_lengths.cc -- contract:
// src/model/context_mixing/record_lengths.h
#include "src/model/context_mixing/record_lengths.h"

namespace nncpp {
namespace {

constexpr uint64_t kShortest = 2, kLongest = 1024;
constexpr uint64_t kSample = 1024;

}  // namespace

void RecordLengths::Measure(const SymbolRing& ring, uint64_t position) {
  if (position < kSample + kLongest || ring.size() < kSample + kLongest) return;
  int best[2] = {-1, -1};
  for (uint64_t distance = kShortest; distance <= kLongest; ++distance) {
    int agree = 0;
    for (uint64_t at = position - kSample; at < position; ++at) {
      agree += ring[at] == ring[at - distance] ? 1 : 0;
    }
    if (agree > best[0]) {
      best[1] = best[0];
      length[1] = length[0];
      best[0] = agree;
      length[0] = distance;
    } else if (agree > best[1]) {
      best[1] = agree;
      length[1] = distance;
    }
  }
}

}  // namespace nncpp
