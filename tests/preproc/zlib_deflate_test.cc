// tests/preproc/zlib_deflate_test.cc -- the twin of zlib beside zlib.
#include "preproc/zlib_deflate.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/texts.h"
#include "tests/support/zlib_streams.h"

namespace nncpp {
namespace {

using ::nncpp::testing::AliceHead;
using ::nncpp::testing::AnyText;
using ::nncpp::testing::ByZlib;

using Octets = std::vector<uint8_t>;

constexpr int64_t kAny = int64_t{1} << 30;

// One for all, as for the streams of a file.
std::optional<Octets> Deflate(const Octets& data, const ZlibSettings& settings,
                              int64_t most, const Octets& wanted) {
  static ZlibDeflater deflater;
  return deflater.Run(data, settings, most, wanted);
}

std::string NameOf(const ZlibSettings& s) {
  return "level " + std::to_string(s.level) + ", memory level " +
         std::to_string(s.memory_level) + ", window bits " +
         std::to_string(s.window_bits) + ", ending " +
         std::to_string(static_cast<int>(s.ending));
}

// Counts what zlib stores in a block, which the twin refuses.
int ExpectEqual(const Octets& data, const ZlibSettings& settings) {
  const auto made = Deflate(data, settings, kAny, {});
  const Octets wanted = ByZlib(data, settings);
  EXPECT_TRUE(!made || *made == wanted)
      << NameOf(settings) << ", " << data.size() << " bytes";
  return made ? 0 : 1;
}

// Every setting; text that fills several blocks and windows.
TEST(ZlibDeflate, MakesWhatZlibMakes) {
  const Octets text = AliceHead(150'000);
  for (int level = 1; level <= 9; ++level) {
    for (int memory_level = 1; memory_level <= 9; ++memory_level) {
      for (int bits = 9; bits <= 15; ++bits) {
        const auto ending =
            static_cast<ZlibEnding>((level + memory_level + bits) % 2);
        const Octets some(text.begin(),
                          text.begin() + 1000 * (bits - 8) * (bits - 8));
        EXPECT_EQ(ExpectEqual(some, {level, memory_level, bits, ending}), 0);
      }
    }
    EXPECT_EQ(ExpectEqual(text, {level, 8, 15, ZlibEnding::kFinish}), 0);
    EXPECT_EQ(ExpectEqual(text, {level, 9, 15, ZlibEnding::kPartial}), 0);
  }
}

TEST(ZlibDeflate, MakesWhatZlibMakesOfAnything) {
  std::mt19937 random(1);
  int stored = 0;
  for (uint32_t seed = 0; seed < 600; ++seed) {
    Octets data = AnyText(seed);
    if (seed % 3 == 1) {  // few values, long runs
      for (uint8_t& byte : data) byte = byte % 7 == 0 ? 1 : 0;
    } else if (seed % 3 == 2) {
      const Octets once = data;
      for (int i = 0; i < 9; ++i) {
        data.insert(data.end(), once.begin(), once.end());
      }
    }
    stored += ExpectEqual(
        data,
        {static_cast<int>(1 + random() % 9), static_cast<int>(1 + random() % 9),
         static_cast<int>(9 + random() % 7),
         random() % 2 == 0 ? ZlibEnding::kFinish : ZlibEnding::kPartial});
  }
  EXPECT_LT(stored, 300);
}

// Lengths and distances at every edge: 258 and what is left of a run, matches
// of three far away, the last bytes of a window, and nothing at all.
TEST(ZlibDeflate, MakesWhatZlibMakesAtTheEdges) {
  std::vector<Octets> inputs = {{}, {1}, {1, 1}, {1, 2, 3}, Octets(3, 0)};
  for (const size_t run : {257u, 258u, 259u, 260u, 516u, 517u, 70'000u}) {
    inputs.emplace_back(run, uint8_t{7});
  }
  std::mt19937 random(2);
  for (const size_t distance : {249u, 250u, 251u, 4095u, 4096u, 4097u, 32'505u,
                                32'506u, 32'507u, 32'768u}) {
    for (const size_t length : {3u, 4u, 30u}) {
      Octets data(distance);
      for (uint8_t& byte : data) byte = random() % 16;
      data[0] = data[1] = 99;
      for (size_t i = 0; i < length; ++i) data.push_back(data[i]);
      for (int i = 0; i < 3000; ++i) data.push_back(random() % 16);
      inputs.push_back(data);
    }
  }
  int stored = 0;
  for (const Octets& data : inputs) {
    for (const int level : {1, 3, 4, 6, 9}) {
      for (const int bits : {9, 12, 15}) {
        stored += ExpectEqual(data, {level, 8, bits, ZlibEnding::kFinish});
        stored += ExpectEqual(data, {level, 2, bits, ZlibEnding::kPartial});
      }
    }
  }
  EXPECT_EQ(stored, 0);
}

// Copies of distance 2 alone: the code of distances gets a value that none has.
TEST(ZlibDeflate, CountsNoAddedDistances) {
  std::mt19937 random(5);
  for (int i = 0; i < 3000; ++i) {
    Octets data;
    const auto size = 20 + random() % 500;
    while (data.size() < size) {
      const auto low = static_cast<uint8_t>(random() % 40);
      data.insert(data.end(), {low, static_cast<uint8_t>(low + 90)});
      for (auto left = random() % 9; left > 0; --left) {
        data.push_back(data[data.size() - 2]);
      }
    }
    EXPECT_EQ(ExpectEqual(data, {6, 8, 15, ZlibEnding::kFinish}), 0);
  }
}

// Frequencies like Fibonacci's make codes longer than 15 bits, which are cut.
TEST(ZlibDeflate, CutsLongCodesAsZlibDoes) {
  Octets data;
  std::mt19937 random(3);
  size_t a = 1, b = 1;
  for (uint8_t value = 0; value < 24; ++value) {
    data.insert(data.end(), std::min<size_t>(a, 40'000), value);
    b += a;
    std::swap(a, b);
  }
  std::shuffle(data.begin(), data.end(), random);
  for (const int level : {1, 6}) {
    EXPECT_EQ(ExpectEqual(data, {level, 9, 15, ZlibEnding::kFinish}), 0);
  }
}

TEST(ZlibDeflate, GivesUpWhereItMust) {
  const Octets text = AliceHead(40'000);
  const ZlibSettings settings = {6, 8, 15, ZlibEnding::kFinish};
  const Octets made = ByZlib(text, settings);
  const auto size = static_cast<int64_t>(made.size());
  EXPECT_EQ(Deflate(text, settings, size, made), made);
  EXPECT_FALSE(Deflate(text, settings, size - 1, made));
  Octets other = made;
  other[100] ^= 1;
  EXPECT_FALSE(Deflate(text, settings, size, other));
  other = made;
  other.back() ^= 0x80;
  EXPECT_FALSE(Deflate(text, settings, size, other));
  Octets noise(1000);
  std::mt19937 random(4);
  for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random());
  EXPECT_FALSE(Deflate(noise, settings, kAny, {}));
}

TEST(ZlibSettings, HaveRanges) {
  EXPECT_TRUE((ZlibSettings{1, 1, 9, ZlibEnding::kFinish}.AreSound()));
  EXPECT_TRUE((ZlibSettings{9, 9, 15, ZlibEnding::kPartial}.AreSound()));
  for (const ZlibSettings& none : {ZlibSettings{0, 8, 15, ZlibEnding::kFinish},
                                   {10, 8, 15, ZlibEnding::kFinish},
                                   {6, 0, 15, ZlibEnding::kFinish},
                                   {6, 10, 15, ZlibEnding::kFinish},
                                   {6, 8, 8, ZlibEnding::kFinish},
                                   {6, 8, 16, ZlibEnding::kFinish},
                                   {6, 8, 15, static_cast<ZlibEnding>(2)}}) {
    EXPECT_FALSE(none.AreSound()) << NameOf(none);
  }
}

}  // namespace
}  // namespace nncpp
