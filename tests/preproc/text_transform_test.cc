// tests/preproc/text_transform_test.cc -- bytes to symbols, and back.
#include "preproc/text_transform.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/errors.h"
#include "tests/support/texts.h"

namespace nncpp {
namespace {

using ::nncpp::testing::AliceHead;
using ::nncpp::testing::AnyText;

TEST(TextTransform, BringsBackGeneratedInputs) {
  const TextTransform none{Dictionary()};
  const TextTransform english(
      TrainOnText(AliceHead(30000), {.words = 300, .min_frequency = 4}));
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    const std::vector<uint8_t> text = AnyText(seed);
    for (const TextTransform* transform : {&none, &english}) {
      std::vector<uint16_t> symbols;
      transform->Encode(text, symbols);
      ASSERT_LE(symbols.size(), 2 * text.size());
      std::vector<uint8_t> back;
      transform->Decode(symbols, std::ssize(text), back);
      ASSERT_EQ(back, text) << "seed " << seed;
    }
  }
}

TEST(TextTransform, MakesTextShort) {
  const std::vector<uint8_t> text = AliceHead(30000);
  const TextTransform english(
      TrainOnText(text, {.words = 300, .min_frequency = 4}));
  std::vector<uint16_t> symbols;
  english.Encode(text, symbols);
  EXPECT_LT(symbols.size() * 2, text.size());
}

TEST(TextTransform, RefusesMoreBytesThanStated) {
  const TextTransform transform(Dictionary({std::string(64, 'a')}));
  std::vector<uint8_t> bytes;
  const std::vector<uint16_t> symbols(1000, 256);
  ExpectError(ErrorKind::kFormat, "more bytes than stated",
              [&] { transform.Decode(symbols, 63999, bytes); });
  ExpectError(ErrorKind::kFormat, "more bytes than stated",
              [&] { transform.Decode(symbols, 100, bytes); });
}

TEST(TextTransform, RefusesSymbolsBeyondTheAlphabet) {
  const TextTransform transform(Dictionary({"ab"}));
  std::vector<uint8_t> bytes;
  ExpectError(ErrorKind::kFormat, "beyond",
              [&] { transform.Decode(std::vector<uint16_t>{257}, 9, bytes); });
}

}  // namespace
}  // namespace nncpp
