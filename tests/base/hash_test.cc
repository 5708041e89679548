// tests/base/hash_test.cc -- the hashes are XXH3's, in every build.
#include "src/base/hash.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

namespace nncpp {
namespace {

// 0, 1, 2, ... modulo 251.
std::vector<uint8_t> Ramp(int64_t count) {
  std::vector<uint8_t> bytes;
  for (int64_t i = 0; i < count; ++i) {
    bytes.push_back(static_cast<uint8_t>(i % 251));
  }
  return bytes;
}

// Source: one-shot functions of the shared libxxhash 0.8.1.
TEST(Hash, IsXxh3) {
  EXPECT_EQ(HashBytes64({}), 0x2D06800538D394C2u);
  EXPECT_EQ(HashText(HashBytes128({})), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(HashBytes64(Ramp(1000)), 0x33EF703FB2B20ED1u);
  EXPECT_EQ(HashText(HashBytes128(Ramp(1000))),
            "18bf41bc8229e27733ef703fb2b20ed1");
}

TEST(Hash, DependsOnTheSeed) {
  const std::vector<uint8_t> bytes = Ramp(20);
  EXPECT_EQ(HashBytes64(bytes), HashBytes64(bytes, 0));
  EXPECT_NE(HashBytes64(bytes, 0), HashBytes64(bytes, 1));
}

TEST(StreamHasher, GivesTheHashOfTheWholeForEveryCut) {
  const std::vector<uint8_t> bytes = Ramp(1000);
  const std::span<const uint8_t> all(bytes);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    StreamHasher hasher;
    hasher.Update(all.first(cut));
    EXPECT_EQ(hasher.Digest(), HashBytes128(all.first(cut)));
    hasher.Update(all.subspan(cut));
    EXPECT_EQ(hasher.Digest(), HashBytes128(all));
  }
}

TEST(StreamHasher, HashesNothing) {
  StreamHasher hasher;
  hasher.Update({});
  EXPECT_EQ(hasher.Digest(), HashBytes128({}));
}

TEST(HashText, PutsTheHighHalfFirst) {
  EXPECT_EQ(HashText({.low = 0x0123456789ABCDEF, .high = 0xFEDCBA9876543210}),
            "fedcba98765432100123456789abcdef");
}

}  // namespace
}  // namespace nncpp
