// src/model/context_mixing/run_models.h -- the symbol that came last in a
// context.
//
// Each context remembers its last symbol and how often that came in a row; how
// far such a run is to be trusted is learnt. Source: the run model of PAQ8
// [mahoney2005paq].
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/huge_pages.h"

namespace nncpp {

class RunModels {
 public:
  // A table of 2^bits places for all contexts.
  RunModels(int64_t contexts, int64_t bits);

  // Begins a symbol in these contexts.
  void Enter(std::span<const uint64_t> hashes);

  // An input for each context at the node [low, high) with this middle and
  // depth: the logit that its symbol says, 0 where it says nothing. votes[bit]
  // counts the contexts that foresee the bit.
  void Predict(int32_t low, int32_t high, int32_t middle, int64_t depth,
               int16_t* inputs, int64_t (&votes)[2]);
  void Train(int bit);

  // Ends the symbol: the contexts remember it.
  void Finish(int32_t symbol);

  std::vector<std::span<uint8_t>> State();
  static int64_t Bytes(int64_t contexts, int64_t bits);

 private:
  static constexpr size_t kLengths = 61, kDepths = 4;
  static constexpr size_t kTrusts = kLengths * kDepths * 2;  // of a context

  struct alignas(8) Run {
    uint16_t check;  // of the context
    uint16_t symbol;
    uint16_t count;    // of the symbol in a row; 0: nothing seen
    uint16_t changed;  // 1: there was another symbol before
  };
  struct Use {
    Run* run;
    uint16_t check;
  };
  // A run whose symbol the bits so far allow.
  struct Live {
    int32_t context, symbol;
    size_t trusts;    // of the context, the count and `changed`, in trust_
    uint32_t* trust;  // at the present depth
    int bit;          // foreseen
  };

  // Fills live_ for the symbol that has begun.
  void FindLive();

  const int shift_;
  Table<Run> runs_;
  std::vector<uint32_t> trust_;  // contexts x kLengths x 2 x kDepths
  std::vector<Use> uses_;
  std::vector<Live> live_;
  bool entered_ = false;  // live_ is of the symbol before
};

}  // namespace nncpp
