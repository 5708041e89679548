// tests/preproc/deflated_stream_test.cc -- the twin of zlib beside zlib, and
// deflated data of others.
#include "preproc/deflated_stream.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "preproc/zlib_blocks.h"
#include "src/base/error.h"
#include "tests/support/errors.h"
#include "tests/support/texts.h"
#include "tests/support/zlib_streams.h"

namespace nncpp {
namespace {

using ::nncpp::testing::AliceHead;
using ::nncpp::testing::AnyText;
using ::nncpp::testing::ByZlib;
using ::nncpp::testing::ZlibForm;

using Octets = std::vector<uint8_t>;

constexpr int64_t kAny = int64_t{1} << 30;

// Tables for all, as for the streams of a file. Null: the twin refuses.
std::optional<Octets> Deflate(const Octets& data, const StreamCode& code,
                              int64_t most = kAny) {
  static ZlibTables tables;
  try {
    return DeflateAgain(data, code, most, tables);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string NameOf(const ZlibSettings& s, StreamEnding ending) {
  return "level " + std::to_string(s.level) + ", memory level " +
         std::to_string(s.memory_level) + ", window bits " +
         std::to_string(s.window_bits) + ", ending " +
         std::to_string(static_cast<int>(ending));
}

Octets Noise(int64_t size) {
  Octets noise(static_cast<size_t>(size));
  std::mt19937 random(4);
  for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random());
  return noise;
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

// ---- deflated data of anyone ------------------------------------------------

DeflatedData Read(const Octets& deflated, int64_t most = kAny) {
  int64_t work = 0;
  return ReadDeflated(deflated, most, work);
}

// How `deflated` comes about, after it has been written, read and deflated
// again, whose result is as far as `deflated` is deflated data.
StreamCode ComesBack(const Octets& deflated, const DeflatedData& read) {
  StreamCoder coder;
  const StreamCode code = coder.Code(read, {15, 6});
  ByteWriter out;
  WriteDetails(code, out);
  StreamCode again = {code.settings, code.ending, {}, {}};
  ByteReader in(out.bytes());
  ReadDetails(in, again);
  EXPECT_EQ(in.remaining(), 0);
  const auto made = Deflate(read.data, again);
  EXPECT_TRUE(made);
  EXPECT_EQ(std::ssize(*made), read.bytes());
  EXPECT_TRUE(made && std::equal(made->begin(), made->end(), deflated.begin()));
  return code;
}

TEST(DeflatedStream, OfZlibHasNothingToSay) {
  const Octets text = AliceHead(150'000);
  for (const StreamEnding ending :
       {StreamEnding::kFinish, StreamEnding::kPartial}) {
    for (const ZlibSettings& settings :
         {ZlibSettings{1, 8, 15}, {6, 8, 15}, {9, 9, 15}, {4, 5, 15}}) {
      const Octets deflated = ByZlib(text, settings, ZlibForm::kRaw, ending);
      const DeflatedData read = Read(deflated);
      EXPECT_EQ(read.data, text);
      EXPECT_TRUE(read.ended);
      const StreamCode code = ComesBack(deflated, read);
      EXPECT_EQ(code.ending, ending);
      EXPECT_TRUE(code.changes.empty());
      EXPECT_EQ(code.settings.level, settings.level);
    }
  }
}

TEST(DeflatedStream, OfOtherStrategiesComesBack) {
  const Octets text = AliceHead(60'000);
  for (const int strategy : {Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED}) {
    const Octets deflated = ByZlib(text, {6, 8, 15}, ZlibForm::kRaw,
                                   StreamEnding::kFinish, strategy);
    const DeflatedData read = Read(deflated);
    EXPECT_EQ(read.data, text);
    const StreamCode code = ComesBack(deflated, read);
    if (strategy == Z_FILTERED) {
      EXPECT_EQ(code.settings, (ZlibSettings{6, 8, 15, 6}));
      EXPECT_TRUE(code.changes.empty());
      EXPECT_EQ(code.ending, StreamEnding::kFinish);
    } else if (strategy == Z_FIXED) {
      EXPECT_EQ(code.blocks.front().form, BlockForm::kFixed);
      EXPECT_TRUE(code.changes.empty());
    } else {
      EXPECT_GT(code.changes.size(), 1000u);
    }
  }
}

// Noise between text is stored; so is what level 0 makes.
TEST(DeflatedStream, WithStoredBlocksComesBack) {
  Octets data = AliceHead(30'000);
  const Octets noise = Noise(100'000), text = data;
  data.insert(data.end(), noise.begin(), noise.end());
  data.insert(data.end(), text.begin(), text.end());
  for (const int level : {0, 1, 6}) {
    const Octets deflated = ByZlib(data, {level, 8, 15});
    const DeflatedData read = Read(deflated);
    EXPECT_EQ(read.data, data);
    const StreamCode code = ComesBack(deflated, read);
    EXPECT_EQ(code.ending, StreamEnding::kListed);
    EXPECT_TRUE(std::any_of(code.blocks.begin(), code.blocks.end(),
                            [](const ListedBlock& block) {
                              return block.form == BlockForm::kStored;
                            }));
  }
}

// Wherever the bytes end, what they say comes back, but for part of a byte.
TEST(DeflatedStream, ThatIsCutComesBack) {
  const Octets whole = ByZlib(AliceHead(9000), {6, 4, 15});
  int cut = 0;
  for (size_t size = 0; size < whole.size(); size += 7) {
    const Octets some(whole.begin(), whole.begin() + int64_t(size));
    const DeflatedData read = Read(some);
    EXPECT_FALSE(read.ended);
    if (read.blocks.empty()) continue;
    EXPECT_EQ(ComesBack(some, read).ending, StreamEnding::kCut);
    EXPECT_TRUE(std::equal(read.data.begin(), read.data.end(),
                           AliceHead(9000).begin()));
    EXPECT_LE(std::ssize(some) - read.bytes(), 100) << size;  // a header
    ++cut;
  }
  EXPECT_GT(cut, 400);
}

TEST(DeflatedStream, IsReadAsFarAsThereIsRoom) {
  const Octets text = AliceHead(9000);
  const Octets deflated = ByZlib(text, {6, 8, 15});
  for (const int64_t most : {1, 100, 8999}) {
    const DeflatedData read = Read(deflated, most);
    EXPECT_FALSE(read.ended);
    EXPECT_LE(std::ssize(read.data), most);
    EXPECT_GT(std::ssize(read.data), most - kLongestCopy);
    ComesBack(deflated, read);
  }
  EXPECT_TRUE(Read(deflated, 9000).ended);
}

// Whatever bytes are, what was read of them comes back.
TEST(DeflatedStream, ThatIsDamagedComesBackUpToThere) {
  const Octets whole = ByZlib(AliceHead(9000), {6, 8, 15});
  std::mt19937 random(6);
  for (int i = 0; i < 300; ++i) {
    Octets damaged = whole;
    damaged[random() % damaged.size()] ^= uint8_t(1 << random() % 8);
    const DeflatedData read = Read(damaged);
    if (!read.blocks.empty()) ComesBack(damaged, read);
  }
}

TEST(DeflatedStream, HasTheTokensThatAreSaid) {
  const Octets text = AliceHead(3000);
  StreamCode code = {{6, 8, 15}, StreamEnding::kFinish, {}, {}};
  code.changes = {{5, {}}, {0, {}}, {20, {1, 4}}};
  const auto made = Deflate(text, code);
  ASSERT_TRUE(made);
  const DeflatedData read = Read(*made);
  EXPECT_EQ(read.tokens[5].distance, 0);
  EXPECT_EQ(read.tokens[27], (DeflateToken{1, 4}));
  EXPECT_EQ(std::ssize(read.data), 3000);
}

// ---- hostile archives -------------------------------------------------------

TEST(DeflatedStream, ThatCannotBeIsRefused) {
  const Octets text = AliceHead(3000);
  const auto refuses = [&](const std::vector<ListedBlock>& blocks,
                           const std::vector<TokenChange>& changes) {
    return !Deflate(text, {{6, 8, 15}, StreamEnding::kListed, blocks, changes});
  };
  const DeflatedData read = Read(ByZlib(text, {6, 8, 15}));
  const auto tokens = std::ssize(read.tokens);
  const ListedBlock usual = {tokens, BlockForm::kAsZlib, true, true, {}};
  EXPECT_FALSE(refuses({usual}, {}));
  EXPECT_TRUE(refuses({}, {}));
  EXPECT_TRUE(refuses({{tokens - 1, BlockForm::kAsZlib, true, true, {}}}, {}));
  EXPECT_TRUE(refuses({{tokens + 1, BlockForm::kAsZlib, true, true, {}}}, {}));
  EXPECT_FALSE(refuses({{3000, BlockForm::kStored, true, true, {}}}, {}));
  EXPECT_TRUE(refuses({{3001, BlockForm::kStored, true, true, {}}}, {}));
  // Codes that are none, and codes that the tokens do not have.
  EXPECT_TRUE(refuses(
      {{tokens, BlockForm::kGivenCodes, true, true, {{0xFF, 0xFF}, 16}}}, {}));
  const BlockCodes few = ZlibCodes({}, 0, /*dynamic=*/true);
  EXPECT_TRUE(
      refuses({{tokens, BlockForm::kGivenCodes, true, true, few.header}}, {}));
  EXPECT_FALSE(refuses(
      {{tokens, BlockForm::kGivenCodes, true, true, read.blocks[0].header}},
      {}));
  EXPECT_TRUE(refuses({{tokens, BlockForm::kAsZlib, true, false, {}}}, {}));
  // Changes beyond the end.
  EXPECT_TRUE(refuses({usual}, {{tokens, {}}}));
  EXPECT_TRUE(refuses({{1, BlockForm::kFixed, false, true, {}}, usual},
                      {{2999, {1, 255}}}));
}

TEST(DeflatedStream, DetailsOutOfTheirRangesAreRefused) {
  const auto refuses = [](const Octets& bytes) {
    StreamCode code;
    code.ending = StreamEnding::kListed;
    ByteReader in(bytes);
    return RefusesArchive([&] { ReadDetails(in, code); });
  };
  EXPECT_FALSE(refuses({1, 5, 8, 1, 7, 0}));
  EXPECT_TRUE(refuses({1, 5, 5, 0}));            // a form
  EXPECT_TRUE(refuses({1, 5, 32, 0}));           // the same
  EXPECT_TRUE(refuses({1, 5, 4, 0x81, 0x40}));   // bits of a header
  EXPECT_TRUE(refuses({1, 5, 4, 16, 1}));        // they are not there
  EXPECT_FALSE(refuses({0, 1, 7, 0x80, 2, 5}));  // a copy of 258
  EXPECT_TRUE(refuses({0, 1, 7, 0x81, 2, 5}));   // longer
  EXPECT_FALSE(refuses({0, 1, 7, 3, 0xFF, 0xFF, 1}));
  EXPECT_TRUE(refuses({0, 1, 7, 3, 0x80, 0x80, 2}));  // farther than 32,768
  EXPECT_TRUE(refuses({0, 2, 7, 0}));                 // fewer than said
  EXPECT_TRUE(refuses({5}));
}

}  // namespace
}  // namespace nncpp
