// tests/preproc/dictionary_coding_test.cc -- dictionaries in few bytes.
#include "preproc/dictionary_coding.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "preproc/text_transform.h"
#include "tests/support/errors.h"
#include "tests/support/texts.h"

namespace nncpp {
namespace {

using Bytes = std::vector<uint8_t>;

Dictionary Noise(uint32_t seed, uint32_t words, uint32_t letters) {
  std::mt19937 random(seed);
  std::vector<std::string> all;
  for (uint32_t i = 0; i < words; ++i) {
    std::string word(2 + random() % 63, 'a');
    for (char& c : word) c = static_cast<char>(random() % letters);
    all.push_back(word);
  }
  return Dictionary(all);
}

Dictionary English() {
  return TrainOnText(testing::AliceHead(40000),
                     {.words = 300, .min_frequency = 8});
}

TEST(DictionaryCoding, ComesBack) {
  for (const Dictionary& dictionary :
       {Dictionary(), Dictionary({"ab"}), Dictionary({std::string(64, '\xFF')}),
        Dictionary({"ab", "abc", "abcd", "ac"}), Noise(1, 300, 256),
        Noise(2, 300, 2), English()}) {
    EXPECT_EQ(DecodeDictionary(EncodeDictionary(dictionary)), dictionary);
  }
}

TEST(DictionaryCoding, IsSmallerThanTheWords) {
  const Dictionary english = English();
  int64_t letters = 0;
  for (int64_t s = kByteSymbols; s < english.alphabet(); ++s) {
    letters += std::ssize(english.Bytes(s));
  }
  EXPECT_GT(english.words(), 100);
  EXPECT_LT(std::ssize(EncodeDictionary(english)) * 2, letters);
}

TEST(DictionaryCoding, RefusesOrReadsEveryDamage) {
  const Bytes sound = EncodeDictionary(English());
  for (size_t at = 0; at < sound.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      Bytes bytes = sound;
      bytes[at] = static_cast<uint8_t>(bytes[at] ^ 1 << bit);
      // Nothing else than what these bytes spell, or a refusal.
      if (RefusesArchive([&] { DecodeDictionary(bytes); })) continue;
      ASSERT_EQ(EncodeDictionary(DecodeDictionary(bytes)), bytes);
    }
  }
}

TEST(DictionaryCoding, NeverReadsATruncationAsTheSame) {
  const Bytes sound = EncodeDictionary(English());
  for (size_t size = 0; size < sound.size(); ++size) {
    const Bytes bytes(sound.begin(),
                      sound.begin() + static_cast<int64_t>(size));
    if (RefusesArchive([&] { DecodeDictionary(bytes); })) continue;
    ASSERT_EQ(EncodeDictionary(DecodeDictionary(bytes)), bytes);
  }
}

TEST(DictionaryCoding, RefusesBytesAfterTheLastWord) {
  for (const uint8_t more : {0, 1, 255}) {
    Bytes bytes = EncodeDictionary(English());
    bytes.push_back(more);
    EXPECT_TRUE(RefusesArchive([&] { DecodeDictionary(bytes); }));
  }
}

TEST(DictionaryCoding, RefusesTooManyWords) {
  ExpectError(ErrorKind::kFormat, "too many words", [] {
    DecodeDictionary(Bytes{0x80, 0xFE, 0x03});
  });
}

}  // namespace
}  // namespace nncpp
