// src/model/context_mixing/bit_history.cc -- contract:
// src/model/context_mixing/bit_history.h
#include "src/model/context_mixing/bit_history.h"

#include <algorithm>
#include <bit>

#include "kernels/mixing.h"
#include "src/base/check.h"

namespace nncpp {
namespace {

// The larger number's bound, by the smaller number.
constexpr int kBound[] = {38, 21, 12, 8, 7, 6};
constexpr int kMostOfSmaller = 5;

bool Allowed(int zeros, int ones) {
  const int less = std::min(zeros, ones), more = std::max(zeros, ones);
  return less <= kMostOfSmaller && more <= kBound[less];
}

struct Counts {
  int n[2];
};

// The counts after one more `bit`.
Counts After(Counts counts, int bit) {
  int& same = counts.n[bit];
  int& other = counts.n[1 - bit];
  if (other > 2) {
    other = static_cast<int>(std::bit_width(static_cast<unsigned>(other)));
  }
  ++same;
  while (!Allowed(counts.n[0], counts.n[1])) {
    if (same > 1 && Allowed(counts.n[0] - (bit == 0), counts.n[1] - (bit == 1)))
      --same;
    else
      --other;
  }
  return counts;
}

}  // namespace

BitHistories::BitHistories() : next{}, zeros{}, ones{}, seen{}, states(0) {
  // index[zeros][ones][last bit]; without a choice both bits share a state.
  uint8_t index[64][64][2] = {};
  for (int total = 0; total < 128; ++total) {
    for (int one = 0; one <= total; ++one) {
      const int zero = total - one;
      if (!Allowed(zero, one)) continue;
      for (int last = 0; last < 2; ++last) {
        if (last == 1 && (zero == 0 || one == 0)) {
          index[zero][one][1] = index[zero][one][0];
          continue;
        }
        NNCPP_CHECK(states < 256);
        index[zero][one][last] = static_cast<uint8_t>(states);
        zeros[states] = static_cast<uint8_t>(zero);
        ones[states] = static_cast<uint8_t>(one);
        ++states;
      }
    }
  }
  for (int s = 0; s < states; ++s) {
    if (s > 0) {
      const bool agreed = zeros[s] == 0 || ones[s] == 0;
      seen[s] = agreed ? kKnown | kAgreed : kKnown;
    }
    for (int bit = 0; bit < 2; ++bit) {
      const Counts after = After({{zeros[s], ones[s]}}, bit);
      next[s][bit] = index[after.n[0]][after.n[1]][bit];
    }
  }
}

const BitHistories kBitHistories;

}  // namespace nncpp
