// preproc/png_rows.h -- rows of a picture as PNG has them, and as they look.
//
// A row is a filter type and then differences of its bytes from what their
// neighbours say [png, 9]. To models of pictures the bytes themselves tell
// more.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nncpp {

struct PngRows {
  int64_t bytes = 0;  // of a row, without its filter type; 0: there are no rows
  int64_t pixel = 1;  // bytes of a pixel, 1 to 8, at least one

  bool AreSound() const;
};

// What the header of the picture says of rows that follow `before`: as many as
// a picture has, or fewer in fewer than `data` bytes.
PngRows PngRowsBehind(std::span<const uint8_t> before, int64_t data);

// Filter types of all whole rows, then what they show, then the rest as it is.
// REQUIRES: the rows are sound.
std::vector<uint8_t> Unfiltered(std::span<const uint8_t> data,
                                const PngRows& rows);

// The other way. A filter type that is none changes nothing.
std::vector<uint8_t> Filtered(std::span<const uint8_t> unfiltered,
                              const PngRows& rows);

}  // namespace nncpp
