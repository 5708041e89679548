// tests/preproc/zlib_tokens_test.cc -- the twin of zlib beside zlib.
#include "preproc/zlib_tokens.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "preproc/deflated_stream.h"
#include "tests/support/texts.h"
#include "tests/support/zlib_streams.h"

namespace nncpp {
namespace {

using ::nncpp::testing::AliceHead;
using ::nncpp::testing::AnyText;
using ::nncpp::testing::ByZlib;
using ::nncpp::testing::Deflate;
using ::nncpp::testing::Noise;
using ::nncpp::testing::ZlibForm;

using Octets = std::vector<uint8_t>;

std::string NameOf(const ZlibSettings& s, StreamEnding ending) {
  return "level " + std::to_string(s.level) + ", memory level " +
         std::to_string(s.memory_level) + ", window bits " +
         std::to_string(s.window_bits) + ", ending " +
         std::to_string(static_cast<int>(ending));
}

// Counts what zlib stores in a block, which the twin refuses.
int ExpectEqual(const Octets& data, const ZlibSettings& settings,
                StreamEnding ending = StreamEnding::kFinish) {
  const auto made = Deflate(data, {settings, ending, {}, {}});
  const Octets wanted = ByZlib(data, settings, ZlibForm::kRaw, ending);
  EXPECT_TRUE(!made || *made == wanted)
      << NameOf(settings, ending) << ", " << data.size() << " bytes";
  return made ? 0 : 1;
}

// Every setting; text that fills several blocks and windows.
TEST(ZlibDeflate, MakesWhatZlibMakes) {
  const Octets text = AliceHead(150'000);
  for (int level = 1; level <= 9; ++level) {
    for (int memory_level = 1; memory_level <= 9; ++memory_level) {
      for (int bits = 9; bits <= 15; ++bits) {
        const auto ending =
            static_cast<StreamEnding>((level + memory_level + bits) % 2);
        const Octets some(text.begin(),
                          text.begin() + 1000 * (bits - 8) * (bits - 8));
        EXPECT_EQ(ExpectEqual(some, {level, memory_level, bits}, ending), 0);
      }
    }
    EXPECT_EQ(ExpectEqual(text, {level, 8, 15}), 0);
    EXPECT_EQ(ExpectEqual(text, {level, 9, 15}, StreamEnding::kPartial), 0);
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
    const ZlibSettings settings = {static_cast<int>(1 + random() % 9),
                                   static_cast<int>(1 + random() % 9),
                                   static_cast<int>(9 + random() % 7)};
    stored += ExpectEqual(
        data, settings,
        random() % 2 == 0 ? StreamEnding::kFinish : StreamEnding::kPartial);
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
        stored += ExpectEqual(data, {level, 8, bits});
        stored += ExpectEqual(data, {level, 2, bits}, StreamEnding::kPartial);
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
    EXPECT_EQ(ExpectEqual(data, {6, 8, 15}), 0);
  }
}

// A block that the last literal fills is the last one, from level 4 on.
TEST(ZlibDeflate, EndsFullBlocksAsZlibDoes) {
  std::mt19937 random(8);
  Octets data(1200);
  for (uint8_t& byte : data) byte = static_cast<uint8_t>(random() % 30);
  for (const int level : {1, 3, 4, 6, 9}) {
    for (int64_t size = 0; size < std::ssize(data); ++size) {
      const Octets some(data.begin(), data.begin() + size);
      for (const StreamEnding ending :
           {StreamEnding::kFinish, StreamEnding::kPartial}) {
        ASSERT_EQ(ExpectEqual(some, {level, 1, 15}, ending), 0);
      }
    }
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
    EXPECT_EQ(ExpectEqual(data, {level, 9, 15}), 0);
  }
}

TEST(ZlibDeflate, IsRefusedWhereItMustBe) {
  const Octets text = AliceHead(40'000);
  const StreamCode code = {{6, 8, 15}, StreamEnding::kFinish, {}, {}};
  const Octets made = ByZlib(text, code.settings);
  const auto size = std::ssize(made);
  EXPECT_EQ(Deflate(text, code, size), made);
  EXPECT_FALSE(Deflate(text, code, size - 1));
  EXPECT_FALSE(Deflate(Noise(1000), code));  // it would be stored
}

TEST(ZlibSettings, HaveRanges) {
  EXPECT_TRUE((ZlibSettings{1, 1, 9, 3}.AreSound()));
  EXPECT_TRUE((ZlibSettings{9, 9, 15, 6}.AreSound()));
  for (const ZlibSettings& none : {ZlibSettings{0, 8, 15},
                                   {10, 8, 15},
                                   {6, 0, 15},
                                   {6, 10, 15},
                                   {6, 8, 8},
                                   {6, 8, 16},
                                   {6, 8, 15, 2},
                                   {6, 8, 15, 7}}) {
    EXPECT_FALSE(none.AreSound()) << NameOf(none, StreamEnding::kFinish);
  }
}

}  // namespace
}  // namespace nncpp
