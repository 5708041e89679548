// tests/model/context_mixing/bitmap_test.cc -- pictures of one bit a pixel, and
// of colours by numbers: their rows found, their pixels predicted and coded.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "src/model/context_mixing/bitmap_layout.h"
#include "src/model/context_mixing/bitmap_model.h"
#include "src/model/context_mixing/weight_sets.h"
#include "tests/support/checkpoints.h"
#include "tests/support/codec_runs.h"

namespace nncpp {
namespace {

// A picture of `row` bytes a row, by what a pixel is.
Octets Pixels(int64_t row, int64_t height,
              const std::function<bool(int64_t x, int64_t y)>& set) {
  Octets bytes;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t i = 0; i < row; ++i) {
      int byte = 0;
      for (int64_t x = 8 * i; x < 8 * i + 8; ++x) {
        byte = byte * 2 + (set(x, y) ? 1 : 0);
      }
      bytes.push_back(static_cast<uint8_t>(byte));
    }
  }
  return bytes;
}

// Discs and rings of many sizes, and some specks of dust.
Octets Drawing(int64_t row, int64_t height) {
  std::mt19937_64 random(1);
  struct Disc {
    int64_t x, y, r;
  };
  std::vector<Disc> discs;
  for (int64_t i = 0; i < row * height / 60; ++i) {
    discs.push_back({static_cast<int64_t>(random()) % (8 * row),
                     static_cast<int64_t>(random()) % height,
                     static_cast<int64_t>(4 + random() % 12)});
  }
  return Pixels(row, height, [&](int64_t x, int64_t y) {
    bool set = random() % 500 == 0;
    for (const Disc& d : discs) {
      const int64_t r2 = (x - d.x) * (x - d.x) + (y - d.y) * (y - d.y);
      if (r2 < d.r * d.r && r2 > d.r * d.r / 3) set = !set;
    }
    return set;
  });
}

// A shade that grows to the right, as dots, scattered by a sum of errors.
Octets Dots(int64_t row, int64_t height) {
  std::mt19937_64 random(2);
  int64_t owed = 0;
  return Pixels(row, height, [&](int64_t x, int64_t y) {
    owed +=
        40 + 100 * x / (8 * row) + static_cast<int64_t>(random() % 3) + y % 2;
    const bool set = owed >= 256;
    if (set) owed -= 256;
    return set;
  });
}

// Columns of few colours, a byte a pixel, whose edges wander.
Octets Stripes(int64_t row, int64_t height) {
  constexpr uint8_t kColours[] = {0x60, 0x13, 0xA7, 0x42, 0xFE, 0x09, 0x7C};
  std::mt19937_64 random(3);
  Octets bytes;
  for (int64_t i = 0; i < row * height; ++i) {
    const auto above = static_cast<size_t>(std::max<int64_t>(i - row, 0));
    const uint64_t chance = random() % 64;
    bytes.push_back(i < row || chance == 0 ? kColours[random() % 7]
                    : chance == 1          ? bytes.back()
                                           : bytes[above]);
  }
  return bytes;
}

Octets Shades(int64_t row, int64_t height) {
  std::mt19937_64 random(4);
  Octets bytes;
  for (int64_t i = 0; i < row * height; ++i) {
    const int64_t x = i % row, y = i / row;
    bytes.push_back(static_cast<uint8_t>(x + y + x * y / 50 +
                                         static_cast<int64_t>(random() % 8)));
  }
  return bytes;
}

TEST(BitmapLayout, IsFound) {
  for (const int64_t row : {3, 20, 61, 250}) {
    const Octets drawing = Drawing(row, 15'000 / row);
    EXPECT_EQ(MeasureBitmap(drawing, 1).row, row);
    EXPECT_EQ(MeasureBitmap(drawing, 7).row, row);
  }
  EXPECT_EQ(MeasureBitmap(Stripes(150, 100), 1).row, 150);
}

TEST(BitmapLayout, StaysWhereAnotherIsHardlyBetter) {
  const Octets noise = RandomOctets(20'000, 4);
  EXPECT_EQ(MeasureBitmap(noise, 100).row, 100);
  EXPECT_EQ(MeasureBitmap(Octets(20'000), 8192).row, 8192);
}

TEST(BitmapLayout, TellsPicturesOfBitsFromOthers) {
  const Octets drawing = Drawing(40, 500);
  EXPECT_TRUE(LooksLikeDrawing(drawing));
  EXPECT_TRUE(LooksLikeDotsOrColours(drawing));
  for (const Octets& other :
       {Dots(64, 300), Stripes(150, 100), Shades(150, 200), Alice(30'000),
        RandomOctets(30'000, 5), Drawing(40, 100), Octets(30'000), Octets()}) {
    EXPECT_FALSE(LooksLikeDrawing(other));
  }
  EXPECT_TRUE(LooksLikeDotsOrColours(Dots(64, 200)));
  EXPECT_TRUE(LooksLikeDotsOrColours(Stripes(150, 100)));
  for (const Octets& other :
       {Alice(30'000), FileOctets("preproc/primer/manuals.txt"),
        RandomOctets(30'000, 6), Octets(30'000), Octets()}) {
    EXPECT_FALSE(LooksLikeDotsOrColours(other));
  }
}

ModelConfig Config(int64_t samples) {
  ModelConfig config = ContextsAlone(16);
  config.samples = samples;
  return config;
}

TEST(BitmapModel, MakesPicturesSmaller) {
  for (const Octets& file : {Drawing(32, 400), Dots(64, 100)}) {
    const Octets without = CompressBytes(file, Config(0));
    const Octets with = CompressBytes(file, Config(2));
    EXPECT_LT(with.size() * 100, without.size() * 85);
    EXPECT_EQ(DecompressBytes(with), file);
  }
}

TEST(BitmapModel, CodesWhateverFollowsAndGoesOn) {
  Octets file = Drawing(30, 150);
  for (const Octets& more : {FileOctets("tests/data/picture.jpeg", 1500),
                             Alice(1000), RandomOctets(200, 6)}) {
    file.insert(file.end(), more.begin(), more.end());
  }
  ModelConfig config = Config(2);
  config.jpeg = 1;
  config.block_symbols = 4500;
  const CodecRun compressing = Compressing(file, config);
  const Octets archive = CompressBytes(file, config);
  EXPECT_EQ(DecompressBytes(archive), file);
  const auto made = RunUntil(compressing, 1);
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(Resume(compressing, *made), archive);
  const auto back = RunUntil(Decompressing(archive), 1);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(Resume(Decompressing(archive), *back), file);
}

// The first byte, rows longer than what came, and any number for the row.
TEST(BitmapModel, GoesOnFromEveryStateThatItCallsSound) {
  const WeightSets sets = WeightSetsOf(Config(2));
  SymbolRing ring(15);
  std::mt19937_64 random(7);
  for (uint64_t i = 0; i < ring.size(); ++i) ring[i] = random() % 256;
  Evidence evidence;
  const auto below = [](int32_t selector, int64_t sets) {
    EXPECT_GE(selector, 0);
    EXPECT_LT(selector, sets);
  };
  for (const int64_t row : {-1, 0, 1, 2, 8192, 8193}) {
    for (const uint64_t position : {0, 1, 5, 4095, 4096, 16384, 100'000}) {
      BitmapModel model;
      std::memcpy(model.State().front().data(), &row, sizeof(row));
      ASSERT_EQ(model.StateIsSound(), row >= 1 && row <= kMostBitmapRow);
      if (!model.StateIsSound()) break;
      model.Measure(ring, position);
      model.StartByte(ring, position);
      uint64_t path = 1;
      for (int64_t depth = 0; depth < 8; ++depth) {
        model.Look(depth, path, evidence.inputs.data(), evidence);
        for (size_t i = 0; i < kBitmapInputs; ++i) {
          EXPECT_LE(std::abs(evidence.inputs[i]), 4095);
        }
        for (const size_t m : {5, 8, 9, 10, 11}) {
          below(evidence.first[m], sets.first[m]);
        }
        for (const size_t m : {0, 2}) {
          below(evidence.second[m], sets.second[m]);
          below(evidence.last[m], sets.last[m]);
        }
        const int bit = static_cast<int>(random() % 2);
        model.PutBit(bit);
        path = path * 2 + static_cast<uint64_t>(bit);
      }
      EXPECT_TRUE(model.StateIsSound());
    }
  }
}

}  // namespace
}  // namespace nncpp
