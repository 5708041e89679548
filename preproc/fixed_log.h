// preproc/fixed_log.h -- base-2 logarithms in integers.
#pragma once

#include <bit>
#include <cstdint>

namespace nncpp {

inline constexpr int kLogBits = 10;  // fractional bits of a FixedLog2

// floor(log2(x) * 2^kLogBits), give or take one unit in the last place: the
// mantissa is squared once for each fractional bit, and each squaring that
// passes 2 is a bit that is set. The same integers on every machine.
// REQUIRES: x >= 1.
constexpr int64_t FixedLog2(uint64_t x) {
  const int whole = static_cast<int>(std::bit_width(x)) - 1;
  // In [2^31, 2^32): the mantissa in units of 2^-31.
  uint64_t mantissa = whole >= 31 ? x >> (whole - 31) : x << (31 - whole);
  int64_t log = whole;
  for (int i = 0; i < kLogBits; ++i) {
    mantissa = mantissa * mantissa >> 31;
    log = log << 1 | static_cast<int64_t>(mantissa >> 32);
    mantissa >>= mantissa >> 32;
  }
  return log;
}

}  // namespace nncpp
