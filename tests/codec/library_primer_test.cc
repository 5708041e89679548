// tests/codec/library_primer_test.cc -- what archives say of the library.
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "preproc/primer.h"
#include "preproc/primer_library.h"
#include "src/base/bytes.h"
#include "src/codec/preparation.h"
#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"
#include "tests/support/resign.h"

namespace nncpp {
namespace {

ModelConfig Mixing() {
  ModelConfig config = ProfileConfig("tiny");
  config.mixing = 2;
  return config;
}

PrepOptions IfAlike() {
  PrepOptions options;
  options.priming = Priming::kIfAlike;
  return options;
}

Preparation Choose(std::span<const uint8_t> head, int64_t size,
                   const ModelConfig& config) {
  return Preparation::Choose(head, size, config, IfAlike());
}

// Field: parts, texts of the library, how many are last, these, length, hash.
TEST(LibraryPrimer, NamesWhatItTakesOfTheLibrary) {
  const Octets head = Alice(9000);
  const Octets of_10k = Choose(head, 10'000, Mixing()).Field();
  ByteReader in(of_10k);
  EXPECT_EQ(in.U8(), 0x20);
  const int64_t texts = in.U8();
  EXPECT_EQ(texts, std::ssize(PrimerLibrary()));
  ASSERT_EQ(in.U8(), kMostAlike);
  const auto last = in.Bytes(kMostAlike);
  EXPECT_TRUE(std::ranges::equal(last, MostAlike(head)));
  EXPECT_EQ(in.Varint(), 260'000);
  EXPECT_EQ(in.U64(), PrimerHash(LibraryEnd(texts, last, 260'000)));
  EXPECT_EQ(in.remaining(), 0);
  EXPECT_EQ(Preparation::Parse(of_10k, PrepOptions()).Field(), of_10k);
  EXPECT_EQ(Choose(head, -1, Mixing()).Field(),
            Choose(head, std::ssize(head), Mixing()).Field());
}

TEST(LibraryPrimer, RefusesTextsThatTheLibraryHasNot) {
  const std::vector<uint8_t> last = {2, 0, 3, 1};
  const auto parse = [](int64_t texts, const std::vector<uint8_t>& last,
                        uint64_t length, uint64_t hash) {
    ByteWriter field;
    field.U8(0x20);
    field.U8(static_cast<uint8_t>(texts));
    field.U8(static_cast<uint8_t>(last.size()));
    field.Bytes(last);
    field.Varint(length);
    field.U64(hash);
    Preparation::Parse(field.bytes(), PrepOptions());
  };
  const int64_t all = std::ssize(PrimerLibrary());
  const auto hash = [&](int64_t texts) {
    return PrimerHash(LibraryEnd(texts, last, 5000));
  };
  parse(all, last, 5000, hash(all));
  parse(4, last, 5000, hash(4));
  const auto unsupported = [&](auto... field) {
    ExpectError(ErrorKind::kUnsupported, "a text that this program does not",
                [&] { parse(field...); });
  };
  unsupported(all + 1, last, 5000, hash(all));
  unsupported(all, last, 5000, hash(all) ^ 1);
  unsupported(all, last, 5001, hash(all));
  unsupported(all, last, 0, PrimerHash({}));
  unsupported(all, last, ~uint64_t{0}, hash(all));
  unsupported(5, last, 5'000'000, hash(5));
  for (const std::vector<uint8_t>& none :
       {std::vector<uint8_t>{}, {2, 2}, {1, 4}, {255}}) {
    ExpectError(ErrorKind::kFormat, "primer",
                [&] { parse(4, none, 5000, hash(4)); });
  }
}

TEST(LibraryPrimer, IsRefusedInPiecesAndBesideTheOther) {
  const Octets field = Choose(Alice(5000), 5000, Mixing()).Field();
  Preparation::Parse(field, PrepOptions());
  for (size_t size = 1; size < field.size(); ++size) {
    EXPECT_TRUE(RefusesArchive([&] {
      Preparation::Parse(std::span(field).first(size), PrepOptions());
    })) << size;
  }
  Octets both = field;
  both.front() |= 4;
  EXPECT_TRUE(RefusesArchive([&] { Preparation::Parse(both, PrepOptions()); }));
}

// The length stands after the four named texts.
TEST(LibraryPrimer, GrowsWithTheInputAsTheModelCanUseIt) {
  const auto length = [](int64_t size, const ModelConfig& config) {
    const Octets head = Alice(5000);
    const Octets field = Choose(head, size, config).Field();
    const auto named =
        field.empty()
            ? 0
            : ByteReader(std::span(field).subspan(3 + kMostAlike)).Varint();
    EXPECT_EQ(Preparation::PrimerLength({head, size, false}, config, IfAlike()),
              named);
    return named;
  };
  EXPECT_EQ(length(10'000, Mixing()), 260'000);
  EXPECT_EQ(length(1'000'000, Mixing()), 1'750'000);
  EXPECT_EQ(length(16'000'000, Mixing()), 1'750'000);
  EXPECT_EQ(length(16'000'001, Mixing()), 0);
  ModelConfig replayed = Mixing();
  replayed.replay_period = 1000;
  size_t all = 0;
  for (const std::string_view text : PrimerLibrary()) all += text.size();
  EXPECT_EQ(length(10'000, replayed), all);
  ModelConfig fast = Mixing();
  fast.mixing = 1;
  EXPECT_EQ(length(10'000, fast), 0);
  EXPECT_EQ(length(10'000, ProfileConfig("tiny")), 2500);
  EXPECT_FALSE(Choose(Alice(1000), 1000, Mixing()).Field().empty());
  EXPECT_TRUE(Choose(Alice(999), 999, Mixing()).Field().empty());
}

}  // namespace
}  // namespace nncpp
