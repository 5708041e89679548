// tests/preproc/png_rows_test.cc -- rows of pictures, and back.
#include "preproc/png_rows.h"

#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace nncpp {
namespace {

using Octets = std::vector<uint8_t>;

// The header of a picture, behind something else.
Octets Header(uint8_t width, uint8_t height, uint8_t bits, uint8_t colour,
              uint8_t interlaced = 0) {
  return {9,    9,      0, 0, 0,          13, 'I', 'H', 'D',
          'R',  0,      0, 0, width,      0,  0,   0,   height,
          bits, colour, 0, 0, interlaced, 1,  2,   3,   4};
}

TEST(PngRows, AreWhatTheHeaderSays) {
  const auto rows = [](const Octets& before, int64_t data) {
    const PngRows found = PngRowsBehind(before, data);
    return std::pair(found.bytes, found.pixel);
  };
  EXPECT_EQ(rows(Header(10, 5, 8, 2), 155), std::pair(30l, 3l));
  EXPECT_EQ(rows(Header(10, 5, 8, 2), 100), std::pair(30l, 3l));
  EXPECT_EQ(rows(Header(10, 5, 16, 6), 405), std::pair(80l, 8l));
  EXPECT_EQ(rows(Header(10, 5, 1, 0), 15), std::pair(2l, 1l));
  EXPECT_EQ(rows(Header(10, 5, 4, 3), 30), std::pair(5l, 1l));
  // More data than rows, interlaced, no colours, no width, no header.
  EXPECT_EQ(rows(Header(10, 5, 8, 2), 156).first, 0);
  EXPECT_EQ(rows(Header(10, 5, 8, 2, 1), 155).first, 0);
  EXPECT_EQ(rows(Header(10, 5, 8, 1), 15).first, 0);
  EXPECT_EQ(rows(Header(10, 5, 8, 7), 15).first, 0);
  EXPECT_EQ(rows(Header(10, 5, 32, 0), 15).first, 0);
  EXPECT_EQ(rows(Header(0, 5, 8, 2), 5).first, 0);
  EXPECT_EQ(rows({}, 10).first, 0);
  EXPECT_EQ(rows(Header(10, 5, 8, 2), 30).first, 0);  // no whole row
  Octets huge = Header(255, 255, 16, 6);
  for (const size_t at : {10, 11, 12, 14, 15, 16}) huge[at] = 0xFF;
  EXPECT_EQ(rows(huge, int64_t{1} << 24).first, 0);
  Octets cut = Header(10, 5, 8, 2);
  cut.resize(22);
  EXPECT_EQ(rows(cut, 10).first, 0);
}

// Each type by hand: rows of four bytes, pixels of two.
TEST(PngRows, LoseTheirFilters) {
  const PngRows rows = {4, 2};
  const Octets filtered = {0, 10, 20, 30,  40,   // as it is
                           1, 1,  2,  3,   4,    // from the left
                           2, 1,  1,  255, 255,  // from above
                           3, 1,  1,  1,   1,    // from between both
                           4, 1,  1,  1,   1,    // Paeth
                           7, 5,  6,  7,   8,    // none
                           9, 9};                // no whole row
  const Octets wanted = {0,  1,  2,  3,  4, 7,   //
                         10, 20, 30, 40,         //
                         1,  2,  4,  6,          //
                         2,  3,  3,  5,          //
                         2,  2,  3,  4,          //
                         3,  3,  4,  5,          //
                         5,  6,  7,  8,          //
                         9,  9};
  EXPECT_EQ(Unfiltered(filtered, rows), wanted);
  EXPECT_EQ(Filtered(wanted, rows), filtered);
}

TEST(PngRows, ComeBackWhateverTheyAre) {
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    const PngRows rows = {static_cast<int64_t>(1 + random() % 40),
                          static_cast<int64_t>(1 + random() % 8)};
    ASSERT_TRUE(rows.AreSound());
    Octets data(random() % 500);
    for (uint8_t& byte : data) {
      byte = static_cast<uint8_t>(random() % 3 == 0 ? random() % 6 : random());
    }
    EXPECT_EQ(Filtered(Unfiltered(data, rows), rows), data);
    EXPECT_EQ(Unfiltered(Filtered(data, rows), rows), data);
  }
}

TEST(PngRows, HaveRanges) {
  EXPECT_TRUE((PngRows{1, 8}.AreSound()));
  for (const PngRows& none :
       {PngRows{0, 1}, {-1, 1}, {(int64_t{1} << 40) + 1, 1}, {1, 0}, {1, 9}}) {
    EXPECT_FALSE(none.AreSound());
  }
}

}  // namespace
}  // namespace nncpp
