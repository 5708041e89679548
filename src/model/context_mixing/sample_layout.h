// src/model/context_mixing/sample_layout.h -- how the numbers of a picture, a
// sound or a table lie in bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace nncpp {

// Samples of one byte, or of two as a signed number. Sample number s begins at
// position s * width + phase; its channel is s mod channels.
struct SampleLayout {
  static constexpr int64_t kReach = 1 << 14;  // bytes of a row, at most
  static constexpr int64_t kSample = 4096;    // bytes that are looked at
  static constexpr int64_t kMostPast = kReach + kSample;
  static constexpr int64_t kMostChannels = 4;

  int64_t width;     // in bytes, 1 or 2
  int64_t big;       // 1: the high byte comes first, of two
  int64_t phase;     // below width
  int64_t channels;  // 1 to 4; 1 or 2 where the width is 2
  int64_t row;       // samples from one row to the next; 0: no rows

  bool operator==(const SampleLayout&) const = default;

  // The value of the sample that these two bytes begin.
  int32_t Value(uint32_t first, uint32_t second) const {
    if (width == 1) return static_cast<int32_t>(first);
    return static_cast<int16_t>(big != 0 ? first << 8 | second
                                         : second << 8 | first);
  }

  // Whether they differ in phase and length of rows alone: what is fitted to
  // one is of use to the other.
  bool IsLike(const SampleLayout& other) const;

  bool Sound() const;
};

// Whether the layout is measured here: at powers of two from 4096 on, and at
// multiples of 16384.
constexpr bool IsMeasuredAt(uint64_t position) {
  constexpr uint64_t kFirst = 4096, kEvery = 16384;
  return position >= kFirst &&
         (position % kEvery == 0 || std::has_single_bit(position));
}

// What is taken where nothing is known.
inline constexpr SampleLayout kSingleBytes = {1, 0, 0, 1, 0};

struct MeasuredLayout {
  SampleLayout layout;
  int64_t cost;  // an estimate, in 1/16 bit for each byte looked at, at most
                 // SampleLayout::kSample; what is kept is made a little cheaper
};

// The layout by which least squares foresee the last of these bytes best,
// 2048 of them, or 4096 of 16384 and more. They stand before `position`; `now`
// is kept where another is hardly better.
// REQUIRES: at least 4096 bytes, at most kMostPast.
MeasuredLayout MeasureLayout(std::span<const uint8_t> past, uint64_t position,
                             const SampleLayout& now);

// Whether these bytes, the head of an input of at most 2^30, look like samples:
// predictions from others would take a fifth less than bytes do by how often
// they occur, or little where a quarter is no text. Where almost all are,
// that is not asked.
bool LooksLikeSamples(std::span<const uint8_t> head);

}  // namespace nncpp
