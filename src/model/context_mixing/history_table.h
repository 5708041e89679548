// src/model/context_mixing/history_table.h -- bit histories by context.
//
// A bucket of 16 bytes holds the 15 nodes of four levels of a symbol's tree in
// one context, and a check of the context. Four buckets are a cache line, and a
// context may live in any of the four of its line; the least used makes room.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/huge_pages.h"

namespace nncpp {

class HistoryTable {
 public:
  static constexpr int kLevels = 4;  // of the tree, in a bucket

  // Takes 2^bits buckets, bits >= 4.
  explicit HistoryTable(int64_t bits);

  // Asks the cache for the line of a context.
  void Prefetch(uint64_t hash) const {
    __builtin_prefetch(&lines_[Line(hash)]);
  }

  // The bucket of a context: histories of nodes 1 to 15 at those offsets; at
  // offset 0 lies the check.
  // Another context may take the bucket over when it is looked for: then both
  // write to it.
  uint8_t* Find(uint64_t hash);

  std::span<uint8_t> State() {
    return {reinterpret_cast<uint8_t*>(lines_.data()),
            lines_.size() * sizeof(Line64)};
  }

 private:
  static constexpr int kWays = 4;
  struct alignas(64) Line64 {
    uint8_t bucket[kWays][16];
  };

  size_t Line(uint64_t hash) const {
    return static_cast<size_t>(hash >> shift_);
  }

  int shift_;
  Table<Line64> lines_;
};

}  // namespace nncpp
