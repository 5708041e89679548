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

  // An input for each context at the node [low, high) with this middle: the
  // logit that its symbol says, 0 where it says nothing. votes[bit] counts the
  // contexts that foresee the bit.
  void Predict(int32_t low, int32_t high, int32_t middle, int16_t* inputs,
               int64_t (&votes)[2]);
  void Train(int bit);

  // Ends the symbol: the contexts remember it.
  void Finish(int32_t symbol);

  std::vector<std::span<uint8_t>> State();
  static int64_t Bytes(int64_t contexts, int64_t bits);

 private:
  static constexpr int64_t kLengths = 32;

  struct Run {
    uint8_t check;  // of the context
    uint8_t count;  // of the symbol in a row; 0: nothing seen
    uint16_t symbol;
  };
  struct Use {
    Run* run;
    uint8_t check;
  };
  // A run whose symbol the bits so far allow.
  struct Live {
    int32_t context, symbol;
    uint32_t* trust;  // in trust_
    int bit;          // foreseen
  };

  // Fills live_ for the symbol that has begun.
  void FindLive();

  const int shift_;
  Table<Run> runs_;
  std::vector<uint32_t> trust_;  // contexts x kLengths
  std::vector<Use> uses_;
  std::vector<Live> live_;
  bool entered_ = false;  // live_ is of the symbol before
};

}  // namespace nncpp
