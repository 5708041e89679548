// tests/preproc/deflated_stream_test.cc -- deflated data of anyone, told and
// made again.
#include "preproc/deflated_stream.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "preproc/zlib_blocks.h"
#include "tests/support/errors.h"
#include "tests/support/texts.h"
#include "tests/support/zlib_streams.h"

namespace nncpp {
namespace {

using ::nncpp::testing::AliceHead;
using ::nncpp::testing::ByZlib;
using ::nncpp::testing::Deflate;
using ::nncpp::testing::kAnySize;
using ::nncpp::testing::Noise;
using ::nncpp::testing::ZlibForm;

using Octets = std::vector<uint8_t>;

DeflatedData Read(const Octets& deflated, int64_t most = kAnySize) {
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
  ReadDetails(in, std::ssize(read.data), again);
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

// Also where the last literal fills a block, which then is the last one.
TEST(DeflatedStream, OfZlibOfAnyLengthHasNothingToSay) {
  Octets data = AliceHead(1200);
  for (; data.size() > 600; data.pop_back()) {
    const Octets deflated = ByZlib(data, {6, 1, 15});
    const StreamCode code = ComesBack(deflated, Read(deflated));
    ASSERT_EQ(code.ending, StreamEnding::kFinish) << data.size();
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

// The bits of a code, the highest first.
void AddCode(uint32_t code, int count, BitString& to) {
  for (int i = count - 1; i >= 0; --i) to.Add(code >> i & 1, 1);
}

// The longest copy by the code of the second longest ones, which zlib reads.
TEST(DeflatedStream, OfRareCodesIsReadUpToThem) {
  BitString bits;
  bits.Add(1, 1);  // the last block
  bits.Add(1, 2);  // fixed codes
  AddCode(0x30 + 'a', 8, bits);
  AddCode(0xC0 + 4, 8, bits);  // 284
  bits.Add(31, 5);
  AddCode(0, 5, bits);  // from one back
  AddCode(0, 7, bits);  // the end
  const DeflatedData read = Read(bits.bytes);
  EXPECT_EQ(read.data, (Octets{'a'}));
  EXPECT_FALSE(read.ended);
  ComesBack(bits.bytes, read);
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
  // 257 literals and a distance of one bit each.
  BitString over;
  over.Add(0, 10);
  over.Add(15, 4);  // all 19 lengths of codes follow
  for (int i = 0; i < 19; ++i) over.Add(i == 17 ? 1 : 0, 3);
  for (int i = 0; i < 258; ++i) over.Add(0, 1);
  EXPECT_TRUE(
      refuses({{tokens, BlockForm::kGivenCodes, true, true, over}}, {}));
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
    return RefusesArchive([&] { ReadDetails(in, 100, code); });
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
  Octets many = {0x80, 8};  // 1024 blocks
  for (int i = 0; i < 1024; ++i) many.insert(many.end(), {0, 2});
  many.push_back(0);
  EXPECT_FALSE(refuses(many));
  many = {0x87, 8};  // 1031
  for (int i = 0; i < 1031; ++i) many.insert(many.end(), {0, 2});
  many.push_back(0);
  EXPECT_TRUE(refuses(many));
}

}  // namespace
}  // namespace nncpp
