// tests/model/context_mixing/text_context_test.cc -- words, marks and lines
#include "src/model/context_mixing/text_context.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "src/model/context_mixing/contexts.h"
#include "src/model/context_mixing/evidence.h"

namespace nncpp {
namespace {

// A stream that has read some text.
struct Reader {
  explicit Reader(std::string_view text) { Read(text); }

  void Read(std::string_view text) {
    for (const char c : text) {
      const auto symbol = static_cast<uint8_t>(c);
      ring[stream.position] = symbol;
      stream.text.Push(symbol, stream.word, stream.order[3], stream.order[4],
                       stream.position, past);
      stream.Push(symbol);
    }
  }

  const TextContext& text() const { return stream.text; }
  Features features() {
    const int32_t none[] = {-1, -1};
    return FeaturesOf(stream, ring, past, none);
  }
  std::vector<uint64_t> hashes(bool binary) {
    std::vector<uint64_t> all(static_cast<size_t>(SizesOf(2).contexts));
    HashStrongContexts(features(), binary, all);
    return all;
  }

  SymbolRing ring{12};
  Associations past;
  StreamContext stream{};
};

TEST(TextContext, KnowsTheTokenAndTheGapsAroundIt) {
  const Reader a("One, two"), b("Six, abc"), c("One; two"), d("One, twox");
  EXPECT_EQ(a.text().token_length, 3u);
  EXPECT_EQ(a.text().first, uint64_t{'t'});
  EXPECT_EQ(a.text().gap_before, b.text().gap_before);
  EXPECT_NE(a.text().gap_before, c.text().gap_before);
  EXPECT_EQ(a.text().capitals % 4, 2u);
  EXPECT_EQ(d.text().token_length, 4u);
  EXPECT_EQ(Reader("two.").text().token_length, 0u);
  EXPECT_EQ(Reader("a\nb").text().gap_before, Reader("a b").text().gap_before);
}

TEST(TextContext, SeesRowsOfCharactersAsOne) {
  EXPECT_EQ(Reader("word [[12").text().groups, Reader("a [[3").text().groups);
  EXPECT_NE(Reader("word [[12").text().groups, Reader("a [3").text().groups);
  std::set<uint64_t> different;
  for (const char mark : std::string_view("a0 \n.,;:[](){}<>\"'=|&/-*#+")) {
    different.insert(Reader(std::string_view(&mark, 1)).text().groups);
  }
  EXPECT_EQ(different.size(), 26u);
}

TEST(TextContext, KnowsExpressionsKeysTagsAndIndents) {
  EXPECT_EQ(Reader("of the end ").text().expression[1],
            Reader("in the end ").text().expression[1]);
  EXPECT_EQ(Reader("of, the ").text().expression[1], 0u);
  EXPECT_EQ(Reader("size = 3 key: 4").text().key, Reader("key=").text().key);
  EXPECT_NE(Reader("key:").text().key, Reader("size:").text().key);
  EXPECT_EQ(Reader("<a href=b>text").text().tag, Reader("<b><a>").text().tag);
  EXPECT_NE(Reader("<a>").text().tag, Reader("<a></a>").text().tag);
  const Reader lines("  one\n\t   two  three\n x");
  EXPECT_EQ(lines.text().indent, 1u);
  EXPECT_EQ(lines.text().indent_before, 4u);
}

TEST(TextContext, RemembersWhatCameAfterAWord) {
  Reader reader("New York is far. A new ");
  EXPECT_EQ(reader.features()[kNextWord],
            Reader("by York by ").features()[kNextWord]);
  EXPECT_NE(reader.features()[kNextWord], 0u);
  reader.Read("york");
  EXPECT_EQ(reader.features()[kLastSeen], 5u);  // 20 symbols ago
  EXPECT_EQ(Reader("something else").features()[kLastSeen], 0u);
}

TEST(TextContext, TellsBinaryDataFromText) {
  EXPECT_FALSE(Reader("a text of words,\r\n\tand lines").text().Binary());
  Reader reader(std::string_view("\0\1\2\0\0\7\0\0\0\3", 10));
  EXPECT_TRUE(reader.text().Binary());
  for (int i = 0; i < 20; ++i) reader.Read("some text again ");
  EXPECT_FALSE(reader.text().Binary());
}

// Contexts of equal features must not meet in a table.
TEST(Contexts, HaveEachAHashOfItsOwn) {
  Reader reader("A text: of <words> [and] lines\nof some more of words ");
  for (const bool binary : {false, true}) {
    const std::vector<uint64_t> hashes = reader.hashes(binary);
    EXPECT_EQ(std::set(hashes.begin(), hashes.end()).size(), hashes.size());
  }
  const std::vector<uint64_t> text = reader.hashes(false);
  const std::vector<uint64_t> binary = reader.hashes(true);
  EXPECT_EQ(text.front(), binary.front());
  EXPECT_NE(text.back(), binary.back());
}

// Some context must see each feature change.
TEST(Contexts, LookAtAllThatIsRemembered) {
  const std::vector<uint64_t> before = Reader("one two three").hashes(false);
  for (const std::string_view other :
       {"one two threa", "one two Three", "one six three", "one, two three"}) {
    EXPECT_NE(Reader(other).hashes(false), before) << other;
  }
}

}  // namespace
}  // namespace nncpp
