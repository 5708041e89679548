// tests/model/context_mixing/samples_test.cc -- numbers of pictures and sounds:
// their layout found, their values predicted and coded.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "src/model/context_mixing/least_squares.h"
#include "src/model/context_mixing/sample_layout.h"
#include "src/model/context_mixing/sample_model.h"
#include "tests/support/checkpoints.h"
#include "tests/support/codec_runs.h"

namespace nncpp {
namespace {

// Shades that change slowly from column to column, from row to row and from
// colour to colour, and a little noise.
Octets Picture(int64_t width, int64_t height, int64_t channels) {
  std::mt19937_64 random(1);
  const auto walk = [&](int64_t steps) {
    std::vector<int64_t> shades = {60};
    for (int64_t i = 1; i < steps; ++i) {
      const auto step = static_cast<int64_t>(random() % 15) - 7;
      shades.push_back(std::clamp<int64_t>(shades.back() + step, 0, 120));
    }
    return shades;
  };
  const std::vector<int64_t> across = walk(width), down = walk(height);
  Octets bytes;
  for (int64_t i = 0; i < width * height * channels; ++i) {
    const int64_t c = i % channels;
    const auto x = static_cast<size_t>(i / channels % width);
    const auto y = static_cast<size_t>(i / channels / width);
    const auto noise = static_cast<int64_t>(random() % 3);
    bytes.push_back(static_cast<uint8_t>(
        across[x] + (c + 1) * down[y] / channels + 5 * c + 40 + noise));
  }
  return bytes;
}

// Tones of several pitches, of two bytes a sample.
Octets Sound(int64_t samples, int64_t channels, bool big) {
  std::mt19937_64 random(2);
  Octets bytes;
  for (int64_t i = 0; i < samples; ++i) {
    const auto t = static_cast<double>(i / channels);
    const double phase = i % channels == 0 ? 0 : 2;
    const double value = 9000 * std::sin(t / 13 + phase) +
                         4000 * std::sin(t / 3.7) +
                         static_cast<double>(random() % 64);
    const auto word = static_cast<uint16_t>(static_cast<int16_t>(value));
    const auto high = static_cast<uint8_t>(word >> 8);
    const auto low = static_cast<uint8_t>(word);
    bytes.push_back(big ? high : low);
    bytes.push_back(big ? low : high);
  }
  return bytes;
}

SampleLayout LayoutOf(const Octets& bytes, uint64_t position) {
  return MeasureLayout(bytes, position, kSingleBytes).layout;
}

TEST(LeastSquares, FindsWhatIsLinear) {
  LeastSquares by{};
  std::mt19937_64 random(3);
  const auto number = [&] { return static_cast<double>(random() % 201) - 100; };
  double error = 0;
  for (int i = 0; i < 200; ++i) {
    const double x[] = {number(), number(), number()};
    const double y = 2 * x[0] - x[1] + 0.5 * x[2];
    error = by.Predict(x) - y;
    if (i == 0) {
      EXPECT_EQ(by.Predict(x), 0);
    }
    by.Learn(x, y, 1 - 1.0 / 64);
    EXPECT_TRUE(by.Sound());
  }
  EXPECT_LT(std::abs(error), 0.01);
}

TEST(LeastSquares, FollowsWhatChangesAndSharesAmongEquals) {
  LeastSquares by{};
  for (int i = 0; i < 400; ++i) {
    // Both regressors are the same: the weights share.
    const double x[] = {static_cast<double>(i % 17),
                        static_cast<double>(i % 17)};
    by.Learn(x, (i < 200 ? 3 : -5) * x[0], 1 - 1.0 / 16);
  }
  const double x[] = {10, 10};
  EXPECT_NEAR(by.Predict(x), -50, 0.5);
  const double one[] = {10, 0};
  EXPECT_NEAR(by.Predict(one), -25, 0.5);
}

TEST(SampleLayout, IsFoundInPicturesAndSounds) {
  const auto layout = [](int64_t width, int64_t big, int64_t phase,
                         int64_t channels, int64_t row) {
    return SampleLayout{width, big, phase, channels, row};
  };
  EXPECT_EQ(LayoutOf(Picture(97, 90, 1), 0), layout(1, 0, 0, 1, 97));
  EXPECT_EQ(LayoutOf(Picture(51, 60, 3), 0), layout(1, 0, 0, 3, 153));
  for (const bool big : {false, true}) {
    // From an even and from an odd position on.
    const SampleLayout even = LayoutOf(Sound(5000, 1, big), 10'000);
    EXPECT_EQ(even.width, 2);
    EXPECT_EQ(even.big, big ? 1 : 0);
    EXPECT_EQ(even.phase, 0);
    const SampleLayout odd = LayoutOf(Sound(5000, 1, big), 10'001);
    EXPECT_EQ(odd.width, 2);
    EXPECT_EQ(odd.big, big ? 1 : 0);
    EXPECT_EQ(odd.phase, 1);
  }
  EXPECT_EQ(LayoutOf(Sound(5000, 2, false), 10'000).channels, 2);
}

TEST(SampleLayout, StaysWhereAnotherIsHardlyBetter) {
  const Octets noise = RandomOctets(10'000, 4);
  for (const SampleLayout& now :
       {SampleLayout{1, 0, 0, 3, 0}, SampleLayout{2, 1, 1, 2, 0}}) {
    EXPECT_EQ(MeasureLayout(noise, 0, now).layout, now);
  }
}

TEST(SampleLayout, TellsSamplesFromTextAndNoise) {
  EXPECT_TRUE(LooksLikeSamples(Picture(200, 150, 3)));
  EXPECT_TRUE(LooksLikeSamples(Picture(80, 60, 1)));
  EXPECT_TRUE(LooksLikeSamples(Sound(9000, 1, false)));
  EXPECT_FALSE(LooksLikeSamples(Alice(100'000)));
  EXPECT_FALSE(LooksLikeSamples(FileOctets("preproc/primer/manuals.txt")));
  EXPECT_FALSE(LooksLikeSamples(RandomOctets(100'000, 5)));
  EXPECT_FALSE(LooksLikeSamples(Picture(60, 60, 1)));  // too short
  EXPECT_FALSE(LooksLikeSamples({}));
}

ModelConfig Config(int64_t samples) {
  ModelConfig config = ContextsAlone(15);
  config.samples = samples;
  return config;
}

TEST(SampleModel, MakesPicturesAndSoundsSmaller) {
  for (const Octets& file : {Picture(90, 70, 1), Picture(60, 40, 3),
                             Sound(3500, 1, false), Sound(3500, 2, true)}) {
    const Octets without = CompressBytes(file, Config(0));
    const Octets with = CompressBytes(file, Config(1));
    EXPECT_LT(with.size() * 100, without.size() * 90);
    EXPECT_EQ(DecompressBytes(with), file);
  }
}

// A sound from an odd place on, a picture, text, a scan, extremes.
Octets AllKinds() {
  Octets file = {1};
  const auto add = [&](const Octets& more) {
    file.insert(file.end(), more.begin(), more.end());
  };
  add(Sound(4200, 2, true));
  for (int i = 0; i < 500; ++i) {
    add(i % 3 == 0 ? Octets{0x7F, 0xFF} : Octets{0x80, 0x00});
  }
  add(Octets(1000));
  add(FileOctets("tests/data/picture.jpeg", 3000));
  add(Picture(60, 30, 3));
  add(Alice(333));
  add(RandomOctets(300, 6));
  return file;
}

TEST(SampleModel, CodesWhateverFollowsAndGoesOnWithinASample) {
  const Octets file = AllKinds();
  // At the first positions measured it is seen as the sound.
  const std::span<const uint8_t> head(file.data(), 4096);
  const SampleLayout layout = MeasureLayout(head, 4096, kSingleBytes).layout;
  EXPECT_EQ(layout, (SampleLayout{2, 1, 1, 2, 0}));
  ModelConfig config = Config(1);
  config.jpeg = 1;
  config.block_symbols = 5000;  // the first ends within a sample
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

// Puts any numbers in place of a state: what is called sound must be safe to
// go on from.
TEST(SampleModel, GoesOnFromEveryStateThatItCallsSound) {
  constexpr uint64_t kStart = 16384 - 100;
  const Octets file = Sound(500, 2, false);
  SymbolRing ring(15);
  for (uint64_t i = 0; i < ring.size(); ++i) ring[i] = file[i % file.size()];
  int sound = 0, unsound = 0;
  std::mt19937_64 random(7);
  Evidence evidence;
  for (int turn = 0; turn < 120; ++turn) {
    SampleModel model;
    const std::span<uint8_t> past = model.State().front();
    // The layout stands first; counts, doubles and errors follow.
    const size_t word = turn < 90 ? random() % 5 : random() % (past.size() / 8);
    const uint64_t values[] = {0, 1, 2, 3, 4, 5000, 1 << 14, random()};
    std::memcpy(past.data() + word * 8, &values[random() % 8], 8);
    (model.StateIsSound() ? sound : unsound) += 1;
    if (!model.StateIsSound()) continue;
    for (uint64_t i = kStart; i < kStart + 120; ++i) {
      model.Measure(ring, i);
      model.StartByte(ring, i);
      int32_t low = 0;
      for (int64_t depth = 0; depth < 8; ++depth) {
        const int32_t half = 128 >> depth;
        model.Look(low + half, depth, 1, evidence.inputs.data(), evidence);
        const int bit = file[i % 500] >> (7 - depth) & 1;
        model.PutBit(bit);
        low += bit * half;
      }
      ring[i] = file[i % 500];
      model.EndByte(ring);
    }
    EXPECT_TRUE(model.StateIsSound());
  }
  EXPECT_GT(sound, 30);
  EXPECT_GT(unsound, 20);
}

}  // namespace
}  // namespace nncpp
