// preproc/png_rows.cc -- contract: preproc/png_rows.h
#include "preproc/png_rows.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "src/base/bytes.h"
#include "src/base/check.h"

namespace nncpp {
namespace {

using Row = std::span<const uint8_t>;

// What the neighbours of a byte say of it: to the left, above, and between.
uint8_t Predicted(uint8_t type, int left, int above, int between) {
  constexpr uint8_t kSub = 1, kUp = 2, kAverage = 3, kPaeth = 4;
  if (type == kSub) return static_cast<uint8_t>(left);
  if (type == kUp) return static_cast<uint8_t>(above);
  if (type == kAverage) return static_cast<uint8_t>((left + above) / 2);
  if (type != kPaeth) return 0;
  const int by_left = std::abs(above - between);
  const int by_above = std::abs(left - between);
  const int by_between = std::abs(left + above - 2 * between);
  if (by_left <= by_above && by_left <= by_between) {
    return static_cast<uint8_t>(left);
  }
  return static_cast<uint8_t>(by_above <= by_between ? above : between);
}

// A row as it looks, into `shown`, or filtered: `to` is the row that is made,
// `from` the other; `above` is the row before as it looks.
template <int kSign>
void Convert(uint8_t type, int64_t pixel, Row above, Row shown, Row from,
             std::span<uint8_t> to) {
  for (size_t i = 0; i < from.size(); ++i) {
    const auto back = static_cast<size_t>(pixel);
    const int left = i < back ? 0 : shown[i - back];
    const int between = i < back ? 0 : above[i - back];
    to[i] = static_cast<uint8_t>(
        from[i] + kSign * Predicted(type, left, above[i], between));
  }
}

int64_t WholeRows(int64_t data, const PngRows& rows) {
  return data / (rows.bytes + 1);
}

}  // namespace

bool PngRows::AreSound() const {
  return bytes >= 1 && bytes <= int64_t{1} << 40 && pixel >= 1 && pixel <= 8;
}

PngRows PngRowsBehind(std::span<const uint8_t> before, int64_t data) {
  constexpr std::array<uint8_t, 8> kHeader = {0, 0, 0, 13, 'I', 'H', 'D', 'R'};
  constexpr size_t kSize = 13, kFar = 1 << 16;
  constexpr int kChannels[] = {1, 0, 3, 1, 2, 0, 4};  // by type of colour
  before = before.last(std::min(before.size(), kFar));
  const auto at = std::find_end(before.begin(), before.end(), kHeader.begin(),
                                kHeader.end());
  if (before.end() - at < std::ssize(kHeader) + int64_t{kSize}) return {};
  const auto* p = &*at + kHeader.size();
  const auto high_first = [](const uint8_t* b) {
    return int64_t{b[0]} << 24 | b[1] << 16 | b[2] << 8 | b[3];
  };
  const int64_t width = high_first(p), height = high_first(p + 4);
  const int bits = p[8], colour = p[9], interlaced = p[12];
  if (colour > 6 || kChannels[colour] == 0 || bits > 16 || interlaced != 0) {
    return {};
  }
  const int64_t pixel = kChannels[colour] * bits;  // in bits
  const PngRows rows = {(width * pixel + 7) / 8,
                        std::max<int64_t>(pixel / 8, 1)};
  if (!rows.AreSound() || rows.bytes >= data) return {};  // no whole row
  const int64_t whole = WholeRows(data, rows);
  const bool more = data % (rows.bytes + 1) > 0;
  if (whole + (more ? 1 : 0) > height) return {};
  return rows;
}

std::vector<uint8_t> Unfiltered(std::span<const uint8_t> data,
                                const PngRows& rows) {
  NNCPP_CHECK(rows.AreSound());
  const int64_t count = WholeRows(std::ssize(data), rows);
  const auto bytes = static_cast<size_t>(rows.bytes);
  std::vector<uint8_t> out(data.begin(), data.end());
  const std::vector<uint8_t> none(bytes);
  Row above = none;
  for (int64_t row = 0; row < count; ++row) {
    const auto from = data.subspan(static_cast<size_t>(row) * (bytes + 1));
    const uint8_t type = from[0];
    out[static_cast<size_t>(row)] = type;
    const auto to = std::span(out).subspan(
        static_cast<size_t>(count + row * rows.bytes), bytes);
    Convert<1>(type, rows.pixel, above, to, from.subspan(1, bytes), to);
    above = to;
  }
  return out;
}

std::vector<uint8_t> Filtered(std::span<const uint8_t> unfiltered,
                              const PngRows& rows) {
  NNCPP_CHECK(rows.AreSound());
  const int64_t count = WholeRows(std::ssize(unfiltered), rows);
  const auto bytes = static_cast<size_t>(rows.bytes);
  std::vector<uint8_t> out(unfiltered.begin(), unfiltered.end());
  const std::vector<uint8_t> none(bytes);
  Row above = none;
  for (int64_t row = 0; row < count; ++row) {
    const auto from = unfiltered.subspan(
        static_cast<size_t>(count + row * rows.bytes), bytes);
    const auto to =
        std::span(out).subspan(static_cast<size_t>(row) * (bytes + 1));
    const uint8_t type = to[0] = unfiltered[static_cast<size_t>(row)];
    Convert<-1>(type, rows.pixel, above, from, from, to.subspan(1, bytes));
    above = from;
  }
  return out;
}

}  // namespace nncpp
