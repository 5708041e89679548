// tests/preproc/dictionary_trainer_test.cc -- dictionaries from samples.
#include "preproc/dictionary_trainer.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "preproc/dictionary_parser.h"
#include "tests/support/texts.h"

namespace nncpp {
namespace {

using ::nncpp::testing::AliceHead;
using ::nncpp::testing::AnyText;
using ::nncpp::testing::BytesOf;

TEST(DictionaryTrainer, FindsTheWordThatRepeats) {
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += "nncpp";
    text += static_cast<char>('A' + i % 26);
    text += static_cast<char>('0' + i * 7 % 10);
  }
  const Dictionary dictionary =
      TrainDictionary(BytesOf(text), {.words = 1, .min_frequency = 10});
  ASSERT_EQ(dictionary.words(), 1);
  const Dictionary more =
      TrainDictionary(BytesOf(text), {.words = 10, .min_frequency = 10});
  bool found = false;
  for (int64_t s = kByteSymbols; s < more.alphabet(); ++s) {
    found = found || more.Bytes(s) == "nncpp";
  }
  EXPECT_TRUE(found);
}

TEST(DictionaryTrainer, KeepsToTheGoal) {
  const std::vector<uint8_t> text = AliceHead(60000);
  for (const int64_t words : {0, 1, 40, 700}) {
    const TrainingGoal goal = {.words = words, .min_frequency = 12};
    const Dictionary dictionary = TrainDictionary(text, goal);
    EXPECT_LE(dictionary.words(), words);
    EXPECT_GE(dictionary.words(), words * 2 / 3);
    std::vector<uint16_t> symbols;
    DictionaryParser(dictionary).Parse(text, symbols);
    std::map<uint16_t, int64_t> uses;
    for (const uint16_t symbol : symbols) ++uses[symbol];
    for (int64_t s = kByteSymbols; s < dictionary.alphabet(); ++s) {
      EXPECT_GE(uses[static_cast<uint16_t>(s)], goal.min_frequency)
          << dictionary.Bytes(s);
    }
  }
}

// 2,000 words take alice29.txt's head to less than a third of its bytes.
TEST(DictionaryTrainer, MakesFewSymbols) {
  const std::vector<uint8_t> text = AliceHead(60000);
  const Dictionary dictionary =
      TrainDictionary(text, {.words = 2000, .min_frequency = 4});
  std::vector<uint16_t> symbols;
  DictionaryParser(dictionary).Parse(text, symbols);
  EXPECT_LT(symbols.size() * 3, text.size());
}

TEST(DictionaryTrainer, FindsNothingWhereNothingRepeats) {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<uint8_t>(i));
  EXPECT_EQ(TrainDictionary(bytes, {.words = 100, .min_frequency = 2}).words(),
            0);
  EXPECT_EQ(TrainDictionary({}, {.words = 100, .min_frequency = 2}).words(), 0);
}

TEST(DictionaryTrainer, SurvivesRunsAndNoise) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::vector<uint8_t> text = AnyText(seed);
    text.insert(text.end(), 500, static_cast<uint8_t>(seed));
    const Dictionary dictionary =
        TrainDictionary(text, {.words = 50, .min_frequency = 2});
    std::vector<uint16_t> symbols;
    DictionaryParser(dictionary).Parse(text, symbols);
    std::vector<uint8_t> back;
    SpellSymbols(dictionary, symbols, std::ssize(text), back);
    ASSERT_EQ(back, text) << "seed " << seed;
  }
}

TEST(DictionaryTrainer, AlwaysFindsTheSame) {
  const Dictionary dictionary =
      TrainDictionary(AliceHead(20000), {.words = 200, .min_frequency = 5});
  EXPECT_EQ(HashText(dictionary.Hash()), "a4c3e153eb3a1f418ccf24ecacadb5f0");
}

}  // namespace
}  // namespace nncpp
