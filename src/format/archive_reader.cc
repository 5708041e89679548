// src/format/archive_reader.cc -- contract: archive_reader.h
#include "src/format/archive_reader.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/base/hash.h"

namespace nncpp {
namespace {

// Memory for a payload is taken in steps of this, as the bytes arrive.
constexpr int64_t kPayloadStepBytes = int64_t{1} << 20;

// What is wrong, without the place, which ThrowDamaged adds.
[[noreturn]] void ThrowFormat(const std::string& what) {
  throw Error(ErrorKind::kFormat, what);
}

// Returns `value` if it is in [minimum, maximum]; throws Error(kFormat) naming
// the field otherwise.
int64_t InRange(uint64_t value, const char* name, int64_t minimum,
                int64_t maximum) {
  if (value < static_cast<uint64_t>(minimum) ||
      value > static_cast<uint64_t>(maximum)) {
    ThrowFormat(std::string("the number of ") + name + " is out of its range");
  }
  return static_cast<int64_t>(value);
}

// The same of a varint.
int64_t ReadInRange(ByteReader& fields, const char* name, int64_t minimum,
                    int64_t maximum) {
  return InRange(fields.Varint(), name, minimum, maximum);
}

// Bits that the tag of such a block, or end mark, may have besides the kind.
int KnownInTag(BlockKind kind, const ArchiveHeader& header) {
  if (kind == BlockKind::kEnd) return header.part ? kTagPartFollows : 0;
  const int all = kTagModelRestarts | (header.original_bytes ? kTagRest : 0);
  return kind == BlockKind::kStored ? all : all | kTagPlain | kTagSymbols;
}

[[noreturn]] void ThrowUnsupported(const std::string& what) {
  throw Error(ErrorKind::kUnsupported, what + "; use a newer nncpp");
}

void CheckVersions(ByteReader& fields) {
  const uint64_t format = fields.Varint();
  if (format < kFormatNumber) {
    throw Error(ErrorKind::kUnsupported,
                "made by a version before 1.0; open it with that version");
  }
  if (format != kFormatNumber) {
    ThrowUnsupported("made by format " + std::to_string(format) +
                     ", this program reads " + std::to_string(kFormatNumber));
  }
  const uint64_t numerics = fields.Varint();
  if (numerics != kNumericsNumber) {
    ThrowUnsupported("made with numerics " + std::to_string(numerics) +
                     ", this program computes " +
                     std::to_string(kNumericsNumber));
  }
}

ArchivePart ReadPart(ByteReader& fields) {
  ArchivePart part;
  const uint8_t way = fields.U8();
  if (way != static_cast<uint8_t>(PartWay::kChained) &&
      way != static_cast<uint8_t>(PartWay::kIndependent)) {
    ThrowUnsupported("the archive is a part of a way that is not known here");
  }
  part.way = static_cast<PartWay>(way);
  part.number = ReadInRange(fields, "the part", 1, kMaxParts);
  part.predecessor = fields.U64();
  if (part.number == 1 && part.predecessor != 0) {
    ThrowFormat("the first part has one before it");
  }
  return part;
}

}  // namespace

const ArchiveHeader& ArchiveReader::ReadHeader() {
  NNCPP_CHECK(stage_ == Stage::kHeader);
  const std::vector<uint8_t> record = ReadHeaderRecord();
  ByteReader fields(record);
  try {
    CheckVersions(fields);
    const uint8_t flags = fields.U8();
    const bool files = (flags & kFlagFiles) != 0;
    if ((flags & ~(kFlagSizeKnown | kFlagPrepared | kFlagPart | kFlagFiles)) !=
            0 ||
        (files && (flags & (kFlagSizeKnown | kFlagPart)) != kFlagSizeKnown)) {
      ThrowUnsupported("the header asks for what this program does not know");
    }
    if ((flags & kFlagSizeKnown) != 0) {
      header_.original_bytes =
          ReadInRange(fields, "original bytes", 0, kMaxOriginalBytes);
    }
    if ((flags & kFlagPrepared) != 0) {
      const auto preparation = fields.Bytes(
          ReadInRange(fields, "bytes of preparation", 1, kMaxPreparationBytes));
      header_.preparation.assign(preparation.begin(), preparation.end());
    }
    if ((flags & kFlagPart) != 0) header_.part = ReadPart(fields);
    if (files) {
      const auto list = fields.Bytes(
          ReadInRange(fields, "bytes of files", 2, kMaxFilesBytes));
      header_.files.assign(list.begin(), list.end());
    }
    const auto config = fields.Bytes(fields.remaining());
    if (std::ssize(config) > kMaxConfigBytes) {
      ThrowFormat("the configuration is too long");
    }
    header_.config.assign(config.begin(), config.end());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFormat) throw;
    ThrowDamaged(error.what());
  }
  stage_ = Stage::kBlocks;
  return header_;
}

// Returns the fields between the header's length and its check, which is right.
std::vector<uint8_t> ArchiveReader::ReadHeaderRecord() {
  std::array<uint8_t, kMagic.size()> magic = {};
  bytes_read_ = in_.Read(magic);
  const auto count = static_cast<size_t>(bytes_read_);
  if (count == 0 ||
      !std::equal(magic.begin(), magic.begin() + bytes_read_, kMagic.begin())) {
    throw Error(ErrorKind::kFormat,
                "not an nncpp archive; give a file that nncpp c has written");
  }
  if (count < magic.size()) ThrowDamaged("the archive ends early");
  ByteWriter record;
  record.Bytes(kMagic);
  const int64_t length = ReadHeaderLength(record);
  if (length < kMinHeaderFieldBytes || length > kMaxHeaderFieldBytes) {
    ThrowDamaged("its length is out of its range");
  }
  std::vector<uint8_t> fields(static_cast<size_t>(length));
  Read(fields);
  record.Bytes(fields);
  link_ = HashBytes64(record.bytes());
  ReadCheck();
  record.U32(CheckOfLink(link_));
  header_record_ = record.Take();
  return fields;
}

// A varint of at most three bytes, which are appended to `record`.
int64_t ArchiveReader::ReadHeaderLength(ByteWriter& record) {
  int64_t length = 0;
  for (int shift = 0;; shift += 7) {
    uint8_t byte = 0;
    Read({&byte, 1});
    record.U8(byte);
    length |= int64_t{byte & 0x7F} << shift;
    if ((byte == 0 && shift > 0) || (byte >= 0x80 && shift == 14)) {
      ThrowDamaged("its length is no number");
    }
    if (byte < 0x80) return length;
  }
}

BlockKind ArchiveReader::NextBlock() {
  NNCPP_CHECK(stage_ == Stage::kBlocks);
  const uint64_t payload_seed = link_;
  std::array<uint8_t, 1 + kMaxBlockFieldBytes> memory = {};
  ByteReader fields(ReadBlockRecord(memory));
  const uint8_t tag = fields.U8();
  ReadTag(tag);
  uint64_t payload_hash = 0;
  try {
    if (block_.kind == BlockKind::kEnd) {
      ReadEnd(fields);
    } else {
      payload_hash = ReadBlockFields(tag, fields);
    }
    if (fields.remaining() != 0) ThrowFormat("a field is left over");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFormat) throw;
    ThrowDamaged(error.what());
  }
  if (block_.kind == BlockKind::kEnd) {
    CheckNothingFollows();
    stage_ = Stage::kDone;
    return BlockKind::kEnd;
  }
  ReadPayload(payload_bytes_);
  if (HashBytes64(payload_, payload_seed) != payload_hash) {
    ThrowDamaged("its coded bytes do not have their hash");
  }
  if (block_.kind == BlockKind::kStored) {
    block_.original_hash = HashBytes64(payload_);
  }
  original_bytes_ += block_.original_bytes;
  ++blocks_;
  return block_.kind;
}

// Returns the fields of a block header or end mark, whose check is right, as a
// part of `memory`. There is at least one.
std::span<const uint8_t> ArchiveReader::ReadBlockRecord(
    std::span<uint8_t> memory) {
  Read(memory.first(1));
  if (memory[0] == 0 || memory[0] > kMaxBlockFieldBytes) {
    ThrowDamaged("its length is out of its range");
  }
  const std::span<uint8_t> record = memory.first(size_t{1} + memory[0]);
  Read(record.subspan(1));
  link_ = HashBytes64(record, link_);
  ReadCheck();
  return record.subspan(1);
}

void ArchiveReader::ReadTag(uint8_t tag) {
  block_ = BlockHeader();
  block_.kind = static_cast<BlockKind>(tag & kTagKindMask);
  const bool end = block_.kind == BlockKind::kEnd;
  block_.model_restarts = !end && (tag & kTagModelRestarts) != 0;
  end_.part_follows = end && (tag & kTagPartFollows) != 0;
  block_.plain = (tag & kTagPlain) != 0;
  if ((tag & kTagKindMask) == 0 ||
      (tag & ~(kTagKindMask | KnownInTag(block_.kind, header_))) != 0) {
    ThrowUnsupported("block " + std::to_string(blocks_ + 1) +
                     " is of a kind that this program does not know");
  }
}

void ArchiveReader::CheckNothingFollows() {
  uint8_t beyond = 0;
  if (in_.Read({&beyond, 1}) != 0) {
    throw Error(ErrorKind::kFormat,
                "bytes follow the end of the archive; cut them off, or get "
                "the archive again");
  }
}

// Fills block_ and payload_bytes_ and returns the payload's hash.
uint64_t ArchiveReader::ReadBlockFields(uint8_t tag, ByteReader& fields) {
  const bool coded = block_.kind == BlockKind::kCoded;
  ReadSizes(tag, fields);
  payload_bytes_ =
      coded ? ReadInRange(fields, "coded bytes", 0, block_.original_bytes - 1)
            : block_.original_bytes;
  const uint64_t payload_hash = fields.U64();
  if (coded) block_.original_hash = fields.U64();
  block_.model_digest = fields.U64();
  return payload_hash;
}

// Fills in the block's symbols and original bytes; what follows from the tag
// does not stand there.
void ArchiveReader::ReadSizes(uint8_t tag, ByteReader& fields) {
  const bool coded = block_.kind == BlockKind::kCoded;
  const bool counted = (tag & kTagSymbols) != 0;
  const bool rest = (tag & kTagRest) != 0;
  int64_t most = coded && !counted ? kMaxBlockSymbols : kMaxBlockBytes;
  if (counted) {
    block_.symbols = ReadInRange(fields, "symbols", 1, kMaxBlockSymbols);
    most = std::min(most, block_.symbols * kMaxBytesPerSymbol);
  }
  // No block may go beyond what is promised for the whole.
  const int64_t whole = header_.original_bytes.value_or(kMaxOriginalBytes);
  const int64_t left = whole - original_bytes_;
  block_.original_bytes =
      InRange(rest ? static_cast<uint64_t>(left) : fields.Varint(),
              "original bytes", 1, std::min(most, left));
  if ((counted && block_.symbols == block_.original_bytes) ||
      (!rest && header_.original_bytes && block_.original_bytes == left)) {
    ThrowFormat("a number stands there that follows from others");
  }
  if (coded && !counted) block_.symbols = block_.original_bytes;
}

void ArchiveReader::ReadPayload(int64_t bytes) {
  payload_.clear();
  for (int64_t done = 0; done < bytes;) {
    const int64_t step = std::min(bytes - done, kPayloadStepBytes);
    payload_.resize(static_cast<size_t>(done + step));
    Read(std::span(payload_).subspan(static_cast<size_t>(done)));
    done += step;
  }
}

void ArchiveReader::ReadEnd(ByteReader& fields) {
  end_.original_hash.low = fields.U64();
  end_.original_hash.high = fields.U64();
  if (header_.original_bytes.value_or(original_bytes_) != original_bytes_) {
    ThrowFormat("the blocks do not make the size in the header");
  }
}

void ArchiveReader::CheckOriginal(const Hash128& hash) const {
  NNCPP_CHECK(stage_ == Stage::kDone);
  if (hash != end_.original_hash) {
    throw Error(ErrorKind::kFormat,
                "the archive is damaged: the whole original does not have its "
                "hash; get the archive again");
  }
}

void ArchiveReader::ReadCheck() {
  std::array<uint8_t, 4> check = {};
  Read(check);
  if (ByteReader(check).U32() != CheckOfLink(link_)) {
    ThrowDamaged("its check is wrong");
  }
}

// Fills `bytes` or throws.
void ArchiveReader::Read(std::span<uint8_t> bytes) {
  const int64_t count = in_.Read(bytes);
  bytes_read_ += count;
  if (count != std::ssize(bytes)) ThrowDamaged("the archive ends early");
}

// Says where: in the header, or in block 1, 2, ... (or the end mark, which
// stands where the next block would).
void ArchiveReader::ThrowDamaged(const std::string& what) const {
  const std::string place = stage_ == Stage::kHeader
                                ? "the header"
                                : "block " + std::to_string(blocks_ + 1);
  throw Error(ErrorKind::kFormat,
              "damaged in " + place + ": " + what + "; get the archive again");
}

}  // namespace nncpp
