// src/format/archive_writer.cc -- contract: archive_writer.h
#include "src/format/archive_writer.h"

#include <iterator>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/base/hash.h"

namespace nncpp {
namespace {

void WritePart(const ArchivePart& part, ByteWriter& fields) {
  NNCPP_CHECK(1 <= part.number && part.number <= kMaxParts);
  NNCPP_CHECK(part.number > 1 || part.predecessor == 0);
  fields.U8(static_cast<uint8_t>(part.way));
  fields.Varint(static_cast<uint64_t>(part.number));
  fields.U64(part.predecessor);
}

}  // namespace

void ArchiveWriter::WriteHeader(const ArchiveHeader& header) {
  NNCPP_CHECK(stage_ == Stage::kHeader);
  NNCPP_CHECK(std::ssize(header.config) <= kMaxConfigBytes);
  ByteWriter fields;
  fields.Varint(kFormatNumber);
  fields.Varint(kNumericsNumber);
  const bool prepared = !header.preparation.empty();
  const bool files = !header.files.empty();
  NNCPP_CHECK(!files || (header.original_bytes && !header.part));
  fields.U8(static_cast<uint8_t>((header.original_bytes ? kFlagSizeKnown : 0) |
                                 (prepared ? kFlagPrepared : 0) |
                                 (header.part ? kFlagPart : 0) |
                                 (files ? kFlagFiles : 0)));
  if (header.original_bytes) {
    const int64_t size = *header.original_bytes;
    NNCPP_CHECK(0 <= size && size <= kMaxOriginalBytes);
    fields.Varint(static_cast<uint64_t>(size));
  }
  if (prepared) {
    NNCPP_CHECK(std::ssize(header.preparation) <= kMaxPreparationBytes);
    fields.Varint(header.preparation.size());
    fields.Bytes(header.preparation);
  }
  if (header.part) WritePart(*header.part, fields);
  if (files) {
    NNCPP_CHECK(std::ssize(header.files) <= kMaxFilesBytes);
    fields.Varint(header.files.size());
    fields.Bytes(header.files);
  }
  fields.Bytes(header.config);

  ByteWriter record;
  record.Bytes(kMagic);
  record.Varint(fields.bytes().size());
  record.Bytes(fields.bytes());
  at_.link = HashBytes64(record.bytes());
  record.U32(CheckOfLink(at_.link));
  Write(record.bytes());
  header_record_ = record.Take();
  promised_bytes_ = header.original_bytes;
  is_part_ = header.part.has_value();
  stage_ = Stage::kBlocks;
}

void ArchiveWriter::Continue(const ArchiveHeader& header,
                             const ArchivePosition& position) {
  NNCPP_CHECK(stage_ == Stage::kHeader);
  promised_bytes_ = header.original_bytes;
  is_part_ = header.part.has_value();
  at_ = position;
  stage_ = Stage::kBlocks;
}

void ArchiveWriter::WriteBlock(const BlockHeader& block,
                               std::span<const uint8_t> payload) {
  NNCPP_CHECK(stage_ == Stage::kBlocks);
  NNCPP_CHECK(1 <= block.original_bytes &&
              block.original_bytes <= kMaxBlockBytes);
  NNCPP_CHECK(block.original_bytes <= kMaxOriginalBytes - at_.original_bytes);
  const bool coded = block.kind == BlockKind::kCoded;
  if (coded) {
    NNCPP_CHECK(1 <= block.symbols && block.symbols <= kMaxBlockSymbols);
    NNCPP_CHECK(block.original_bytes <= block.symbols * kMaxBytesPerSymbol);
    NNCPP_CHECK(std::ssize(payload) < block.original_bytes);
  } else {
    NNCPP_CHECK(block.kind == BlockKind::kStored);
    NNCPP_CHECK(block.symbols == 0);
    NNCPP_CHECK(std::ssize(payload) == block.original_bytes);
  }
  NNCPP_CHECK(coded || !block.plain);
  const bool counted = coded && block.symbols != block.original_bytes;
  at_.original_bytes += block.original_bytes;
  const bool rest = at_.original_bytes == promised_bytes_;
  ByteWriter fields;
  fields.U8(static_cast<uint8_t>(
      static_cast<int>(block.kind) |
      (block.model_restarts ? kTagModelRestarts : 0) |
      (block.plain ? kTagPlain : 0) | (counted ? kTagSymbols : 0) |
      (rest ? kTagRest : 0)));
  if (counted) fields.Varint(static_cast<uint64_t>(block.symbols));
  if (!rest) fields.Varint(static_cast<uint64_t>(block.original_bytes));
  if (coded) fields.Varint(payload.size());
  fields.U64(HashBytes64(payload, at_.link));
  if (coded) fields.U64(block.original_hash);
  fields.U64(block.model_digest);
  WriteRecord(fields);
  Write(payload);
  ++at_.blocks;
}

void ArchiveWriter::WriteEnd(const Hash128& original_hash, bool part_follows) {
  NNCPP_CHECK(stage_ == Stage::kBlocks);
  NNCPP_CHECK(is_part_ || !part_follows);
  if (promised_bytes_ && *promised_bytes_ != at_.original_bytes) {
    throw Error(ErrorKind::kIo,
                "the input changed its size while it was read; run again when "
                "nothing writes to it");
  }
  ByteWriter fields;
  fields.U8(static_cast<uint8_t>(static_cast<uint8_t>(BlockKind::kEnd) |
                                 (part_follows ? kTagPartFollows : 0)));
  fields.U64(original_hash.low);
  fields.U64(original_hash.high);
  WriteRecord(fields);
  stage_ = Stage::kDone;
}

// Puts the length before the fields of a block header or end mark, and the
// check after them.
void ArchiveWriter::WriteRecord(const ByteWriter& fields) {
  NNCPP_CHECK(std::ssize(fields.bytes()) <= kMaxBlockFieldBytes);
  ByteWriter record;
  record.U8(static_cast<uint8_t>(fields.bytes().size()));
  record.Bytes(fields.bytes());
  at_.link = HashBytes64(record.bytes(), at_.link);
  record.U32(CheckOfLink(at_.link));
  Write(record.bytes());
}

void ArchiveWriter::Write(std::span<const uint8_t> bytes) {
  out_.Write(bytes);
  at_.bytes_written += std::ssize(bytes);
}

}  // namespace nncpp
