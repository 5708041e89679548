// tests/format/archive_damage_test.cc -- damage is refused wherever it is.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/memory_stream.h"
#include "src/format/archive_reader.h"
#include "src/format/archive_writer.h"
#include "tests/support/archives.h"
#include "tests/support/errors.h"
#include "tests/support/resign.h"

namespace nncpp {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Concatenate(const std::vector<Bytes>& parts) {
  Bytes whole;
  for (const Bytes& part : parts) {
    whole.insert(whole.end(), part.begin(), part.end());
  }
  return whole;
}

// The archive cut into header, each block, and end mark.
std::vector<Bytes> Parts(const TestArchive& archive) {
  MemorySink sink;
  ArchiveWriter writer(sink);
  std::vector<Bytes> parts;
  writer.WriteHeader(archive.header);
  parts.push_back(sink.Take());
  for (const TestBlock& block : archive.blocks) {
    writer.WriteBlock(block.header, block.payload);
    parts.push_back(sink.Take());
  }
  writer.WriteEnd(archive.original_hash);
  parts.push_back(sink.Take());
  return parts;
}

// Four coded blocks of one shape, of unknown total size, so that nothing but
// the checks tells them apart.
TestArchive AlikeBlocks(uint64_t seed) {
  TestArchive archive;
  for (uint64_t i = 0; i < 4; ++i) {
    archive.blocks.push_back(CodedBlock(40, 10, seed + 100 * i));
  }
  return archive;
}

void ExpectRefused(const std::vector<Bytes>& parts) {
  EXPECT_TRUE(RefusesArchive([&] { ReadArchive(Concatenate(parts)); }));
}

TEST(DamagedArchive, IsRefusedForEveryFlippedBit) {
  const Bytes archive = WriteArchive(ThreeBlocks());
  for (size_t bit = 0; bit < archive.size() * 8; ++bit) {
    Bytes damaged = archive;
    damaged[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
    EXPECT_TRUE(RefusesArchive([&] { ReadArchive(damaged); })) << bit;
  }
}

TEST(DamagedArchive, IsRefusedForEveryChangedByte) {
  const Bytes archive = WriteArchive(ThreeBlocks());
  for (size_t at = 0; at < archive.size(); ++at) {
    for (int change = 1; change < 256; ++change) {
      Bytes damaged = archive;
      damaged[at] ^= static_cast<uint8_t>(change);
      EXPECT_TRUE(RefusesArchive([&] { ReadArchive(damaged); })) << at;
    }
  }
}

TEST(DamagedArchive, EndsEarlyAtEveryTruncation) {
  const Bytes archive = WriteArchive(ThreeBlocks());
  for (size_t size = 1; size < archive.size(); ++size) {
    const Bytes truncated(archive.begin(),
                          archive.begin() + static_cast<long>(size));
    ExpectError(ErrorKind::kFormat, "the archive ends early",
                [&] { ReadArchive(truncated); });
  }
}

TEST(DamagedArchive, NamesTheBlock) {
  Bytes archive = WriteArchive(ThreeBlocks());
  const size_t stored =
      Parts(ThreeBlocks())[0].size() + Parts(ThreeBlocks())[1].size();
  archive[stored + 5] ^= 1;
  ExpectError(ErrorKind::kFormat,
              "damaged in block 2: its check is wrong; get the archive again",
              [&] { ReadArchive(archive); });
}

TEST(DamagedArchive, IsRefusedWhenAByteFollows) {
  for (const int byte : {0x00, 0x91, 0xFF}) {
    Bytes archive = WriteArchive(ThreeBlocks());
    archive.push_back(static_cast<uint8_t>(byte));
    ExpectError(ErrorKind::kFormat, "bytes follow the end",
                [&] { ReadArchive(archive); });
  }
}

TEST(DamagedArchive, IsRefusedWhenAnotherFollows) {
  const Bytes archive = WriteArchive(ThreeBlocks());
  ExpectRefused({archive, archive});
}

TEST(OtherFile, IsNoArchive) {
  for (const std::string text : {"", "hello", "a longer text than a magic"}) {
    ExpectError(ErrorKind::kFormat, "not an nncpp archive", [&] {
      ReadArchive({text.begin(), text.end()});
    });
  }
}

TEST(Blocks, CannotBeSwapped) {
  const std::vector<Bytes> sound = Parts(AlikeBlocks(1));
  for (size_t i = 1; i < 5; ++i) {
    for (size_t j = i + 1; j < 5; ++j) {
      std::vector<Bytes> parts = sound;
      std::swap(parts[i], parts[j]);
      ExpectRefused(parts);
    }
  }
}

TEST(Blocks, CannotBeRepeated) {
  const std::vector<Bytes> sound = Parts(AlikeBlocks(1));
  for (size_t i = 0; i < sound.size(); ++i) {
    std::vector<Bytes> parts = sound;
    parts.insert(parts.begin() + static_cast<long>(i), sound[i]);
    ExpectRefused(parts);
  }
}

TEST(Blocks, CannotBeTakenOut) {
  const std::vector<Bytes> sound = Parts(AlikeBlocks(1));
  for (size_t i = 0; i < sound.size(); ++i) {
    std::vector<Bytes> parts = sound;
    parts.erase(parts.begin() + static_cast<long>(i));
    ExpectRefused(parts);
  }
}

// The two archives have the same header.
TEST(Blocks, CannotComeFromAnotherArchive) {
  const std::vector<Bytes> ours = Parts(AlikeBlocks(1));
  const std::vector<Bytes> theirs = Parts(AlikeBlocks(2));
  ASSERT_EQ(ours[0], theirs[0]);
  for (size_t from = 1; from < ours.size(); ++from) {
    for (size_t to = from; to < ours.size(); ++to) {
      if (from == 1 && to + 1 == ours.size()) continue;  // all of theirs
      std::vector<Bytes> parts = ours;
      for (size_t i = from; i <= to; ++i) parts[i] = theirs[i];
      ExpectRefused(parts);
    }
  }
}

TEST(Resign, LeavesASoundArchiveAsItIs) {
  for (const TestArchive& archive :
       {ThreeBlocks(), AlikeBlocks(1), TestArchive()}) {
    const Bytes bytes = WriteArchive(archive);
    EXPECT_EQ(Resign(bytes), bytes);
  }
}

// All but the length and the place of a flipped bit is then consistent, so
// what is left to refuse it are the ranges, the totals and the decoder.
TEST(Resign, MakesTheReaderAcceptWhatItCannotKnow) {
  const Bytes archive = WriteArchive(ThreeBlocks());
  int accepted = 0;
  for (size_t bit = 0; bit < archive.size() * 8; ++bit) {
    Bytes damaged = archive;
    damaged[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
    damaged = Resign(damaged);
    ASSERT_EQ(damaged.size(), archive.size());
    if (damaged == archive) continue;  // a bit of a check, made right again
    try {
      EXPECT_NE(ReadArchive(damaged), ThreeBlocks());
      ++accepted;
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::kFormat ||
                  error.kind() == ErrorKind::kUnsupported);
    }
  }
  // Each bit of the payloads (37 bytes), of the original hashes and digests of
  // the blocks (2 + 1 + 2 words), of the whole's hash and of the configuration.
  EXPECT_GE(accepted, 8 * (37 + 5 * 8 + 16 + 3));
}

TEST(Resign, SurvivesEveryTruncation) {
  const Bytes archive = WriteArchive(ThreeBlocks());
  for (size_t size = 0; size < archive.size(); ++size) {
    const Bytes truncated = Resign(
        Bytes(archive.begin(), archive.begin() + static_cast<long>(size)));
    EXPECT_TRUE(RefusesArchive([&] { ReadArchive(truncated); })) << size;
  }
}

}  // namespace
}  // namespace nncpp
