// src/model/context_mixing/logistic.cc -- contract:
// src/model/context_mixing/logistic.h
#include "src/model/context_mixing/logistic.h"

#include <bit>

namespace nncpp {
namespace logistic {
namespace {

__extension__ using Wide = unsigned __int128;

// e^(-1/256) out of 2^62, by its series.
uint64_t Step() {
  uint64_t sum = uint64_t{1} << 62, term = sum;
  for (uint64_t n = 1; term != 0; ++n) {
    term /= 256 * n;
    sum = n % 2 == 1 ? sum - term : sum + term;
  }
  return sum;
}

// log2(1 + i / 4096) out of 2^20, digit by digit.
uint32_t Log2(uint32_t i) {
  uint64_t x = uint64_t{4096 + i} << 19;  // in [1, 2) out of 2^31
  uint32_t digits = 0;
  for (int bit = 19; bit >= 0; --bit) {
    x = x * x >> 31;
    if (x >= uint64_t{1} << 32) {
      digits |= 1u << bit;
      x >>= 1;
    }
  }
  return digits;
}

}  // namespace

Tables::Tables() : stretch{} {
  const uint64_t step = Step();
  uint64_t power = uint64_t{1} << 62;  // e^(-x/256) out of 2^62
  for (int32_t x = 0; x <= kLogitLimit; ++x) {
    const uint64_t below =
        (uint64_t{1} << 56) / ((uint64_t{1} << 32) + (power >> 30));
    const auto p = static_cast<uint32_t>(below);
    squash[kLogitLimit + x] = p;
    squash[kLogitLimit - x] = (1u << kCodedBits) - p;
    power = static_cast<uint64_t>(Wide{power} * step >> 62);
  }
  // The logit whose probability is the greatest not above the middle of the
  // entry's interval.
  const auto fill = [&](int16_t* table, uint32_t first, uint32_t distance) {
    int32_t x = -kLogitLimit;
    for (uint32_t i = 0; i < 1u << kCoarseBits; ++i) {
      const uint32_t middle = first + i * distance;
      while (x < kLogitLimit && squash[kLogitLimit + x + 1] <= middle) ++x;
      table[i] = static_cast<int16_t>(x);
    }
  };
  fill(stretch + (1 << kCoarseBits), 1u << 11, 1u << 12);
  fill(stretch, 1u << 5, 1u << 6);
  for (uint32_t i = 0; i < 1u << kCoarseBits; ++i) log2[i] = Log2(i);
}

const Tables kTables;

// log2(x) out of 2^20
int64_t Log2Of(uint64_t x) {
  const auto width = static_cast<int>(std::bit_width(x));
  const uint64_t scaled = width > 13 ? x >> (width - 13) : x << (13 - width);
  return (int64_t{width - 1} << 20) + kTables.log2[scaled & 4095];
}

}  // namespace logistic

int32_t LogitOfRatio(uint64_t above, uint64_t below) {
  // 256 ln 2 = 177.445678..., out of 2^16.
  const int64_t logit =
      (logistic::Log2Of(above) - logistic::Log2Of(below)) * 11629080 >> 36;
  return ClampLogit(static_cast<int32_t>(logit));
}

}  // namespace nncpp
