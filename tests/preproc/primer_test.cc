// tests/preproc/primer_test.cc -- the words that come with the program.
#include "preproc/primer.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/texts.h"

namespace nncpp {
namespace {

using ::nncpp::testing::AliceHead;
using ::nncpp::testing::BytesOf;

TEST(Primer, IsTheTextThatArchivesName) {
  EXPECT_EQ(PrimerText().size(), 1234956u);
  EXPECT_EQ(PrimerHash(PrimerText()), 8709725559960719501u);
}

TEST(Primer, IsLinesOfPlainText) {
  for (const char c : PrimerText()) {
    ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << static_cast<int>(c);
  }
  EXPECT_EQ(PrimerText().back(), '\n');
}

TEST(LooksEnglish, TellsEnglishFromOtherTexts) {
  EXPECT_TRUE(LooksEnglish(AliceHead(60000)));
  EXPECT_FALSE(LooksEnglish({}));
  EXPECT_FALSE(LooksEnglish(std::vector<uint8_t>(5000, 0)));
  EXPECT_FALSE(LooksEnglish(BytesOf(
      "Dans toutes les compagnies il y a plus de fous que de sages, et la plus "
      "grande partie surmonte toujours la meilleure, dit Pantagruel.")));
}

TEST(LooksEnglish, WantsAWordInEveryHundredBytes) {
  const std::string word = " the ";
  EXPECT_TRUE(LooksEnglish(BytesOf(word + std::string(95, 'x'))));
  EXPECT_FALSE(LooksEnglish(BytesOf(word + std::string(96, 'x'))));
}

}  // namespace
}  // namespace nncpp
