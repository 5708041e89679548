// tests/preproc/capitals_test.cc -- case as flags, and back.
#include "preproc/capitals.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/errors.h"
#include "tests/support/texts.h"

namespace nncpp {
namespace {

using ::nncpp::testing::AnyText;
using ::nncpp::testing::BytesOf;

std::string Encoded(std::string_view text) {
  std::vector<uint8_t> out;
  EncodeCapitals(BytesOf(text), out);
  return {out.begin(), out.end()};
}

std::string Decoded(std::string_view text) {
  std::vector<uint8_t> out;
  DecodeCapitals(BytesOf(text), out);
  return {out.begin(), out.end()};
}

TEST(Capitals, BecomeFlagsBeforeTheSpace) {
  EXPECT_EQ(Encoded("The cat"), "\1the cat");
  EXPECT_EQ(Encoded("a Cat"), "a\1 cat");
  EXPECT_EQ(Encoded("a NASA"), "a\2 nasa");
  EXPECT_EQ(Encoded("  I am"), " \1 i am");
}

TEST(Capitals, OfAWordThatGoesOnInSmallLettersEnd) {
  EXPECT_EQ(Encoded("PCs"), "\2pc\3s");
  EXPECT_EQ(Encoded("PC9"), "\2pc9");
  EXPECT_EQ(Encoded("iPhone"), "i\1phone");
}

TEST(Capitals, EscapeBytesThatLookLikeFlags) {
  EXPECT_EQ(Encoded("\1\2\3\4\5"), "\4\1\4\2\4\3\4\4\5");
  EXPECT_EQ(Decoded("\4\1\4\2\4\3\4\4\5"), "\1\2\3\4\5");
}

TEST(Capitals, ComeBackInEveryPairAndTripleOfTellingBytes) {
  const std::string bytes = "aAzZ @[`{ \1\2\3\4\5\n\x80\xFF";
  for (const char a : bytes) {
    for (const char b : bytes) {
      for (const char c : bytes) {
        const std::string text = {a, b, c};
        ASSERT_EQ(Decoded(Encoded(text)), text);
        ASSERT_EQ(Decoded(Encoded("A" + text + "b")), "A" + text + "b");
      }
    }
  }
}

TEST(Capitals, ComeBackInGeneratedInputs) {
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    const std::vector<uint8_t> text = AnyText(seed);
    std::vector<uint8_t> coded, back;
    EncodeCapitals(text, coded);
    ASSERT_LE(coded.size(), 2 * text.size());
    DecodeCapitals(coded, back);
    ASSERT_EQ(back, text) << "seed " << seed;
  }
}

TEST(Capitals, AppendToWhatIsThere) {
  std::vector<uint8_t> out = {9};
  EncodeCapitals(BytesOf("A"), out);
  EXPECT_EQ(out, (std::vector<uint8_t>{9, 1, 'a'}));
}

TEST(Capitals, RefuseFlagsThatLeadNowhere) {
  for (const char* text : {"\1", "\1 ",
                           "\1"
                           "1",
                           "\2",
                           "\2"
                           "a",
                           "\2 a.", "\3", "a\3", "\4",
                           "\4"
                           "a",
                           "\1\1"
                           "a"}) {
    EXPECT_TRUE(RefusesArchive([&] { Decoded(text); }))
        << ::testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace nncpp
