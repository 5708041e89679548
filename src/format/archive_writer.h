// src/format/archive_writer.h -- writes an archive, block after block.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "src/base/bytes.h"
#include "src/base/stream.h"
#include "src/format/archive.h"

namespace nncpp {

// How far an archive is written.
struct ArchivePosition {
  uint64_t link = 0;           // L of docs/format.md, of the last record
  int64_t original_bytes = 0;  // of all blocks
  int64_t blocks = 0;
  int64_t bytes_written = 0;
};

// Calls come in the order of the archive: WriteHeader, WriteBlock any number
// of times, WriteEnd. Values out of the ranges of docs/format.md are mistakes
// of the caller (NNCPP_CHECK). Errors: kIo from the sink.
class ArchiveWriter {
 public:
  // `out` must outlive the writer.
  explicit ArchiveWriter(Sink& out) : out_(out) {}

  void WriteHeader(const ArchiveHeader& header);

  // The header, from its magic to its check. After WriteHeader.
  const std::vector<uint8_t>& header_record() const { return header_record_; }

  // Instead of WriteHeader: goes on behind what another writer of the same
  // header had written.
  void Continue(const ArchiveHeader& header, const ArchivePosition& position);

  // REQUIRES: a coded block's payload is smaller than its original; a stored
  // block's payload is its original, and its `symbols` are 0.
  void WriteBlock(const BlockHeader& block, std::span<const uint8_t> payload);

  // Throws Error(kIo) when the blocks written do not add up to the size in the
  // header: the input changed while it was read.
  void WriteEnd(const Hash128& original_hash, bool part_follows = false);

  const ArchivePosition& position() const { return at_; }
  int64_t bytes_written() const { return at_.bytes_written; }
  int64_t original_bytes() const { return at_.original_bytes; }
  int64_t blocks() const { return at_.blocks; }

 private:
  enum class Stage { kHeader, kBlocks, kDone };

  void WriteRecord(const ByteWriter& fields);
  void Write(std::span<const uint8_t> bytes);

  Sink& out_;
  Stage stage_ = Stage::kHeader;
  std::vector<uint8_t> header_record_;
  std::optional<int64_t> promised_bytes_;  // the size in the header
  bool is_part_ = false;
  ArchivePosition at_;
};

}  // namespace nncpp
