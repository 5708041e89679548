// src/model/context_mixing/bitmap_layout.h -- how long the rows of a picture
// are that is seen as bits.
#pragma once

#include <cstdint>
#include <span>

namespace nncpp {

inline constexpr int64_t kMostBitmapRow = 8192;  // bytes
inline constexpr int64_t kMostBitmapPast = 3 * kMostBitmapRow;

struct MeasuredBitmap {
  int64_t row;    // bytes from one row to the next
  int64_t cost;   // an estimate, in 1/256 bit, for the bytes looked at
  int64_t bytes;  // how many these are: the last third of the past
};

// The row by which the pixels around foresee the last of these bytes best;
// `now` is kept where another is hardly better.
// REQUIRES: 4096 bytes at least, kMostBitmapPast at most; now in 1 to
// kMostBitmapRow.
MeasuredBitmap MeasureBitmap(std::span<const uint8_t> past, int64_t now);

// Whether these bytes, the head of an input, look like a drawing or a page of
// one bit a pixel: all bits of a byte are set about as often, few differ from
// the one before, and the pixels around foresee them by a quarter better than
// bytes do by how often they occur.
bool LooksLikeDrawing(std::span<const uint8_t> head);

// The same where many differ, as dots do that stand for shades; or of colours
// by their numbers, a byte each, if they are foreseen by half better or more.
// Numbers may look so, too.
bool LooksLikeDotsOrColours(std::span<const uint8_t> head);

}  // namespace nncpp
