// tests/codec/damage_test.cc -- damaged archives, their checks made right too.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "src/base/error.h"
#include "src/codec/codec.h"
#include "tests/support/archives.h"
#include "tests/support/codec.h"
#include "tests/support/errors.h"
#include "tests/support/resign.h"

namespace nncpp {
namespace {

using ::nncpp::testing::Bytes;
using ::nncpp::testing::BytesOf;
using ::nncpp::testing::Compressed;
using ::nncpp::testing::OneThread;
using ::nncpp::testing::RandomBytes;
using ::nncpp::testing::TinierConfig;

// Two coded blocks with a stored one between them.
Bytes Original() {
  const auto block = static_cast<size_t>(TinierConfig().block_symbols);
  Bytes original(block, 'a');
  const Bytes noise = RandomBytes(static_cast<int64_t>(block), 1);
  original.insert(original.end(), noise.begin(), noise.end());
  for (size_t i = 0; i < block / 2; ++i) {
    original.push_back(static_cast<uint8_t>(i % 8 == 0 ? 'b' : 'a'));
  }
  return original;
}

const Bytes& Archive() {
  static const Bytes archive = Compressed(Original(), TinierConfig());
  return archive;
}

enum class Outcome { kDecoded, kRefused, kDisagreed, kTooLarge };

// Decodes with bounded memory. `delivered` is what reached the sink.
Outcome Decode(const Bytes& archive, Bytes& delivered) {
  CodecOptions options = OneThread();
  options.memory_limit = 64 << 20;
  MemorySource in(archive);
  MemorySink out;
  Outcome outcome = Outcome::kDecoded;
  try {
    Decompress(in, out, options);
  } catch (const Error& error) {
    switch (error.kind()) {
      case ErrorKind::kFormat:
      case ErrorKind::kUnsupported:
        outcome = Outcome::kRefused;
        break;
      case ErrorKind::kNumerics:
        outcome = Outcome::kDisagreed;
        break;
      case ErrorKind::kMemory:
        outcome = Outcome::kTooLarge;
        break;
      default:
        ADD_FAILURE() << "another kind of error: " << error.what();
    }
  }
  delivered = out.Take();
  return outcome;
}

bool IsPrefix(const Bytes& part, const Bytes& whole) {
  return part.size() <= whole.size() &&
         std::equal(part.begin(), part.end(), whole.begin());
}

Bytes Flipped(const Bytes& archive, size_t bit) {
  Bytes damaged = archive;
  damaged[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
  return damaged;
}

TEST(DamagedArchive, IsWhatItShouldBeBeforeItIsDamaged) {
  MemorySource in(Archive());
  const Listing listing = List(in);
  EXPECT_EQ(listing.blocks, 3);
  EXPECT_EQ(listing.stored_blocks, 1);
  Bytes delivered;
  EXPECT_EQ(Decode(Archive(), delivered), Outcome::kDecoded);
  EXPECT_EQ(delivered, Original());
}

TEST(DamagedArchive, IsRefusedByTheDecoderForEveryFlippedBit) {
  for (size_t bit = 0; bit < Archive().size() * 8; ++bit) {
    Bytes delivered;
    ASSERT_EQ(Decode(Flipped(Archive(), bit), delivered), Outcome::kRefused)
        << bit;
    ASSERT_TRUE(IsPrefix(delivered, Original())) << bit;
  }
}

TEST(DamagedArchive, IsRefusedByTheDecoderAtEveryTruncation) {
  for (size_t size = 0; size < Archive().size(); ++size) {
    const Bytes part(Archive().begin(),
                     Archive().begin() + static_cast<int64_t>(size));
    for (const Bytes& archive : {part, Resign(part)}) {
      Bytes delivered;
      ASSERT_EQ(Decode(archive, delivered), Outcome::kRefused) << size;
      ASSERT_TRUE(IsPrefix(delivered, Original())) << size;
    }
  }
}

// Where the stored block lies, from its header to its payload's end: nothing
// but the hash of the whole protects its bytes once its own is made right.
bool InStoredBlock(size_t byte) {
  const auto block = static_cast<size_t>(TinierConfig().block_symbols);
  const Bytes original = Original();
  const auto payload =
      std::search(Archive().begin(), Archive().end(),
                  original.begin() + static_cast<int64_t>(block),
                  original.begin() + 2 * static_cast<int64_t>(block));
  const auto first = static_cast<size_t>(payload - Archive().begin());
  constexpr size_t kHeader = 1 + 1 + 1 + 8 + 8 + 4;
  return byte + kHeader >= first && byte < first + block;
}

// A bit that changes nothing (a larger limit of the block, say) may decode,
// then to the original. Nothing else may, and nothing else is delivered.
TEST(DamagedArchive, NeverDecodesToSomethingElseWithItsChecksMadeRight) {
  int counts[4] = {};
  for (size_t bit = 0; bit < Archive().size() * 8; ++bit) {
    Bytes delivered;
    const Bytes damaged = Resign(Flipped(Archive(), bit));
    const Outcome outcome = Decode(damaged, delivered);
    ++counts[static_cast<int>(outcome)];
    if (InStoredBlock(bit / 8)) {
      ASSERT_TRUE(outcome != Outcome::kDecoded || damaged == Archive()) << bit;
      continue;
    }
    ASSERT_TRUE(IsPrefix(delivered, Original())) << bit;
    if (outcome == Outcome::kDecoded) {
      ASSERT_EQ(delivered.size(), Original().size()) << bit;
    }
  }
  RecordProperty("decoded", counts[0]);
  RecordProperty("refused", counts[1]);
  RecordProperty("disagreed", counts[2]);
  RecordProperty("too_large", counts[3]);
  // All but the bits of checks, which are made right again, and a few of the
  // configuration are found.
  EXPECT_GT(counts[2], 0);
  EXPECT_GT(counts[1], counts[0]);
}

// Every value that a byte may take, where the decoder reads it first.
TEST(DamagedArchive, SurvivesEveryByteOfItsConfigurationAndFirstPayload) {
  const size_t end = std::min<size_t>(Archive().size(), 180);
  for (size_t at = 8; at < end; ++at) {
    for (const int byte : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      Bytes damaged = Archive();
      damaged[at] = static_cast<uint8_t>(byte);
      Bytes delivered;
      const Outcome outcome = Decode(Resign(damaged), delivered);
      if (InStoredBlock(at) && outcome != Outcome::kDecoded) continue;
      ASSERT_TRUE(IsPrefix(delivered, Original())) << at << " " << byte;
    }
  }
}

// Rewrites the archive with one block changed.
Bytes WithBlock(size_t index, const std::function<void(TestBlock&)>& change) {
  TestArchive archive = ReadArchive(Archive());
  change(archive.blocks[index]);
  return WriteArchive(archive);
}

void ExpectDisagreement(size_t block, const Bytes& archive) {
  ExpectError(ErrorKind::kNumerics, "block " + std::to_string(block + 1),
              [&] { ::nncpp::testing::Decompressed(archive); });
}

TEST(SoundArchive, OfOtherArithmeticIsNamedWithItsBlock) {
  for (const size_t block : {size_t{0}, size_t{1}, size_t{2}}) {
    ExpectDisagreement(block, WithBlock(block, [](TestBlock& b) {
                         b.header.model_digest ^= 1;
                       }));
  }
  for (const size_t block : {size_t{0}, size_t{2}}) {
    ExpectDisagreement(block, WithBlock(block, [](TestBlock& b) {
                         b.header.original_hash ^= uint64_t{1} << 63;
                       }));
    ExpectDisagreement(
        block, WithBlock(block, [](TestBlock& b) { b.payload[0] ^= 0x80; }));
    // The decoder looks eight bytes ahead: fewer it need not miss.
    ExpectDisagreement(block, WithBlock(block, [](TestBlock& b) {
                         b.payload.resize(b.payload.size() + 9, 1);
                       }));
  }
}

TEST(SoundArchive, DeliversTheBlocksBeforeTheOneThatDisagrees) {
  MemorySink out;
  const Bytes archive =
      WithBlock(2, [](TestBlock& b) { b.header.model_digest += 1; });
  MemorySource in(archive);
  EXPECT_THROW(Decompress(in, out, OneThread()), Error);
  EXPECT_EQ(std::ssize(out.bytes()), 2 * TinierConfig().block_symbols);
  EXPECT_TRUE(IsPrefix(out.bytes(), Original()));
}

TEST(SoundArchive, OfAnotherWholeIsRefused) {
  TestArchive archive = ReadArchive(Archive());
  archive.original_hash.low ^= 1;
  ExpectError(ErrorKind::kFormat, "the whole original",
              [&] { ::nncpp::testing::Decompressed(WriteArchive(archive)); });
}

TEST(SoundArchive, MustFitItsConfiguration) {
  for (const auto& change : std::vector<std::function<void(TestBlock&)>>{
           [](TestBlock& b) { b.header.symbols += 1; },
           [](TestBlock& b) { b.header.model_restarts = true; }}) {
    const Bytes archive = WithBlock(0, change);
    ExpectError(ErrorKind::kFormat, "block 1",
                [&] { ::nncpp::testing::Decompressed(archive); });
  }
}

// The model that starts anew after a stored block has its first digest.
TEST(SoundArchive, MayRestartItsModelAfterAStoredBlock) {
  const Bytes noise = RandomBytes(TinierConfig().block_symbols, 1);
  TestArchive archive = ReadArchive(Compressed(noise, TinierConfig()));
  ASSERT_EQ(archive.blocks.size(), 1u);
  archive.blocks[0].header.model_restarts = true;
  EXPECT_EQ(::nncpp::testing::Decompressed(WriteArchive(archive)), noise);
}

}  // namespace
}  // namespace nncpp
