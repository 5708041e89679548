// tests/model/context_mixing/jpeg_test.cc -- the scans of JPEG files, followed
// and coded.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <tuple>
#include <vector>

#include "src/model/context_mixing/jpeg_scan.h"
#include "tests/support/checkpoints.h"
#include "tests/support/codec_runs.h"
#include "tests/support/jpeg_file.h"

namespace nncpp {
namespace {

using testing::JpegBlock;
using testing::JpegFile;
using testing::JpegShape;
using testing::MakeJpeg;

std::vector<JpegShape> Shapes() {
  return {{},
          {.interval = 3},
          {.across = {2}, .down = {2}},  // alone: as if they were 1
          {.width = 70, .across = {1, 1, 1}, .down = {1, 1, 1}},
          {.width = 50, .height = 41, .across = {2, 1, 1}, .down = {2, 1, 1}},
          {.across = {2, 1, 1}, .down = {1, 1, 1}, .interval = 2},
          {.across = {1, 2}, .down = {2, 1}}};
}

void Put(uint8_t byte, JpegScan& scan) {
  if (scan.Coded()) {
    for (int bit = 7; bit >= 0; --bit) scan.PutBit(byte >> bit & 1);
  }
  scan.PutByte(byte);
}

TEST(JpegScan, KnowsEveryBlockAndThoseBesideIt) {
  for (const JpegShape& shape : Shapes()) {
    const JpegFile file = MakeJpeg(shape, 1);
    std::map<std::tuple<int32_t, int32_t, int32_t>, JpegScan::Block> known;
    const auto block_at = [&](int32_t c, int32_t x, int32_t y) {
      return known[{c, x, y}];  // zeros where there is none
    };
    const auto scan = std::make_unique<JpegScan>();
    size_t begun = 0;
    int64_t coded = 0;
    const auto look = [&] {
      const JpegScan::Place p = scan->place();
      if (p.z != 0 || p.symbol >= 0 || p.length != 0) return;
      ASSERT_LT(begun, file.blocks.size());
      const JpegBlock& now = file.blocks[begun++];
      const auto [c, x, y, value] = now;
      ASSERT_EQ(p.component, c);
      EXPECT_EQ(scan->Left(), block_at(c, x - 1, y));
      EXPECT_EQ(scan->Above(), block_at(c, x, y - 1));
      EXPECT_EQ(scan->AboveLeft(), block_at(c, x - 1, y - 1));
      known[{c, x, y}] = value;
    };
    for (const uint8_t byte : file.bytes) {
      if (scan->Coded()) {
        ++coded;
        for (int bit = 7; bit >= 0; --bit) {
          if (scan->Coded()) look();
          scan->PutBit(byte >> bit & 1);
        }
      }
      scan->PutByte(byte);
      EXPECT_TRUE(scan->Sound());
    }
    EXPECT_EQ(begun, file.blocks.size());
    EXPECT_EQ(coded, file.coded);
    EXPECT_EQ(JpegScan::ScanBytes(file.bytes), file.coded);
    EXPECT_FALSE(scan->InScan());
  }
}

TEST(JpegScan, FindsAFileBehindOthers) {
  const JpegFile one = MakeJpeg({}, 2), two = MakeJpeg({.interval = 1}, 3);
  Octets all = RandomOctets(500, 1);
  for (const Octets& more : {one.bytes, Alice(300), two.bytes}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  EXPECT_EQ(JpegScan::ScanBytes(all), one.coded + two.coded);
}

TEST(JpegScan, LetsPassWhatItDoesNotKnow) {
  const JpegFile file = MakeJpeg({}, 4);
  const auto with = [&](std::initializer_list<uint8_t> what, size_t after,
                        uint8_t byte) {
    Octets changed = file.bytes;
    const auto found =
        std::search(changed.begin(), changed.end(), what.begin(), what.end());
    found[static_cast<std::ptrdiff_t>(after)] = byte;
    return JpegScan::ScanBytes(changed);
  };
  EXPECT_EQ(with({0xFF, 0xC0}, 0, 0xFF), file.coded);
  EXPECT_EQ(with({0xFF, 0xC0}, 1, 0xC1), file.coded);  // extended
  EXPECT_EQ(with({0xFF, 0xC0}, 1, 0xC2), 0);           // progressive
  EXPECT_EQ(with({0xFF, 0xC0}, 4, 12), 0);             // bits of a sample
  EXPECT_EQ(with({0xFF, 0xC0}, 9, 4), 0);              // components
  EXPECT_EQ(with({0xFF, 0xDA}, 4, 2), 0);
  EXPECT_EQ(with({0xFF, 0xDA}, 8, 62), 0);    // last coefficient
  EXPECT_EQ(with({0xFF, 0xDA}, 9, 1), 0);     // less exact
  EXPECT_EQ(with({0xFF, 0xC4}, 2, 0xFF), 0);  // a length
}

TEST(JpegScan, StaysSoundWhateverComes) {
  std::mt19937_64 random(5);
  for (int turn = 0; turn < 300; ++turn) {
    JpegFile file = MakeJpeg(Shapes()[static_cast<size_t>(turn) % 7], 6);
    const auto scan = std::make_unique<JpegScan>();
    for (int i = 0; i < 1 + turn % 4; ++i) {
      file.bytes[random() % file.bytes.size()] = static_cast<uint8_t>(random());
    }
    for (const uint8_t byte : file.bytes) Put(byte, *scan);
    EXPECT_TRUE(scan->Sound());
  }
}

// What is not in the blocks, by words: a state that is called sound must be
// safe to go on from.
TEST(JpegScan, GoesOnFromEveryStateThatItCallsSound) {
  const JpegFile file = MakeJpeg(Shapes()[4], 7);
  const auto from = std::make_unique<JpegScan>();
  size_t done = 0;
  while (!from->InScan()) Put(file.bytes[done++], *from);
  for (int i = 0; i < 40; ++i) Put(file.bytes[done++], *from);
  const auto scan = std::make_unique<JpegScan>();
  // Everything but the blocks stands before them.
  constexpr size_t kBefore = sizeof(JpegScan) - 3 * 4 * 2048 * 128 - 128;
  std::mt19937_64 random(8);
  int sound = 0, unsound = 0;
  for (size_t at = 0; at + 4 <= kBefore; at += 4) {
    for (const int32_t value :
         {-1, 0, 1, 2, 3, 11, 64, 4096, static_cast<int32_t>(random())}) {
      std::memcpy(static_cast<void*>(scan.get()), from.get(), kBefore);
      std::memcpy(reinterpret_cast<char*>(scan.get()) + at, &value, 4);
      (scan->Sound() ? sound : unsound) += 1;
      if (!scan->Sound()) continue;
      for (size_t i = done; i < file.bytes.size(); ++i) {
        Put(file.bytes[i], *scan);
      }
      EXPECT_TRUE(scan->Sound()) << at << " " << value;
    }
  }
  EXPECT_GT(sound, 1000);
  EXPECT_GT(unsound, 200);

  // The six words before the blocks say where a code stands: all at once.
  sound = 0;
  const auto below = [&](uint64_t n) {
    return static_cast<int32_t>(random() % n);
  };
  for (int turn = 0; turn < 200'000; ++turn) {
    const int32_t length = below(16), bits = below(4)
                                             << std::max(0, length - 2);
    const int32_t words[] = {below(3),
                             below(3) == 0 ? below(256) : -1,
                             1 << length | (bits & ((1 << length) - 1)),
                             length,
                             below(3) * below(170),
                             below(3) * below(170)};
    std::memcpy(static_cast<void*>(scan.get()), from.get(), kBefore);
    std::memcpy(reinterpret_cast<char*>(scan.get()) + kBefore - sizeof(words),
                words, sizeof(words));
    if (!scan->Sound()) continue;
    ++sound;
    for (int i = 0; i < 20 && scan->Coded(); ++i) scan->PutBit(below(2));
    EXPECT_TRUE(scan->Sound());
  }
  EXPECT_GT(sound, 1000);
}

ModelConfig Config(int64_t jpeg) {
  ModelConfig config = ContextsAlone(14);
  config.jpeg = jpeg;
  return config;
}

TEST(JpegModel, MakesFilesSmaller) {
  const Octets file = MakeJpeg({.width = 200, .height = 150}, 9).bytes;
  const Octets without = CompressBytes(file, Config(0));
  const Octets with = CompressBytes(file, Config(1));
  EXPECT_LT(with.size() * 100, without.size() * 85);
  EXPECT_EQ(DecompressBytes(with), file);
}

TEST(JpegModel, CodesFilesThatAreCutChangedAndDivided) {
  std::mt19937_64 random(10);
  const Octets picture = FileOctets("tests/data/picture.jpeg");
  for (const int64_t block : {64, 500, 100'000}) {
    for (int turn = 0; turn < 3; ++turn) {
      Octets file = picture;
      if (turn == 1) file.resize(file.size() / 2);
      if (turn == 2) {
        for (int i = 0; i < 3; ++i) {
          file[random() % file.size()] = static_cast<uint8_t>(random());
        }
      }
      const Octets tail = Alice(200);
      file.insert(file.end(), tail.begin(), tail.end());
      ModelConfig config = Config(1);
      config.block_symbols = block;
      EXPECT_EQ(DecompressBytes(CompressBytes(file, config)), file);
    }
  }
}

}  // namespace
}  // namespace nncpp
