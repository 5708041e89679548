// preproc/pair_counts.h -- how often one symbol follows another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nncpp {

// Two symbols that are neighbours, as one number.
using Pair = uint32_t;
constexpr Pair MakePair(uint16_t first, uint16_t second) {
  return Pair{first} << 16 | second;
}
constexpr uint16_t FirstOf(Pair pair) {
  return static_cast<uint16_t>(pair >> 16);
}
constexpr uint16_t SecondOf(Pair pair) { return static_cast<uint16_t>(pair); }

// A hash table with linear probing. A pair that was counted down to 0 keeps
// its place until the table grows. REQUIRES: symbols below 65535.
class PairCounts {
 public:
  struct Entry {
    Pair pair;
    uint32_t count;
  };

  PairCounts() : entries_(kSmallest, kFree) {}

  void Increment(Pair pair) {
    Entry& entry = Find(pair);
    ++entry.count;
    if (entry.pair == pair) return;
    entry.pair = pair;
    if (++used_ * 2 > entries_.size()) Grow();
  }

  // REQUIRES: the pair was incremented more often than decremented.
  void Decrement(Pair pair) { --Find(pair).count; }

  // All pairs counted, and entries of count 0, in no order that means
  // anything.
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  static constexpr size_t kSmallest = size_t{1} << 12;  // a power of two
  static constexpr Entry kFree = {~Pair{0}, 0};

  // The pair's entry, or the free one where it belongs.
  Entry& Find(Pair pair) {
    const size_t mask = entries_.size() - 1;
    size_t at = (pair * 0x9E3779B1u >> 7 ^ pair * 0x85EBCA6Bu) & mask;
    while (entries_[at].pair != pair && entries_[at].pair != kFree.pair) {
      at = (at + 1) & mask;
    }
    return entries_[at];
  }

  void Grow() {
    std::vector<Entry> before(entries_.size() * 2, kFree);
    before.swap(entries_);
    used_ = 0;
    for (const Entry& entry : before) {
      if (entry.count == 0) continue;
      Find(entry.pair) = entry;
      ++used_;
    }
  }

  std::vector<Entry> entries_;
  size_t used_ = 0;
};

}  // namespace nncpp
