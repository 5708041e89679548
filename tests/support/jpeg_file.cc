// tests/support/jpeg_file.cc -- contract: tests/support/jpeg_file.h
#include "tests/support/jpeg_file.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <random>
#include <utility>

namespace nncpp::testing {
namespace {

constexpr int kMostRun = 15, kMostSize = 10, kDcSizes = 12;

class Writer {
 public:
  explicit Writer(JpegFile& file) : file_(file) {}

  void Segment(uint8_t marker, const std::vector<uint8_t>& contents) {
    const size_t length = contents.size() + 2;
    for (const size_t byte :
         {size_t{0xFF}, size_t{marker}, length >> 8, length & 0xFF}) {
      file_.bytes.push_back(static_cast<uint8_t>(byte));
    }
    file_.bytes.insert(file_.bytes.end(), contents.begin(), contents.end());
  }
  void Marker(int marker) {
    file_.bytes.push_back(0xFF);
    file_.bytes.push_back(static_cast<uint8_t>(marker));
  }
  void Bits(int32_t value, int count) {
    for (int i = count - 1; i >= 0; --i) {
      byte_ = byte_ * 2 + (value >> i & 1);
      if (++bits_ < 8) continue;
      file_.bytes.push_back(static_cast<uint8_t>(byte_));
      ++file_.coded;
      if (byte_ == 0xFF) file_.bytes.push_back(0);
      byte_ = bits_ = 0;
    }
  }
  void Pad() {
    while (bits_ != 0) Bits(1, 1);
  }

 private:
  JpegFile& file_;
  int byte_ = 0, bits_ = 0;
};

// All codes have one length: the sizes of DC 4 bits, the symbols of AC 8.
std::vector<uint8_t> DcTable(uint8_t number) {
  std::vector<uint8_t> table(17);
  table[0] = number;
  table[4] = kDcSizes;
  for (uint8_t i = 0; i < kDcSizes; ++i) table.push_back(i);
  return table;
}
std::vector<uint8_t> AcSymbols() {
  std::vector<uint8_t> symbols = {0x00, 0xF0};
  for (int run = 0; run <= kMostRun; ++run) {
    for (int size = 1; size <= kMostSize; ++size) {
      symbols.push_back(static_cast<uint8_t>(run * 16 + size));
    }
  }
  return symbols;
}
std::vector<uint8_t> AcTable(uint8_t number) {
  std::vector<uint8_t> table(17);
  table[0] = static_cast<uint8_t>(0x10 + number);
  const std::vector<uint8_t> symbols = AcSymbols();
  table[8] = static_cast<uint8_t>(symbols.size());
  table.insert(table.end(), symbols.begin(), symbols.end());
  return table;
}

int SizeOf(int32_t value) {
  return static_cast<int>(
      std::bit_width(static_cast<uint32_t>(std::abs(value))));
}

void Code(const std::array<int16_t, 64>& value, int32_t dc, Writer& out) {
  static const std::vector<uint8_t> symbols = AcSymbols();
  const auto number = [&](int32_t x, int size) {
    out.Bits(x < 0 ? x + (1 << size) - 1 : x, size);
  };
  const auto symbol = [&](int which) {
    const auto at = std::find(symbols.begin(), symbols.end(), which);
    out.Bits(static_cast<int32_t>(at - symbols.begin()), 8);
  };
  out.Bits(SizeOf(dc), 4);
  number(dc, SizeOf(dc));
  int run = 0;
  for (size_t z = 1; z < 64; ++z) {
    if (value[z] == 0) {
      ++run;
      continue;
    }
    for (; run > kMostRun; run -= kMostRun + 1) symbol(0xF0);
    symbol(run * 16 + SizeOf(value[z]));
    number(value[z], SizeOf(value[z]));
    run = 0;
  }
  if (run > 0) symbol(0);
}

}  // namespace

JpegFile MakeJpeg(const JpegShape& shape, uint64_t seed) {
  JpegFile file;
  // A component alone has its blocks one by one, in the order of rows.
  const bool alone = shape.across.size() == 1;
  const auto across_of = [&](size_t c) { return alone ? 1 : shape.across[c]; };
  const auto down_of = [&](size_t c) { return alone ? 1 : shape.down[c]; };
  Writer out(file);
  std::mt19937_64 random(seed);
  const auto draw = [&](int32_t n) {
    return static_cast<int32_t>(random() % static_cast<uint64_t>(n));
  };
  const auto count = static_cast<int32_t>(shape.across.size());
  out.Marker(0xD8);
  out.Segment(0xE0, {'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0xFF, 0xFF});
  std::vector<uint8_t> steps = {0};
  for (int z = 0; z < 64; ++z) steps.push_back(static_cast<uint8_t>(8 + z));
  out.Segment(0xDB, steps);
  std::vector<uint8_t> frame = {8,
                                static_cast<uint8_t>(shape.height >> 8),
                                static_cast<uint8_t>(shape.height & 255),
                                static_cast<uint8_t>(shape.width >> 8),
                                static_cast<uint8_t>(shape.width & 255),
                                static_cast<uint8_t>(count)};
  std::vector<uint8_t> scan = {static_cast<uint8_t>(count)};
  int32_t across = 1, down = 1;
  for (int32_t c = 0; c < count; ++c) {
    const auto i = static_cast<size_t>(c);
    frame.push_back(static_cast<uint8_t>(c + 1));
    frame.push_back(static_cast<uint8_t>(shape.across[i] * 16 + shape.down[i]));
    frame.push_back(0);
    scan.push_back(static_cast<uint8_t>(c + 1));
    scan.push_back(c == 0 ? 0x00 : 0x11);
    across = std::max(across, across_of(i));
    down = std::max(down, down_of(i));
  }
  for (const uint8_t byte : {0, 63, 0}) scan.push_back(byte);
  out.Segment(0xC0, frame);
  for (uint8_t number = 0; number < 2; ++number) {
    out.Segment(0xC4, DcTable(number));
    out.Segment(0xC4, AcTable(number));
  }
  if (shape.interval > 0) {
    out.Segment(0xDD, {static_cast<uint8_t>(shape.interval >> 8),
                       static_cast<uint8_t>(shape.interval & 255)});
  }
  out.Segment(0xDA, scan);

  const int32_t columns = (shape.width + 8 * across - 1) / (8 * across);
  const int32_t rows = (shape.height + 8 * down - 1) / (8 * down);
  std::vector<int32_t> predictor(shape.across.size());
  std::map<std::pair<int32_t, int32_t>, std::array<int16_t, 64>> above;
  for (int32_t mcu = 0; mcu < columns * rows; ++mcu) {
    if (shape.interval > 0 && mcu > 0 && mcu % shape.interval == 0) {
      out.Pad();
      out.Marker(0xD0 + mcu / shape.interval % 8);
      std::fill(predictor.begin(), predictor.end(), 0);
    }
    for (int32_t c = 0; c < count; ++c) {
      const auto i = static_cast<size_t>(c);
      for (int32_t part = 0; part < across_of(i) * down_of(i); ++part) {
        JpegBlock block = {};
        block.component = c;
        block.column = mcu % columns * across_of(i) + part % across_of(i);
        block.row = mcu / columns * down_of(i) + part / across_of(i);
        std::array<int16_t, 64>& last = above[{c, block.column}];
        for (int32_t z = 0; z < 64; ++z) {
          const auto at = static_cast<size_t>(z);
          const bool changes = draw(3) == 0;
          const int32_t most = 1 + 60 / (z + 1) * (draw(40) == 0 ? 15 : 1);
          const bool any = z == 0 || draw(z + 2) < 2;
          block.value[at] =
              static_cast<int16_t>(!changes ? last[at]
                                   : any    ? draw(2 * most + 1) - most
                                            : 0);
        }
        last = block.value;
        Code(block.value, block.value[0] - predictor[i], out);
        predictor[i] = block.value[0];
        file.blocks.push_back(block);
      }
    }
  }
  out.Pad();
  out.Marker(0xD9);
  return file;
}

}  // namespace nncpp::testing
