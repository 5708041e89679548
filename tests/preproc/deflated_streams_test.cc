// tests/preproc/deflated_streams_test.cc -- streams inflated, and back.
#include "preproc/deflated_streams.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "src/base/deflate.h"
#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"
#include "tests/support/texts.h"
#include "tests/support/zlib_streams.h"

namespace nncpp {
namespace {

using ::nncpp::testing::AliceHead;
using ::nncpp::testing::BytesOf;
using ::nncpp::testing::ByZlib;
using ::nncpp::testing::ZlibForm;

constexpr int64_t kRoom = 100'000;

// The list and all bytes; null: there are no streams.
std::optional<Octets> Inflate(const Octets& bytes, int64_t most) {
  auto inflated = InflateStreams(bytes, most);
  if (!inflated) return std::nullopt;
  return inflated->bytes;
}

Octets DeflateAll(const Octets& inflated, int64_t size) {
  return DeflateStreams(inflated, StreamsForm::kAny, size);
}

bool HasStreams(const Octets& bytes, int64_t most) {
  const auto inflated = InflateStreams(bytes, most);
  return inflated && inflated->AreMany(std::ssize(bytes));
}

constexpr ZlibSettings kUsual = {6, 8, 15};

Octets Joined(std::initializer_list<Octets> parts) {
  Octets all;
  for (const Octets& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

bool Contains(const Octets& all, const Octets& part) {
  return std::search(all.begin(), all.end(), part.begin(), part.end()) !=
         all.end();
}

// A member of a ZIP with a name of five letters.
Octets ZipMember(const Octets& data, const ZlibSettings& settings) {
  Octets header(30);
  const Octets magic = {'P', 'K', 3, 4, 20, 0, 0, 0, 8, 0};
  std::copy(magic.begin(), magic.end(), header.begin());
  header[26] = 5;
  return Joined({header, BytesOf("a.txt"), ByZlib(data, settings)});
}

TEST(DeflatedStreams, AreInflatedAndComeBack) {
  const Octets text = AliceHead(3000);
  Octets with_name = ByZlib(text, kUsual, ZlibForm::kGzip);
  with_name[3] = 8;
  const Octets name = {'n', 0};
  with_name.insert(with_name.begin() + 10, name.begin(), name.end());
  for (const Octets& stream :
       {ByZlib(text, kUsual, ZlibForm::kZlib),
        ByZlib(text, {9, 9, 14}, ZlibForm::kZlib, StreamEnding::kPartial),
        ByZlib(text, kUsual, ZlibForm::kGzip), with_name,
        ZipMember(text, {9, 9, 15}), ZipMember(text, {1, 8, 15})}) {
    for (const Octets& all :
         {stream, Joined({BytesOf("before"), stream, BytesOf("after")}),
          Joined({stream, BytesOf("between"), stream})}) {
      const auto inflated = Inflate(all, kRoom);
      ASSERT_TRUE(inflated);
      EXPECT_TRUE(Contains(*inflated, text));
      EXPECT_EQ(DeflateAll(*inflated, std::ssize(all)), all);
      EXPECT_TRUE(HasStreams(all, kRoom));
    }
  }
}

// What no settings make.
Octets Foreign(const Octets& data) {
  return ByZlib(data, kUsual, ZlibForm::kZlib, StreamEnding::kFinish,
                Z_HUFFMAN_ONLY);
}

// The list as the format has it: one stream after two bytes of a header, of
// 3000 bytes, by level 6 and memory level 8, 15 bits, wrapped by zlib.
TEST(DeflatedStreams, HaveAListBeforeThem) {
  const Octets text = AliceHead(3000);
  const auto inflated = Inflate(ByZlib(text, kUsual, ZlibForm::kZlib), kRoom);
  ASSERT_TRUE(inflated);
  EXPECT_EQ(*inflated,
            Joined({{1, 2, 0xB8, 0x17, 0x86, 0x1F, 0, 0x78, 0x9C}, text}));
}

TEST(DeflatedStreams, StayWhereTheyAreNotToBeHad) {
  const Octets text = AliceHead(3000);
  const Octets stream = ByZlib(text, kUsual, ZlibForm::kZlib);
  EXPECT_FALSE(Inflate({}, kRoom));
  EXPECT_FALSE(Inflate(text, kRoom));
  EXPECT_FALSE(HasStreams(text, kRoom));
  // No room, by one byte: the list takes up to 16.
  const auto inflated = Inflate(stream, kRoom);
  ASSERT_TRUE(inflated);
  EXPECT_FALSE(Inflate(stream, std::ssize(*inflated) - 1));
  EXPECT_LE(std::ssize(*Inflate(stream, std::ssize(*inflated) + 64)),
            std::ssize(*inflated) + 64);
  // A short one, and a cut one that is short.
  EXPECT_FALSE(Inflate(ByZlib(AliceHead(40), kUsual, ZlibForm::kZlib), kRoom));
  EXPECT_FALSE(Inflate({stream.begin(), stream.begin() + 1000}, kRoom));
  // Streams that are few among other bytes.
  const Octets many = Joined({Octets(200'000, 1), stream});
  EXPECT_TRUE(Inflate(many, 2 * std::ssize(many)));
  EXPECT_FALSE(HasStreams(many, 2 * std::ssize(many)));
}

// A wrong sum stays as it is; so does what is missing at the end.
TEST(DeflatedStreams, AreInflatedWithoutTheirEnd) {
  const Octets text = AliceHead(9000);
  const Octets stream = ByZlib(text, kUsual, ZlibForm::kGzip);
  Octets wrong = stream;
  wrong[wrong.size() - 5] ^= 1;
  const Octets cut(stream.begin(), stream.end() - 1);
  const Octets half(stream.begin(), stream.begin() + 2500);
  for (const Octets& bytes : {wrong, cut, half, Joined({half, stream})}) {
    const auto inflated = Inflate(bytes, kRoom);
    ASSERT_TRUE(inflated);
    EXPECT_TRUE(Contains(*inflated, {text.begin(), text.begin() + 5000}));
    EXPECT_EQ(DeflateAll(*inflated, std::ssize(bytes)), bytes);
  }
}

// A stream may be longer than what it holds; a block never becomes shorter.
TEST(DeflatedStreams, MakeNoBlockShorter) {
  Octets shuffled;
  for (int i = 0; i < 100; ++i) {
    shuffled.push_back(static_cast<uint8_t>(20 + i * 37 % 100));
  }
  const auto thrice = [&](ZlibForm form) {
    const Octets grown = ByZlib(shuffled, kUsual, form);
    EXPECT_GT(grown.size(), shuffled.size());
    return Joined({grown, grown, grown});
  };
  const Octets longer = thrice(ZlibForm::kZlib);
  const auto inflated = Inflate(longer, kRoom);
  ASSERT_TRUE(inflated);
  EXPECT_GE(inflated->size(), longer.size());
  EXPECT_EQ(DeflateAll(*inflated, std::ssize(longer)), longer);
  // With its longer sums it would become shorter.
  EXPECT_FALSE(Inflate(thrice(ZlibForm::kGzip), kRoom));
}

// Chunks of a picture: `size` bytes each, the last one less.
Octets Chunks(const Octets& stream, size_t size) {
  Octets all;
  const auto put = [&all](uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      all.push_back(static_cast<uint8_t>(value >> shift));
    }
  };
  for (size_t at = 0; at < stream.size(); at += size) {
    const size_t next = std::min(size, stream.size() - at);
    put(static_cast<uint32_t>(next));
    Octets chunk = BytesOf("IDAT");
    chunk.insert(chunk.end(), stream.begin() + static_cast<int64_t>(at),
                 stream.begin() + static_cast<int64_t>(at + next));
    all.insert(all.end(), chunk.begin(), chunk.end());
    put(Crc32(chunk));
  }
  return all;
}

TEST(DeflatedStreams, AreInflatedInChunks) {
  const Octets text = AliceHead(9000);
  const Octets stream =
      ByZlib(text, kUsual, ZlibForm::kZlib, StreamEnding::kFinish, Z_FILTERED);
  const auto size = stream.size();
  for (const size_t chunk : {size_t{500}, size - 1, size, size + 1, size / 4}) {
    Octets png =
        Joined({BytesOf("header"), Chunks(stream, chunk), BytesOf("end")});
    auto inflated = Inflate(png, kRoom);
    ASSERT_TRUE(inflated);
    EXPECT_TRUE(Contains(*inflated, text)) << chunk;
    EXPECT_EQ(DeflateAll(*inflated, std::ssize(png)), png);
    // Up to a wrong length or sum, if at all.
    png[6 + chunk / 2 + 8] ^= 1;
    if (chunk < size) png[6 + chunk + 12 + 8 + 100] ^= 1;
    inflated = Inflate(png, kRoom);
    if (inflated) {
      EXPECT_EQ(DeflateAll(*inflated, std::ssize(png)), png);
    }
  }
  // A cut picture.
  const Octets png = Chunks(stream, 500);
  for (size_t left = 2000; left < 2600; left += 13) {
    const Octets cut(png.begin(), png.begin() + static_cast<int64_t>(left));
    const auto inflated = Inflate(cut, kRoom);
    ASSERT_TRUE(inflated);
    EXPECT_TRUE(Contains(*inflated, {text.begin(), text.begin() + 3000}));
    EXPECT_EQ(DeflateAll(*inflated, std::ssize(cut)), cut);
  }
}

// One stream that zlib does not make again does not stop the next.
TEST(DeflatedStreams, AreFoundBehindOthers) {
  const Octets text = AliceHead(3000);
  const Octets foreign = Foreign(text);
  const Octets all =
      Joined({foreign, ByZlib(text, kUsual, ZlibForm::kZlib), foreign});
  const auto inflated = Inflate(all, kRoom);
  ASSERT_TRUE(inflated);
  EXPECT_TRUE(Contains(*inflated, text));
  EXPECT_EQ(DeflateAll(*inflated, std::ssize(all)), all);
}

// After some streams of another program no more settings are tried.
TEST(DeflatedStreams, OfOtherProgramsEndTheSearch) {
  const Octets text = AliceHead(3000);
  const Octets foreign = Foreign(text);
  // Bytes that one of level 1 adds behind so many, with all that is said of it.
  const auto added = [&](int others) {
    Octets all;
    for (int i = 0; i < others; ++i) all = Joined({all, foreign});
    const auto without = Inflate(all, kRoom);
    const Octets last = ByZlib(text, {1, 8, 15}, ZlibForm::kZlib);
    return std::ssize(*Inflate(Joined({all, last}), kRoom)) -
           std::ssize(without ? *without : all);
  };
  EXPECT_LE(added(0), 3010);
  EXPECT_LE(added(7), 3010);
  EXPECT_LT(added(8), 3000);  // it stays
}

// Every seventh byte begins a stream that does not end.
TEST(DeflatedStreams, AreNotLookedForWithoutEnd) {
  const Octets text = AliceHead(3000);
  Octets all = ByZlib(text, kUsual, ZlibForm::kZlib);
  for (int i = 0; i < 20'000; ++i) {
    for (const uint8_t byte : {0x78, 0x01, 0x00, 0x02, 0x00, 0xFD, 0xFF}) {
      all.push_back(byte);
    }
  }
  const Octets last = ByZlib(text, kUsual, ZlibForm::kZlib);
  all.insert(all.end(), last.begin(), last.end());
  const auto inflated = Inflate(all, 1 << 20);
  ASSERT_TRUE(inflated);
  EXPECT_EQ(inflated->front(), 1);  // the last one is not reached
  EXPECT_EQ(DeflateAll(*inflated, std::ssize(all)), all);
}

TEST(DeflatedStreams, OfHostileArchivesAreRefused) {
  const Octets text = AliceHead(3000);
  const Octets all = ByZlib(text, kUsual, ZlibForm::kZlib);
  const Octets inflated = *Inflate(all, kRoom);
  const int64_t size = std::ssize(all);
  for (const int64_t wrong : {size - 1, size + 1, int64_t{0}}) {
    EXPECT_TRUE(RefusesArchive([&] { DeflateAll(inflated, wrong); }));
  }
  // A count, places, sizes and settings that cannot be.
  for (const Octets& head : {Octets{},
                             {2},
                             {1, 0xFF, 0x7F, 1, 0x86, 0x1F, 0},
                             {1, 0, 0xFF, 0x7F, 0x86, 0x1F, 0},
                             {1, 0, 5, 0x80, 0x1F, 0},
                             {1, 0, 5, 0x86, 0x18, 0},
                             {1, 0, 5, 0x86, 0x17, 2, 0},
                             {1, 0, 5, 0x86, 0x17, 7, 0},
                             {1, 0, 5, 0x86, 0x3F, 0, 0},
                             {1, 0, 5, 0x86, 0x3F, 5, 1, 0},
                             {1, 0, 5, 0x86, 0x3F, 4, 9, 0},
                             {1, 0, 5, 0x86, 0x9F, 0, 0},
                             {1, 0, 5, 0xA6, 0x1F, 0},
                             {0xFF, 0xFF, 0xFF, 0xFF, 0x7F}}) {
    EXPECT_TRUE(RefusesArchive([&] {
      DeflateAll(Joined({head, BytesOf("12345")}), 1000);
    })) << ::testing::PrintToString(head);
  }
}

// Archives of before have lists without details, and less in them.
TEST(DeflatedStreams, OfTheFirstFormAreRead) {
  const Octets text = AliceHead(3000);
  const Octets all = ByZlib(text, kUsual, ZlibForm::kZlib);
  const auto read = [&](const Octets& list) {
    return DeflateStreams(Joined({list, {0x78, 0x9C}, text}),
                          StreamsForm::kOfZlib, std::ssize(all));
  };
  EXPECT_EQ(read({1, 2, 0xB8, 0x17, 0x86, 0x1F}), all);
  for (const Octets& list : {Octets{1, 2, 0xB8, 0x17, 0x86, 0x17},
                             {1, 2, 0xB8, 0x17, 0x86, 0x3F},
                             {1, 2, 0xB8, 0x17, 0x86, 0x9F},
                             {1, 2, 0xB8, 0x17, 0x86, 0xDF}}) {
    EXPECT_TRUE(RefusesArchive([&] { read(list); }));
  }
}

}  // namespace
}  // namespace nncpp
