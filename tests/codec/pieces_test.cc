// tests/codec/pieces_test.cc -- an input is cut into all of its bytes, once.
#include "src/codec/pieces.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "src/base/memory_stream.h"
#include "src/codec/codec.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

using Bytes = std::vector<uint8_t>;

// The pieces of `size` bytes, read in odd steps after a peek.
std::vector<Bytes> Cut(int64_t size, const PartPlan& plan, bool size_known) {
  Bytes all(static_cast<size_t>(size));
  std::iota(all.begin(), all.end(), uint8_t{0});
  MemorySource memory(all, size_known);
  Pieces in(memory, plan);
  std::vector<Bytes> pieces;
  Bytes joined;
  for (int64_t number = 1;; ++number) {
    in.Start(number);
    EXPECT_EQ(in.begin(), std::ssize(joined));
    const int64_t hint = in.SizeHint();
    const auto head = in.Peek(2);
    Bytes piece, step(3);
    const Bytes peeked(head.begin(), head.end());
    while (const int64_t count = in.Read(step)) {
      piece.insert(piece.end(), step.begin(), step.begin() + count);
    }
    EXPECT_EQ(hint, size_known ? std::ssize(piece) : -1);
    EXPECT_EQ(peeked, Bytes(piece.begin(), piece.begin() + std::ssize(peeked)));
    EXPECT_EQ(peeked.size(), std::min<size_t>(2, piece.size()));
    pieces.push_back(piece);
    joined.insert(joined.end(), piece.begin(), piece.end());
    if (in.IsLast()) break;
  }
  EXPECT_EQ(joined, all);
  return pieces;
}

TEST(Pieces, OfACountDifferByOneByteAtMost) {
  for (int64_t size = 0; size < 40; ++size) {
    for (int64_t count = 1; count <= 9; ++count) {
      const auto pieces = Cut(size, {.count = count}, true);
      EXPECT_EQ(std::ssize(pieces), count);
      for (const Bytes& piece : pieces) {
        EXPECT_LE(std::ssize(piece), (size + count - 1) / count);
        EXPECT_GE(std::ssize(piece), size / count);
      }
    }
  }
}

TEST(Pieces, OfASizeAreFullButTheLast) {
  for (const bool size_known : {true, false}) {
    for (int64_t size = 0; size < 40; ++size) {
      for (int64_t bytes = 1; bytes <= 9; ++bytes) {
        const auto pieces = Cut(size, {.bytes = bytes}, size_known);
        EXPECT_EQ(std::ssize(pieces),
                  std::max<int64_t>(1, (size + bytes - 1) / bytes));
        for (size_t i = 0; i + 1 < pieces.size(); ++i) {
          EXPECT_EQ(std::ssize(pieces[i]), bytes);
        }
      }
    }
  }
}

TEST(Pieces, WithoutAPlanAreOne) {
  EXPECT_EQ(Cut(10, {}, true).size(), 1u);
  EXPECT_EQ(Cut(10, {}, false).size(), 1u);
}

TEST(Pieces, AreRefusedWhereTheyCannotBe) {
  const Bytes many(2000);
  MemorySource unknown(many, false), known(many);
  ExpectError(ErrorKind::kUsage, "use --part-size",
              [&] { Pieces(unknown, {.count = 2}); });
  ExpectError(ErrorKind::kUsage, "at most 999 parts",
              [&] { Pieces(known, {.bytes = 2}); });
  Pieces in(unknown, {.bytes = 2});
  in.Start(999);
  ExpectError(ErrorKind::kUsage, "at most 999 parts", [&] { in.Start(1000); });
}

}  // namespace
}  // namespace nncpp
