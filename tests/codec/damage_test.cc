// tests/codec/damage_test.cc -- damaged archives never become wrong bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"
#include "tests/support/resign.h"
#include "tests/support/wide_octets.h"

namespace nncpp {
namespace {

constexpr int64_t kMemory = 64 << 20;

// Two coded blocks and a stored one of bytes; or three of wide symbols, all
// coded.
struct Sample {
  explicit Sample(bool wide = false) {
    config.block_symbols = 80;
    config.stream_symbols = 20;
    config.cells = 8;
    if (wide) {
      config.alphabet = 300;
      original = WideAlice(240, config.alphabet);
      archive = CompressBytes(original, config, WideSymbols());
      return;
    }
    original = Alice(80);
    const Octets noise = RandomOctets(80, /*seed=*/5), more = Alice(160);
    original.insert(original.end(), noise.begin(), noise.end());
    original.insert(original.end(), more.begin() + 80, more.end());
    archive = CompressBytes(original, config);
  }
  ModelConfig config = ProfileConfig("tiny");
  Octets original;
  Octets archive;
};

// What a decoder made of damaged bytes: the kind of its Error, if any. Without
// an Error all of the original was delivered. With one, what was delivered
// until then is how the original begins (where `verified` says that the checks
// are the archive's own: a stored block's bytes have no other witness).
std::optional<ErrorKind> Outcome(const Octets& damaged, const Sample& sample,
                                 bool verified, const std::string& what) {
  MemorySink out;
  try {
    DecompressInto(damaged, out, OneThread(kMemory));
  } catch (const Error& error) {
    if (verified) {
      EXPECT_LE(out.bytes().size(), sample.original.size()) << what;
      EXPECT_TRUE(std::equal(out.bytes().begin(), out.bytes().end(),
                             sample.original.begin()))
          << what;
    }
    return error.kind();
  }
  EXPECT_EQ(out.bytes(), sample.original) << what;
  return std::nullopt;
}

bool IsRefusal(const std::optional<ErrorKind>& kind) {
  return kind == ErrorKind::kFormat || kind == ErrorKind::kUnsupported;
}

class DamagedArchive : public ::testing::TestWithParam<bool> {};

TEST_P(DamagedArchive, IsRefusedForEveryFlippedBit) {
  const Sample sample(GetParam());
  ASSERT_EQ(DecompressBytes(sample.archive), sample.original);
  for (size_t bit = 0; bit < 8 * sample.archive.size(); ++bit) {
    Octets damaged = sample.archive;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const std::string what = "bit " + std::to_string(bit);
    EXPECT_TRUE(IsRefusal(Outcome(damaged, sample, true, what))) << what;
  }
}

TEST_P(DamagedArchive, IsRefusedForEveryTruncation) {
  const Sample sample(GetParam());
  for (size_t size = 0; size < sample.archive.size(); ++size) {
    const Octets damaged(sample.archive.begin(),
                         sample.archive.begin() + static_cast<int64_t>(size));
    const std::string what = "cut to " + std::to_string(size);
    EXPECT_TRUE(IsRefusal(Outcome(damaged, sample, true, what))) << what;
  }
}

// Behind right checks the decoder itself meets the damage. It may find an
// archive that it cannot read, or other bits than were promised; or nothing
// that matters, such as a longer block than any in the archive.
TEST_P(DamagedArchive, NeverDeliversWrongBytesThoughItsChecksAreRight) {
  const Sample sample(GetParam());
  int refused = 0, differs = 0, harmless = 0;
  for (size_t bit = 0; bit < 8 * sample.archive.size(); ++bit) {
    Octets damaged = sample.archive;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const std::string what = "resigned bit " + std::to_string(bit);
    const auto kind = Outcome(Resign(damaged), sample, false, what);
    if (IsRefusal(kind)) {
      ++refused;
    } else if (kind == ErrorKind::kNumerics) {
      ++differs;
    } else {
      EXPECT_FALSE(kind.has_value()) << what;
      ++harmless;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(differs, 0);
  RecordProperty("refused", refused);
  RecordProperty("differs", differs);
  RecordProperty("harmless", harmless);
}

INSTANTIATE_TEST_SUITE_P(BytesAndWideSymbols, DamagedArchive,
                         ::testing::Bool());

TEST(DamagedBlock, IsNamedWhenItsArithmeticDiffers) {
  // Bytes of the second coded block, which is the third block, behind right
  // checks.
  const Sample sample;
  Octets damaged = sample.archive;
  const size_t end_mark = 2 + 16 + 4;
  damaged[damaged.size() - end_mark - 10] ^= 1;
  MemorySink out;
  ExpectError(ErrorKind::kNumerics, "block 3", [&] {
    DecompressInto(Resign(damaged), out, OneThread(kMemory));
  });
  EXPECT_EQ(out.bytes().size(), 160u);
}

TEST(LongerArchive, IsRefused) {
  const Sample sample;
  Octets longer = sample.archive;
  longer.push_back(0);
  EXPECT_TRUE(IsRefusal(Outcome(longer, sample, true, "longer")));
  Octets twice = sample.archive;
  twice.insert(twice.end(), sample.archive.begin(), sample.archive.end());
  EXPECT_TRUE(IsRefusal(Outcome(twice, sample, true, "twice")));
}

}  // namespace
}  // namespace nncpp
