// src/format/archive_reader.h -- reads an archive, block after block.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/bytes.h"
#include "src/base/stream.h"
#include "src/format/archive.h"

namespace nncpp {

// Calls come in the order of the archive: ReadHeader, then NextBlock until it
// returns kEnd. Takes every field for hostile: what the accessors return has
// passed its check and lies in the ranges of docs/format.md.
//
// Errors, after which the reader must not be used: kFormat, kUnsupported
// (docs/format.md, "What a reader must refuse"), kIo from the source. Messages
// carry no file name, since the reader knows none; they name the block,
// counted from 1.
class ArchiveReader {
 public:
  // `in` must outlive the reader.
  explicit ArchiveReader(Source& in) : in_(in) {}

  const ArchiveHeader& ReadHeader();

  // Reads and verifies the next block with its payload, or the end mark; then
  // also that nothing follows it and that the blocks make the promised size.
  BlockKind NextBlock();

  // After NextBlock returned kCoded or kStored, until the next call.
  const BlockHeader& block() const { return block_; }
  std::span<const uint8_t> payload() const { return payload_; }

  // After NextBlock returned kEnd. CheckOriginal throws Error(kFormat) unless
  // `hash` is the one in the end mark.
  const ArchiveEnd& end() const { return end_; }
  void CheckOriginal(const Hash128& hash) const;

  // The header, from its magic to its check. After ReadHeader.
  const std::vector<uint8_t>& header_record() const { return header_record_; }

  // L of docs/format.md, of the last header or block header read.
  uint64_t link() const { return link_; }

  int64_t bytes_read() const { return bytes_read_; }
  int64_t original_bytes() const { return original_bytes_; }  // blocks so far
  int64_t blocks() const { return blocks_; }                  // so far

 private:
  enum class Stage { kHeader, kBlocks, kDone };

  std::vector<uint8_t> ReadHeaderRecord();
  int64_t ReadHeaderLength(ByteWriter& record);
  std::span<const uint8_t> ReadBlockRecord(std::span<uint8_t> memory);
  void ReadTag(uint8_t tag);
  uint64_t ReadBlockFields(uint8_t tag, ByteReader& fields);
  void ReadSizes(uint8_t tag, ByteReader& fields);
  void ReadPayload(int64_t bytes);
  void ReadEnd(ByteReader& fields);
  void CheckNothingFollows();
  void ReadCheck();
  void Read(std::span<uint8_t> bytes);
  [[noreturn]] void ThrowDamaged(const std::string& what) const;

  Source& in_;
  Stage stage_ = Stage::kHeader;
  uint64_t link_ = 0;  // L of docs/format.md, of the last record read
  ArchiveHeader header_;
  std::vector<uint8_t> header_record_;
  BlockHeader block_;
  int64_t payload_bytes_ = 0;  // what the block header announces
  std::vector<uint8_t> payload_;
  ArchiveEnd end_;
  int64_t original_bytes_ = 0;
  int64_t blocks_ = 0;
  int64_t bytes_read_ = 0;
};

}  // namespace nncpp
