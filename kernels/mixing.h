// kernels/mixing.h -- the vectors of the logistic mixer and of what feeds it.
//
// Integers only: every form gives the same results. Not part of Backend,
// because mixing stays on the host, one node of one symbol after the other.
#pragma once

#include <cstdint>

namespace nncpp {

inline constexpr int64_t kMixerGrain = 16;  // inputs come in multiples of this
inline constexpr int64_t kCellGrain = 8;    // cells do

// A cell: a probability of 22 bits above a count of 10, and the rates by which
// it moves, by count, out of 2^16.
inline constexpr int kModelBits = 22;
inline constexpr int kCountBits = 10;

// Logits by probability: in the tails, below 2^16 and as far from 2^22, by all
// but the last 4 bits (of 1 - p at the upper end, where the sign turns),
// between them by the first 12. The last one only makes room to read ahead.
inline constexpr int kStretchTail = 16, kFineShift = 4, kCoarseBits = 12;
inline constexpr int64_t kStretchEntries = (2 << kCoarseBits) + 1;

// The logit of a probability out of 2^22.
inline int32_t LogitFrom(const int16_t* stretch, uint32_t p) {
  constexpr uint32_t kTail = 1u << kStretchTail, kOne = 1u << kModelBits;
  if (p < kTail) return stretch[p >> kFineShift];
  if (p >= kOne - kTail) return -stretch[(kOne - 1 - p) >> kFineShift];
  return stretch[(1 << kCoarseBits) + (p >> (kModelBits - kCoarseBits))];
}

// A cell learns a bit: p += ((bit ? 2^22 - 1 : 0) - p) * rates[count] >> 16,
// and the count rises up to the limit.
// REQUIRES: limit < 2^kCountBits, 0 <= rates < 2^16.
inline void TrainCell(int bit, uint32_t limit, const int32_t* rates,
                      uint32_t& cell) {
  const uint32_t count = cell & ((1u << kCountBits) - 1);
  const auto p = static_cast<int32_t>(cell >> kCountBits);
  const int32_t target = bit != 0 ? (1 << kModelBits) - 1 : 0;
  const auto step =
      static_cast<int32_t>(int64_t{target - p} * rates[count] >> 16);
  cell = static_cast<uint32_t>(p + step) << kCountBits |
         (count < limit ? count + 1 : limit);
}

// What a history has seen: a bit at all; bits of one kind alone.
inline constexpr uint8_t kKnown = 1, kAgreed = 2;

struct MixingTable {
  // sums[s] = sum over i < n / 2 of
  //   (x[2i] weights[s][2i] + x[2i + 1] weights[s][2i + 1]) >> 8
  // REQUIRES: n is a multiple of kMixerGrain, |x| <= 4095, n <= 4096.
  void (*dots)(const int16_t* x, int64_t n, const int16_t* const* weights,
               int64_t sets, int32_t* sums);

  // weights[s][i] += (x[i] errors[s] + 2^14) >> 15, saturating.
  void (*train)(const int16_t* x, int64_t n, const int16_t* errors,
                int64_t sets, int16_t* const* weights);

  // Of cells with probabilities p whose histories have seen `seen`:
  //   inputs[i] = logit of p, 0 without kKnown
  //   inputs[n + i] = logit of p again, 0 without kAgreed
  // stretch: kStretchEntries logits.
  // REQUIRES: n is a multiple of kCellGrain.
  void (*cell_inputs)(const uint32_t* cells, const uint8_t* seen, int64_t n,
                      const int16_t* stretch, int16_t* inputs);

  // TrainCell of each. REQUIRES: n is a multiple of kCellGrain.
  void (*train_cells)(uint32_t* cells, int64_t n, int bit, uint32_t limit,
                      const int32_t* rates);
};

// The form that MakeCpuBackend would take, with the same errors.
const MixingTable& CpuMixing();

}  // namespace nncpp
