// src/model/context_mixing/evidence.h -- what the models say of a node, as the
// mixer takes it.
#pragma once

#include <array>
#include <cstdint>

#include "kernels/mixing.h"

namespace nncpp {

// `mixing` of the configuration: 1 is fast, 2 strong.
inline constexpr int64_t kMostMixing = 2;

// How many models there are of each kind, by `mixing`.
struct MixingSizes {
  int64_t contexts;  // with histories: two inputs of the mixer each
  int64_t runs;      // the first of them that have one: one input each
  int64_t direct;    // one each
  int64_t matches;   // two each
  int64_t first, second, last;  // mixers of each layer
  int64_t refinements;

  // With a bias and the net's two.
  constexpr int64_t inputs() const {
    return 2 * contexts + runs + direct + 2 * matches + 3;
  }
};

constexpr MixingSizes SizesOf(int64_t mixing) {
  return mixing == 1 ? MixingSizes{8, 0, 0, 1, 3, 0, 0, 1}
                     : MixingSizes{72, 16, 7, 2, 12, 6, 4, 11};
}

// `samples` of the configuration: numbers, or pixels of one bit.
inline constexpr int64_t kNumbers = 1, kBitmap = 2;

// Inputs of the models of these, behind the others.
inline constexpr int64_t kSampleInputs = 26, kBitmapInputs = 40;

constexpr int64_t MixerInputs(int64_t mixing, int64_t samples) {
  return SizesOf(mixing).inputs() + (samples == kNumbers  ? kSampleInputs
                                     : samples == kBitmap ? kBitmapInputs
                                                          : 0);
}

struct Evidence {
  static constexpr int64_t kMostInputs =
      (MixerInputs(kMostMixing, kBitmap) + kMixerGrain - 1) / kMixerGrain *
      kMixerGrain;

  // Logits; what the layer's other inputs are padded with stays 0.
  alignas(64) std::array<int16_t, kMostInputs> inputs{};
  // What selects the weights of each mixer: WeightSets.
  std::array<int32_t, SizesOf(kMostMixing).first> first;
  std::array<int32_t, SizesOf(kMostMixing).second> second;
  std::array<int32_t, SizesOf(kMostMixing).last> last;
  // Hashes of the contexts of refinements; the first is the node itself, but in
  // the scan of a JPEG.
  std::array<uint64_t, SizesOf(kMostMixing).refinements> refinements;
};

}  // namespace nncpp
