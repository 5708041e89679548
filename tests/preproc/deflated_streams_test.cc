// tests/preproc/deflated_streams_test.cc -- streams inflated, and back.
#include "preproc/deflated_streams.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "preproc/zlib_deflate.h"
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
constexpr ZlibSettings kUsual = {6, 8, 15, ZlibEnding::kFinish};
constexpr ZlibSettings kAdobe = {9, 9, 14, ZlibEnding::kPartial};

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
        ByZlib(text, kAdobe, ZlibForm::kZlib),
        ByZlib(text, kUsual, ZlibForm::kGzip), with_name,
        ZipMember(text, {9, 9, 15, ZlibEnding::kFinish}),
        ZipMember(text, {1, 8, 15, ZlibEnding::kFinish})}) {
    for (const Octets& all :
         {stream, Joined({BytesOf("before"), stream, BytesOf("after")}),
          Joined({stream, BytesOf("between"), stream})}) {
      const auto inflated = InflateStreams(all, kRoom);
      ASSERT_TRUE(inflated);
      EXPECT_TRUE(Contains(*inflated, text));
      EXPECT_EQ(DeflateStreams(*inflated, std::ssize(all)), all);
      EXPECT_TRUE(HasStreams(all, kRoom));
    }
  }
}

// What no settings make.
Octets Foreign(const Octets& data) {
  return ByZlib(data, kUsual, ZlibForm::kZlib, Z_HUFFMAN_ONLY);
}

// The list as the format has it: one stream after two bytes of a header, of
// 3000 bytes, by level 6 and memory level 8, 15 bits, wrapped by zlib.
TEST(DeflatedStreams, HaveAListBeforeThem) {
  const Octets text = AliceHead(3000);
  const auto inflated =
      InflateStreams(ByZlib(text, kUsual, ZlibForm::kZlib), kRoom);
  ASSERT_TRUE(inflated);
  EXPECT_EQ(*inflated,
            Joined({{1, 2, 0xB8, 0x17, 0x86, 0x1F, 0x78, 0x9C}, text}));
}

TEST(DeflatedStreams, StayWhereTheyAreNotToBeHad) {
  const Octets text = AliceHead(3000);
  const Octets stream = ByZlib(text, kUsual, ZlibForm::kZlib);
  EXPECT_FALSE(InflateStreams({}, kRoom));
  EXPECT_FALSE(InflateStreams(text, kRoom));
  EXPECT_FALSE(HasStreams(text, kRoom));
  Octets other = stream;
  other.back() ^= 1;  // the sum
  EXPECT_FALSE(InflateStreams(other, kRoom));
  other = stream;
  other.resize(stream.size() - 1);
  EXPECT_FALSE(InflateStreams(other, kRoom));
  // No room, by one byte: the list takes up to 16.
  const auto inflated = InflateStreams(stream, kRoom);
  ASSERT_TRUE(inflated);
  EXPECT_FALSE(InflateStreams(stream, std::ssize(*inflated) - 1));
  EXPECT_LE(std::ssize(*InflateStreams(stream, std::ssize(*inflated) + 64)),
            std::ssize(*inflated) + 64);
  // A short one, and one that holds less than it is.
  EXPECT_FALSE(
      InflateStreams(ByZlib(AliceHead(40), kUsual, ZlibForm::kZlib), kRoom));
  Octets shuffled;
  for (int i = 0; i < 100; ++i) {
    shuffled.push_back(static_cast<uint8_t>(20 + i * 37 % 100));
  }
  for (const ZlibForm form : {ZlibForm::kZlib, ZlibForm::kGzip}) {
    const Octets grown = ByZlib(shuffled, kUsual, form);
    ASSERT_GT(grown.size(), shuffled.size());
    EXPECT_FALSE(InflateStreams(Joined({grown, grown, grown}), kRoom));
  }
  // Streams that are few among other bytes.
  const Octets many = Joined({Octets(200'000, 1), stream});
  EXPECT_TRUE(InflateStreams(many, 2 * std::ssize(many)));
  EXPECT_FALSE(HasStreams(many, 2 * std::ssize(many)));
}

// One stream that zlib does not make again does not stop the next.
TEST(DeflatedStreams, AreFoundBehindOthers) {
  const Octets text = AliceHead(3000);
  const Octets foreign = Foreign(text);
  const Octets all =
      Joined({foreign, ByZlib(text, kUsual, ZlibForm::kZlib), foreign});
  const auto inflated = InflateStreams(all, kRoom);
  ASSERT_TRUE(inflated);
  EXPECT_TRUE(Contains(*inflated, text));
  EXPECT_EQ(DeflateStreams(*inflated, std::ssize(all)), all);
}

// After many streams of another program no more settings are tried, but those
// of the last stream that zlib made.
TEST(DeflatedStreams, OfOtherProgramsEndTheSearch) {
  const Octets text = AliceHead(3000);
  const Octets foreign = Foreign(text);
  const auto is_found = [&](int others, const ZlibSettings& settings) {
    Octets all;
    for (int i = 0; i < others; ++i) all = Joined({all, foreign});
    all = Joined({all, ByZlib(text, settings, ZlibForm::kZlib)});
    return InflateStreams(all, kRoom).has_value();
  };
  const ZlibSettings other = {1, 8, 15, ZlibEnding::kFinish};
  EXPECT_TRUE(is_found(15, other));
  EXPECT_FALSE(is_found(16, other));
  EXPECT_TRUE(is_found(16, kUsual));
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
  const auto inflated = InflateStreams(all, 1 << 20);
  ASSERT_TRUE(inflated);
  EXPECT_EQ(inflated->front(), 1);  // the last one is not reached
  EXPECT_EQ(DeflateStreams(*inflated, std::ssize(all)), all);
}

TEST(DeflatedStreams, OfHostileArchivesAreRefused) {
  const Octets text = AliceHead(3000);
  const Octets all = ByZlib(text, kUsual, ZlibForm::kZlib);
  const Octets inflated = *InflateStreams(all, kRoom);
  const int64_t size = std::ssize(all);
  for (const int64_t wrong : {size - 1, size + 1, int64_t{0}}) {
    EXPECT_TRUE(RefusesArchive([&] { DeflateStreams(inflated, wrong); }));
  }
  // A count, places, sizes and settings that cannot be.
  for (const Octets& head : {Octets{},
                             {2},
                             {1, 0xFF, 0x7F, 1, 0x86, 0x1F},
                             {1, 0, 0xFF, 0x7F, 0x86, 0x1F},
                             {1, 0, 5, 0x80, 0x1F},
                             {1, 0, 5, 0x86, 0x18},
                             {1, 0, 5, 0x86, 0x3F},
                             {1, 0, 5, 0x86, 0x9F},
                             {1, 0, 5, 0xA6, 0x1F},
                             {0xFF, 0xFF, 0xFF, 0xFF, 0x7F}}) {
    EXPECT_TRUE(RefusesArchive([&] {
      DeflateStreams(Joined({head, BytesOf("12345")}), 1000);
    }));
  }
}

}  // namespace
}  // namespace nncpp
