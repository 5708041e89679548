// kernels/mixing.h -- the vectors of the logistic mixer.
//
// Integers only: every form gives the same results. Not part of Backend,
// because mixing stays on the host, one node of one symbol after the other.
#pragma once

#include <cstdint>

namespace nncpp {

inline constexpr int64_t kMixerGrain = 16;  // inputs come in multiples of this

struct MixingTable {
  // sums[s] = sum over i < n / 2 of
  //   (x[2i] weights[s][2i] + x[2i + 1] weights[s][2i + 1]) >> 8
  // REQUIRES: n is a multiple of kMixerGrain, |x| <= 4095, n <= 4096.
  void (*dots)(const int16_t* x, int64_t n, const int16_t* const* weights,
               int64_t sets, int32_t* sums);

  // weights[s][i] += (x[i] errors[s] + 2^14) >> 15, saturating.
  void (*train)(const int16_t* x, int64_t n, const int16_t* errors,
                int64_t sets, int16_t* const* weights);
};

// The form that MakeCpuBackend would take, with the same errors.
const MixingTable& CpuMixing();

}  // namespace nncpp
