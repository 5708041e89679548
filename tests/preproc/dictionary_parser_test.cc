// tests/preproc/dictionary_parser_test.cc -- the fewest symbols.
#include "preproc/dictionary_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/errors.h"
#include "tests/support/texts.h"

namespace nncpp {
namespace {

using ::nncpp::testing::AnyText;
using ::nncpp::testing::BytesOf;
using Symbols = std::vector<uint16_t>;

Symbols Parsed(const Dictionary& dictionary, std::vector<uint8_t> bytes) {
  Symbols symbols;
  DictionaryParser(dictionary).Parse(bytes, symbols);
  return symbols;
}

std::vector<std::string> Pieces(const Dictionary& dictionary,
                                std::string_view text) {
  std::vector<std::string> pieces;
  for (const uint16_t symbol : Parsed(dictionary, BytesOf(text))) {
    pieces.emplace_back(dictionary.Bytes(symbol));
  }
  return pieces;
}

// The fewest words that spell `text`, by trying every word everywhere.
int64_t Fewest(const Dictionary& dictionary, std::string_view text) {
  std::vector<int64_t> fewest(text.size() + 1, 1 << 30);
  fewest[0] = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    for (int64_t s = 0; s < dictionary.alphabet(); ++s) {
      const std::string_view word = dictionary.Bytes(s);
      if (text.substr(i, word.size()) != word) continue;
      fewest[i + word.size()] =
          std::min(fewest[i + word.size()], fewest[i] + 1);
    }
  }
  return fewest.back();
}

TEST(DictionaryParser, TakesBytesWhereThereAreNoWords) {
  EXPECT_EQ(Parsed(Dictionary(), {0, 255, 7}), (Symbols{0, 255, 7}));
  EXPECT_EQ(Parsed(Dictionary({"ab"}), {}), Symbols());
}

TEST(DictionaryParser, FindsFewerThanTheLongestFirst) {
  const Dictionary dictionary({"ab", "abc", "cdefg"});
  EXPECT_EQ(Pieces(dictionary, "abcdefg"),
            (std::vector<std::string>{"ab", "cdefg"}));
}

TEST(DictionaryParser, TakesTheLongestOfEqualChoices) {
  const Dictionary dictionary({"ab", "abc", "cd"});
  EXPECT_EQ(Pieces(dictionary, "abcd"), (std::vector<std::string>{"abc", "d"}));
}

TEST(DictionaryParser, IsOptimal) {
  const Dictionary dictionary({"th", "he", "the", " t", "The", "aa", "aaaaa",
                               "aaaaaaa", "AZ", "\x01\x01", "nc", "ncp", "cp"});
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const std::vector<uint8_t> text = AnyText(seed);
    const std::string view(text.begin(), text.end());
    ASSERT_EQ(std::ssize(Parsed(dictionary, text)), Fewest(dictionary, view))
        << "seed " << seed;
  }
}

TEST(DictionaryParser, KeepsTextLongerThanAPiece) {
  const Dictionary dictionary({"abc", "bca"});
  std::vector<uint8_t> text;
  for (int i = 0; i < 200000; ++i) {
    text.push_back(static_cast<uint8_t>("abc"[i % 3]));
  }
  const Symbols symbols = Parsed(dictionary, text);
  std::vector<uint8_t> back;
  SpellSymbols(dictionary, symbols, std::ssize(text), back);
  EXPECT_EQ(back, text);
  EXPECT_LE(std::ssize(symbols), 200000 / 3 + 8);
}

TEST(SpellSymbols, RefusesWhatNoDictionaryHas) {
  const Dictionary dictionary({"abc"});
  std::vector<uint8_t> out;
  EXPECT_TRUE(RefusesArchive(
      [&] { SpellSymbols(dictionary, Symbols{257}, 100, out); }));
  EXPECT_TRUE(RefusesArchive([&] {
    SpellSymbols(dictionary, Symbols{256, 256}, 5, out);
  }));
  EXPECT_TRUE(out.empty());
  SpellSymbols(dictionary, Symbols{256, 256}, 6, out);
  EXPECT_EQ(out, BytesOf("abcabc"));
}

}  // namespace
}  // namespace nncpp
