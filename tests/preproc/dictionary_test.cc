// tests/preproc/dictionary_test.cc -- words, their order, and their text form.
#include "preproc/dictionary.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/errors.h"

namespace nncpp {
namespace {

TEST(Dictionary, PutsBytesBeforeSortedWords) {
  const Dictionary dictionary({"the", "and", "the", "\xFF\x80"});
  EXPECT_EQ(dictionary.words(), 3);
  EXPECT_EQ(dictionary.alphabet(), 259);
  EXPECT_EQ(dictionary.Bytes(0), std::string(1, '\0'));
  EXPECT_EQ(dictionary.Bytes(255), "\xFF");
  EXPECT_EQ(dictionary.Bytes(256), "and");
  EXPECT_EQ(dictionary.Bytes(257), "the");
  EXPECT_EQ(dictionary.Bytes(258), "\xFF\x80");
}

TEST(Dictionary, RefusesWordsOfAWrongLength) {
  EXPECT_TRUE(RefusesArchive([] { Dictionary({"a"}); }));
  EXPECT_TRUE(RefusesArchive([] { Dictionary({std::string(65, 'a')}); }));
  EXPECT_EQ(Dictionary({std::string(64, 'a')}).words(), 1);
}

TEST(Dictionary, RefusesMoreWordsThanSymbolsHave) {
  std::vector<std::string> words;
  for (int i = 0; i < kMaxWords; ++i)
    words.push_back(std::to_string(100000 + i));
  EXPECT_EQ(Dictionary(words).alphabet(), 65535);
  words.push_back("more");
  EXPECT_TRUE(RefusesArchive([&] { Dictionary{words}; }));
}

TEST(Dictionary, HasAHashOfItsWords) {
  EXPECT_EQ(Dictionary({"ab", "cd"}).Hash(), Dictionary({"cd", "ab"}).Hash());
  EXPECT_NE(Dictionary({"ab", "cd"}).Hash(), Dictionary({"abc", "dd"}).Hash());
  EXPECT_NE(Dictionary({"ab"}).Hash(), Dictionary().Hash());
}

TEST(DictionaryText, ComesBack) {
  std::string every;
  for (int i = 1; i < 64; ++i) every += static_cast<char>(i * 4);
  for (const Dictionary& dictionary :
       {Dictionary(), Dictionary({"and", " the", "back\\slash", every}),
        Dictionary({std::string(2, '\0'), "\n\n", "\xFE\xFF"})}) {
    EXPECT_EQ(ParseDictionary(DictionaryText(dictionary)), dictionary);
  }
}

TEST(DictionaryText, IsReadable) {
  EXPECT_EQ(DictionaryText(Dictionary({"\x01 a\\", "and"})),
            "\\x01 a\\x5c\nand\n");
}

TEST(DictionaryText, RefusesOtherSpellings) {
  for (const char* text :
       {"ab", "a\n", "\n", "ab\nab\n", "b1\na1\n", "\\x4\n", "\\xAB\\xCD\n",
        "\\n\\n\n", "a\tb\n", "\xC3\xA9\n"}) {
    ExpectError(ErrorKind::kFormat, "line ", [&] { ParseDictionary(text); });
  }
}

}  // namespace
}  // namespace nncpp
