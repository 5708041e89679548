// src/model/context_mixing/mixer.h -- gated logistic mixing.
//
// A layer has several mixers over the same inputs; each keeps a vector of
// weights for every value of a context of its own, and only the one selected is
// used and learns. A mixer's output is the weighted sum of logits, taught by
// its own error in the coded bit (gradient of its cost); errors below 2^-8 it
// lets pass. Weights are out of 2^14, in [-2, 2).
// Source: gated linear mixing of PAQ8 [mahoney2005paq], [veness2017gln].
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/mixing.h"
#include "src/base/huge_pages.h"

namespace nncpp {

inline constexpr int32_t kMixerOne = 1 << 14;  // the weight 1

class MixerLayer {
 public:
  // How fast weights move: a step of rate / 2^19 times logit (in nats) times
  // error, the rate going from `first` to `last` as 1 / n.
  struct Rates {
    int32_t first, last;
    int32_t decay;  // bits after which half of first - last is gone
  };

  // One mixer for each element of `contexts`, the number of values its context
  // takes. All weights start at `weight` out of 2^14.
  MixerLayer(int64_t inputs, std::span<const int64_t> contexts, int16_t weight,
             Rates rates);

  int64_t mixers() const { return static_cast<int64_t>(sizes_.size()); }

  // Selects the context of mixer m for the next bit.
  void Select(int64_t m, int64_t context);

  // The logit of each mixer of these inputs, logits padded with zeros to a
  // multiple of kMixerGrain. The inputs must last until Train, the
  // logits do until the next Mix.
  std::span<const int32_t> Mix(const int16_t* inputs);

  // Learns the bit that Mix predicted.
  void Train(int bit);

  std::vector<std::span<uint8_t>> State();
  static int64_t Bytes(int64_t inputs, std::span<const int64_t> contexts);

 private:
  const int64_t stride_;  // inputs, rounded up
  const Rates rates_;
  const MixingTable& ops_;
  std::vector<int64_t> first_;  // of each mixer's vectors, in vectors
  std::vector<int64_t> sizes_;
  Table<int16_t> weights_;
  const int16_t* inputs_ = nullptr;
  std::vector<int16_t> errors_;
  std::vector<int16_t*> selected_;
  std::vector<int32_t> sums_;
  uint64_t bits_ = 0;
};

}  // namespace nncpp
