// src/format/archive_writer.h -- writes an archive, block after block.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "src/base/bytes.h"
#include "src/base/stream.h"
#include "src/format/archive.h"

namespace nncpp {

// Calls come in the order of the archive: WriteHeader, WriteBlock any number
// of times, WriteEnd. Values out of the ranges of docs/format.md are mistakes
// of the caller (NNCPP_CHECK). Errors: kIo from the sink.
class ArchiveWriter {
 public:
  // `out` must outlive the writer.
  explicit ArchiveWriter(Sink& out) : out_(out) {}

  void WriteHeader(const ArchiveHeader& header);

  // REQUIRES: a coded block's payload is smaller than its original; a stored
  // block's payload is its original, and its `symbols` are 0.
  void WriteBlock(const BlockHeader& block, std::span<const uint8_t> payload);

  // Totals are the sum of the blocks written. Throws Error(kIo) when they
  // differ from the size in the header: the input changed while it was read.
  void WriteEnd(const Hash128& original_hash);

  int64_t bytes_written() const { return bytes_written_; }
  int64_t original_bytes() const { return original_bytes_; }  // of all blocks
  int64_t blocks() const { return blocks_; }

 private:
  enum class Stage { kHeader, kBlocks, kDone };

  void WriteRecord(const ByteWriter& fields);
  void Write(std::span<const uint8_t> bytes);

  Sink& out_;
  Stage stage_ = Stage::kHeader;
  uint64_t link_ = 0;  // L of docs/format.md, of the last record written
  std::optional<int64_t> promised_bytes_;  // the size in the header
  int64_t original_bytes_ = 0;
  int64_t blocks_ = 0;
  int64_t bytes_written_ = 0;
};

}  // namespace nncpp
