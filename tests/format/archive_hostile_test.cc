// tests/format/archive_hostile_test.cc -- lies behind checks that are right.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "src/base/bytes.h"
#include "src/base/memory_stream.h"
#include "src/format/archive.h"
#include "src/format/archive_reader.h"
#include "tests/support/archives.h"
#include "tests/support/errors.h"
#include "tests/support/resign.h"

namespace nncpp {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint64_t kHuge = uint64_t{1} << 63;

// A header with these fields between its length and its check.
Bytes Header(const Bytes& fields) {
  ByteWriter header;
  header.Bytes(kMagic);
  header.Varint(fields.size());
  header.Bytes(fields);
  header.U32(0);
  return Resign(header.Take());
}

// The start of an archive whose first block header, or end mark, has these
// fields; its check is right.
Bytes FirstRecord(const ByteWriter& fields, uint8_t flags = 0) {
  ByteWriter archive;
  Bytes header = {1, 1, flags};
  if (flags != 0) header.push_back(100);  // original bytes
  archive.Bytes(Header(header));
  archive.U8(static_cast<uint8_t>(fields.bytes().size()));
  archive.Bytes(fields.bytes());
  archive.U32(0);
  return Resign(archive.Take());
}

// The number of symbols is present.
Bytes Coded(uint64_t symbols, uint64_t original, uint64_t coded,
            uint8_t flags = 0) {
  ByteWriter fields;
  fields.U8(1 + kTagSymbols);
  fields.Varint(symbols);
  fields.Varint(original);
  fields.Varint(coded);
  for (int i = 0; i < 3; ++i) fields.U64(0);
  return FirstRecord(fields, flags);
}

// As many symbols as original bytes.
Bytes CodedBytes(uint64_t original, uint64_t coded, uint8_t flags = 0) {
  ByteWriter fields;
  fields.U8(1);
  fields.Varint(original);
  fields.Varint(coded);
  for (int i = 0; i < 3; ++i) fields.U64(0);
  return FirstRecord(fields, flags);
}

Bytes Stored(uint64_t original, uint8_t flags = 0) {
  ByteWriter fields;
  fields.U8(2);
  fields.Varint(original);
  for (int i = 0; i < 2; ++i) fields.U64(0);
  return FirstRecord(fields, flags);
}

Bytes End(uint8_t tag, int extra = 0) {
  ByteWriter fields;
  fields.U8(tag);
  for (int i = 0; i < 2; ++i) fields.U64(0);
  for (int i = 0; i < extra; ++i) fields.U8(0);
  return FirstRecord(fields);
}

// Remembers the largest piece that was asked for at once.
class WatchedSource : public Source {
 public:
  explicit WatchedSource(const Bytes& bytes) : source_(bytes) {}
  int64_t Read(std::span<uint8_t> bytes) override {
    largest_ = std::max(largest_, std::ssize(bytes));
    return source_.Read(bytes);
  }
  int64_t SizeHint() const override { return -1; }
  int64_t largest() const { return largest_; }

 private:
  MemorySource source_;
  int64_t largest_ = 0;
};

// Expects the refusal, and that no more than `most_asked` bytes were asked for
// at once: memory is taken for what is about to be read.
void ExpectRefused(const Bytes& archive, ErrorKind kind,
                   const std::string& part, int64_t most_asked = 64) {
  WatchedSource source(archive);
  ArchiveReader reader(source);
  ExpectError(kind, part, [&] {
    reader.ReadHeader();
    reader.NextBlock();
  });
  EXPECT_LE(source.largest(), most_asked);
}

void ExpectOutOfRange(const Bytes& archive, const std::string& what) {
  ExpectRefused(archive, ErrorKind::kFormat,
                "the number of " + what + " is out of its range");
}

TEST(HostileHeader, OfAnotherFormatIsUnsupported) {
  ExpectRefused(Header({3, 1, 0}), ErrorKind::kUnsupported,
                "made by format 3, this program reads 1; use a newer nncpp");
  // Whatever else such a header says.
  ExpectRefused(Header({3, 0xFF, 0xFF, 0xFF}), ErrorKind::kUnsupported,
                "made by format 3");
  ExpectRefused(Header({0, 1, 0}), ErrorKind::kUnsupported,
                "made by a version before 1.0; open it with that version");
}

TEST(HostileHeader, OfOtherNumericsIsUnsupported) {
  ExpectRefused(Header({1, 2, 0}), ErrorKind::kUnsupported,
                "made with numerics 2, this program computes 1");
}

TEST(HostileHeader, WithReservedFlagsIsUnsupported) {
  for (int bit = 4; bit < 8; ++bit) {
    const auto flags = static_cast<uint8_t>(1 << bit);
    ExpectRefused(Header({1, 1, flags}), ErrorKind::kUnsupported,
                  "does not know");
  }
}

TEST(HostileHeader, WithABadLengthIsRefused) {
  Bytes header(kMagic.begin(), kMagic.end());
  const auto with = [&](Bytes length) {
    Bytes archive = header;
    archive.insert(archive.end(), length.begin(), length.end());
    archive.resize(20'000);
    return Resign(archive);
  };
  const std::string range = "the header: its length is out of its range";
  ExpectRefused(with({2}), ErrorKind::kFormat, range);
  ExpectRefused(with({0xFF, 0xFF, 0x7F}), ErrorKind::kFormat, range);
  ExpectRefused(with({0x91, 0xA0, 0x60}), ErrorKind::kFormat,
                range);  // 1576977
  ExpectRefused(with({0x85, 0x00}), ErrorKind::kFormat, "no number");
  ExpectRefused(with({0xFF, 0xFF, 0xFF, 0x7F}), ErrorKind::kFormat,
                "no number");
}

TEST(HostileHeader, WithABadSizeIsRefused) {
  ByteWriter fields;
  fields.Bytes(Bytes{1, 1, kFlagSizeKnown});
  fields.Varint(uint64_t{1} << 49);
  ExpectOutOfRange(Header(fields.bytes()), "original bytes");
  ExpectRefused(Header({1, 1, kFlagSizeKnown}), ErrorKind::kFormat,
                "runs past the end");
  ExpectRefused(Header({1, 1, kFlagSizeKnown, 0x80, 0x00}), ErrorKind::kFormat,
                "longer than it must be");
}

TEST(HostileHeader, WithABadPreparationIsRefused) {
  ExpectOutOfRange(Header({1, 1, kFlagPrepared, 0}), "bytes of preparation");
  ByteWriter fields;
  fields.Bytes(Bytes{1, 1, kFlagPrepared});
  fields.Varint((uint64_t{1} << 20) + 1);
  ExpectOutOfRange(Header(fields.bytes()), "bytes of preparation");
  ExpectRefused(Header({1, 1, kFlagPrepared, 2, 7}), ErrorKind::kFormat,
                "runs past the end");
}

TEST(HostileHeader, WithABadPlaceInASetIsRefused) {
  const auto with = [](uint8_t way, const Bytes& number, uint64_t before) {
    ByteWriter fields;
    fields.Bytes(Bytes{1, 1, 4, way});
    fields.Bytes(number);
    fields.U64(before);
    return Header(fields.Take());
  };
  for (const int way : {0, 3, 255}) {
    ExpectRefused(with(static_cast<uint8_t>(way), {1}, 0),
                  ErrorKind::kUnsupported, "of a way that is not known");
  }
  ExpectOutOfRange(with(1, {0}, 0), "the part");
  ExpectOutOfRange(with(1, {0xE8, 0x07}, 0), "the part");  // 1000
  ExpectRefused(with(2, {1}, 7), ErrorKind::kFormat, "has one before it");
  ExpectRefused(Header({1, 1, 4, 1, 1, 0, 0}), ErrorKind::kFormat,
                "past the end");
}

TEST(HostileHeader, WithFilesOfAnOriginalOfUnknownSizeIsUnsupported) {
  ExpectRefused(Header({1, 1, 8, 2, 0, 0}), ErrorKind::kUnsupported,
                "does not know");
  ExpectRefused(Header({1, 1, 13, 9, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0}),
                ErrorKind::kUnsupported, "does not know");
  ExpectOutOfRange(Header({1, 1, 9, 0, 1, 0}), "bytes of files");
  ExpectOutOfRange(Header({1, 1, 9, 0, 0x81, 0x80, 0x20, 0}),
                   "bytes of files");  // 2^19 + 1
}

TEST(HostileEnd, MayPromiseAPartOnlyInASet) {
  ExpectRefused(End(7), ErrorKind::kUnsupported,
                "of a kind that this program does not know");
}

TEST(HostileHeader, WithTooLongAConfigurationIsRefused) {
  Bytes fields(3 + 4096 + 1, 0);
  fields[0] = fields[1] = 1;
  ExpectRefused(Header(fields), ErrorKind::kFormat,
                "the configuration is too long", 4100);
}

TEST(HostileBlock, WithNumbersOutOfRangeIsRefused) {
  ExpectOutOfRange(Coded(0, 10, 5), "symbols");
  ExpectOutOfRange(Coded((1 << 24) + 1, 10, 5), "symbols");
  ExpectOutOfRange(Coded(kHuge, 10, 5), "symbols");
  ExpectOutOfRange(Coded(10, 0, 0), "original bytes");
  ExpectOutOfRange(Coded(10, 641, 5), "original bytes");
  ExpectOutOfRange(Coded(1 << 24, (1 << 26) + 1, 5), "original bytes");
  ExpectOutOfRange(Coded(10, kHuge, 5), "original bytes");
  ExpectOutOfRange(Coded(9, 10, 10), "coded bytes");
  ExpectOutOfRange(Coded(9, 10, kHuge), "coded bytes");
  ExpectOutOfRange(Coded(9, 10, UINT64_MAX), "coded bytes");
  ExpectOutOfRange(CodedBytes(0, 0), "original bytes");
  ExpectOutOfRange(CodedBytes((1 << 24) + 1, 5), "original bytes");
  ExpectOutOfRange(CodedBytes(10, 10), "coded bytes");
  ExpectOutOfRange(Stored(0), "original bytes");
  ExpectOutOfRange(Stored((1 << 26) + 1), "original bytes");
  ExpectOutOfRange(Stored(kHuge), "original bytes");
}

TEST(HostileBlock, CannotExceedTheSizeInTheHeader) {
  ExpectOutOfRange(Coded(102, 101, 5, kFlagSizeKnown), "original bytes");
  ExpectOutOfRange(CodedBytes(101, 5, kFlagSizeKnown), "original bytes");
  ExpectOutOfRange(Stored(101, kFlagSizeKnown), "original bytes");
  ExpectRefused(CodedBytes(99, 5, kFlagSizeKnown), ErrorKind::kFormat,
                "ends early");
}

TEST(HostileBlock, WithANumberThatFollowsFromOthersIsRefused) {
  const std::string follows = "a number stands there that follows from others";
  ExpectRefused(Coded(10, 10, 5), ErrorKind::kFormat, follows);
  ExpectRefused(CodedBytes(100, 5, kFlagSizeKnown), ErrorKind::kFormat,
                follows);
  ExpectRefused(Stored(100, kFlagSizeKnown), ErrorKind::kFormat, follows);
  // As they are spelt. Then the payload, which is not there, is missed.
  ExpectRefused(CodedBytes(10, 5), ErrorKind::kFormat, "ends early");
  for (const int kind : {1, 2}) {
    ByteWriter rest;
    rest.U8(static_cast<uint8_t>(kind + kTagRest));
    if (kind == 1) rest.Varint(5);
    for (int i = 0; i < 4 - kind; ++i) rest.U64(0);
    ExpectRefused(FirstRecord(rest, kFlagSizeKnown), ErrorKind::kFormat,
                  "ends early", 100);
    ExpectRefused(FirstRecord(rest), ErrorKind::kUnsupported,
                  "block 1 is of a kind that this program does not know");
  }
}

// The rest of an original, where there is none or more than a block takes.
TEST(HostileBlock, WithARestOutOfRangeIsRefused) {
  for (const uint64_t size : {uint64_t{0}, (uint64_t{1} << 24) + 1}) {
    ByteWriter header;
    header.Bytes(Bytes{1, 1, kFlagSizeKnown});
    header.Varint(size);
    ByteWriter archive;
    archive.Bytes(Header(header.bytes()));
    archive.Bytes(Bytes{26, 1 + kTagRest, 5});
    for (int i = 0; i < 3; ++i) archive.U64(0);
    archive.U32(0);
    ExpectOutOfRange(Resign(archive.Take()), "original bytes");
  }
}

// 64 MiB are announced and none of them comes.
TEST(HostileBlock, GetsMemoryOnlyAsItsBytesArrive) {
  ExpectRefused(Coded(1 << 24, 1 << 26, (1 << 26) - 1), ErrorKind::kFormat,
                "ends early", 1 << 20);
  ExpectRefused(Stored(1 << 26), ErrorKind::kFormat, "ends early", 1 << 20);
}

TEST(HostileBlock, OfAnUnknownKindIsUnsupported) {
  for (const int tag : {0, 4, 8 + 2, 8 + 3, 16 + 2, 16 + 3, 32 + 1, 32 + 2,
                        32 + 3, 64 + 1, 128 + 1, 3 + 4}) {
    ExpectRefused(End(static_cast<uint8_t>(tag)), ErrorKind::kUnsupported,
                  "block 1 is of a kind that this program does not know");
  }
}

TEST(HostileBlock, WithFieldsOfAnotherLengthIsRefused) {
  ExpectRefused(End(3, 1), ErrorKind::kFormat, "a field is left over");
  ByteWriter fields;
  fields.U8(1);
  ExpectRefused(FirstRecord(fields), ErrorKind::kFormat, "runs past the end");
  ExpectRefused(FirstRecord(ByteWriter()), ErrorKind::kFormat,
                "its length is out of its range");
  Bytes archive = Header({1, 1, 0});
  archive.push_back(65);
  archive.resize(1000);
  ExpectRefused(archive, ErrorKind::kFormat, "its length is out of its range");
}

TEST(HostileEnd, BeforeThePromisedSizeIsRefused) {
  ByteWriter fields;
  fields.U8(3);
  for (int i = 0; i < 2; ++i) fields.U64(0);
  ExpectRefused(FirstRecord(fields, kFlagSizeKnown), ErrorKind::kFormat,
                "the blocks do not make the size in the header");
}

}  // namespace
}  // namespace nncpp
