// src/coder/interval.h -- the integers of a range coder, for every processor.
//
// The interval is [low, low + range) in units of 2^-64 of the message so far;
// range is kept in [2^56, 2^64). A symbol with cumulative frequency c and
// frequency f out of t takes [floor(range c / t), floor(range (c + f) / t)),
// computed in 128 bits, so that the cost exceeds log2(t / f) by less than
// 2^-7 t / (f 2^48) bits.
// Source: Martin 1979 [martin1979]; the carry goes back into the written bytes.
#pragma once

#include <cstdint>

#include "src/base/host_device.h"

namespace nncpp {

inline constexpr uint64_t kTotalLimit = uint64_t{1} << 48;
inline constexpr uint64_t kRangeMin = uint64_t{1} << 56;

// Bytes that one symbol gives or takes at most: it leaves a range of at least
// 2^56 / 2^48.
inline constexpr int64_t kMostSymbolBytes = 6;

__extension__ using Wide = unsigned __int128;

// floor(range * part / total). REQUIRES: part <= total.
NNCPP_HD uint64_t ShareOf(uint64_t range, uint64_t part, uint64_t total) {
  return static_cast<uint64_t>(Wide{range} * part / total);
}

// The point of [0, total) that lies in the coded symbol's interval, or one
// beyond it: then no coder wrote the bytes. `offset` is the message less low.
NNCPP_HD uint64_t PointOf(uint64_t offset, uint64_t range, uint64_t total) {
  return static_cast<uint64_t>(((Wide{offset} + 1) * total - 1) / range);
}

}  // namespace nncpp
