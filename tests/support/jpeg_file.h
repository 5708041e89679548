// tests/support/jpeg_file.h -- baseline JPEG files of made-up coefficients.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace nncpp::testing {

struct JpegShape {
  int32_t width = 40, height = 24;    // in pixels
  std::vector<int32_t> across = {1};  // sampling of each component
  std::vector<int32_t> down = {1};
  int32_t interval = 0;  // in MCUs; 0: none
};

// A block in the order of the file: its place among those of its component,
// and its coefficients in the order of the zigzag.
struct JpegBlock {
  int32_t component, column, row;
  std::array<int16_t, 64> value;
};

struct JpegFile {
  std::vector<uint8_t> bytes;
  std::vector<JpegBlock> blocks;
  int64_t coded = 0;  // bytes of its scan, without those after 0xFF
};

// Blocks are like those beside them, the same for the same seed.
JpegFile MakeJpeg(const JpegShape& shape, uint64_t seed);

}  // namespace nncpp::testing
