// tests/preproc/primer_library_test.cc -- texts of many kinds, and their order.
#include "preproc/primer_library.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "preproc/primer.h"
#include "tests/support/texts.h"

namespace nncpp {
namespace {

using ::nncpp::testing::AliceHead;
using ::nncpp::testing::BytesOf;

int64_t Texts() { return std::ssize(PrimerLibrary()); }

// The text that holds `piece`; -1: none.
int64_t Holder(std::string_view piece) {
  for (int64_t i = 0; i < Texts(); ++i) {
    if (PrimerLibrary()[i].find(piece) != std::string_view::npos) return i;
  }
  return -1;
}

// A changed text, or another order, would be another primer.
TEST(PrimerLibrary, IsTheTextsThatArchivesName) {
  std::string all;
  for (const std::string_view text : PrimerLibrary()) all += text;
  EXPECT_EQ(Texts(), 21);
  EXPECT_EQ(all.size(), 2418146u);
  EXPECT_EQ(PrimerHash(all), 7459746121572396693u);
}

TEST(PrimerLibrary, HasAllOfTheFirstPrimer) {
  const int64_t words = Holder(PrimerText().substr(0, 100));
  const std::string_view end = PrimerText().substr(PrimerText().size() - 100);
  const int64_t examples = Holder(end);
  ASSERT_GE(words, 0);
  ASSERT_GT(examples, words);
  EXPECT_EQ(std::string(PrimerLibrary()[words]) +
                std::string(PrimerLibrary()[examples]),
            PrimerText());
}

TEST(MostAlike, NamesTheTextOfTheSameKindLast) {
  const struct {
    const char* kind;
    std::string head;
    const char* piece;  // of the text of that kind
  } cases[] = {
      {"a wiki",
       "<page>\n    <title>Lyon</title>\n    <id>17</id>\n  '''Lyon'''"
       " is a [[city]] in [[France]], with a [[population]] of",
       "</username>"},
      {"C++",
       "#include <vector>\n\nnamespace {\n\nclass Box {\n public:\n  "
       "explicit Box(const std::string& name) : name_(name) {}\n",
       "std::unique_ptr"},
      {"Python",
       "import os\n\n\ndef main():\n    for name in self.names:\n    "
       "    if not name:\n            raise ValueError(name)\n",
       "raise ValueError("},
  };
  for (const auto& c : cases) {
    const std::vector<uint8_t> last = MostAlike(BytesOf(c.head));
    ASSERT_EQ(std::ssize(last), kMostAlike) << c.kind;
    EXPECT_NE(PrimerLibrary()[last.back()].find(c.piece), std::string::npos)
        << c.kind << ": " << int{last.back()};
  }
}

// Alice is a story; the two of the first primer are like everything.
TEST(MostAlike, LeavesOutWhatIsCommon) {
  const std::vector<uint8_t> last = MostAlike(AliceHead(60000));
  ASSERT_EQ(std::ssize(last), kMostAlike);
  EXPECT_NE(PrimerLibrary()[last.back()].find("said Mr"), std::string::npos);
  for (const uint8_t text : last) {
    EXPECT_EQ(PrimerText().find(PrimerLibrary()[text].substr(0, 200)),
              std::string::npos);
  }
}

TEST(MostAlike, KnowsWhatIsNoneOfThem) {
  EXPECT_TRUE(MostAlike({}).empty());
  EXPECT_TRUE(MostAlike(std::vector<uint8_t>(5000, 0)).empty());
  std::vector<uint8_t> noise(100'000);
  uint32_t state = 1;
  for (uint8_t& byte : noise) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<uint8_t>(state >> 24);
  }
  EXPECT_TRUE(MostAlike(noise).empty());
  // One run in twenty must be known: 100 of a text among so many new ones.
  const std::string_view text = PrimerLibrary().back().substr(1000, 105);
  const auto among = [&](int64_t others) {
    std::vector<uint8_t> head(noise.begin(), noise.begin() + others);
    head.insert(head.end(), text.begin(), text.end());
    return head;
  };
  EXPECT_FALSE(MostAlike(among(1700)).empty());
  EXPECT_TRUE(MostAlike(among(2200)).empty());
}

TEST(LibraryEnd, PutsWhatIsNamedLastAndWhatIsNearBeforeIt) {
  ASSERT_GE(Texts(), 6);
  const auto library = PrimerLibrary();
  std::string expected;
  for (const size_t text : {5, 0, 1, 4, 3, 2}) expected += library[text];
  const std::vector<uint8_t> last = {4, 3, 2};
  const std::string all = LibraryEnd(6, last, 100'000'000);
  EXPECT_TRUE(all == expected);
  EXPECT_TRUE(LibraryEnd(6, last, 12345) ==
              expected.substr(expected.size() - 12345));
  EXPECT_EQ(LibraryEnd(6, last, 0), "");
}

TEST(LibraryEnd, HasEveryTextOnce) {
  const std::vector<uint8_t> last = {2};
  size_t bytes = 0;
  for (const std::string_view text : PrimerLibrary()) bytes += text.size();
  EXPECT_EQ(LibraryEnd(Texts(), last, 100'000'000).size(), bytes);
}

}  // namespace
}  // namespace nncpp
