// src/format/archive.h -- the parts of an archive, as docs/format.md has them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "src/base/hash.h"

namespace nncpp {

inline constexpr std::array<uint8_t, 8> kMagic = {0x91, 'N',  'N',  'C',
                                                  'P',  '\r', '\n', 0x1A};
inline constexpr uint64_t kFormatNumber = 1;
inline constexpr uint64_t kNumericsNumber = 1;

// Limits that hold for every archive; a reader checks them before it takes
// memory.
inline constexpr int64_t kMaxConfigBytes = 4096;
inline constexpr int64_t kMaxPreparationBytes = int64_t{1} << 20;
inline constexpr int64_t kMaxFilesBytes = int64_t{1} << 19;
inline constexpr int64_t kMaxParts = 999;
inline constexpr int64_t kMaxOriginalBytes = (int64_t{1} << 49) - 1;
inline constexpr int64_t kMaxBlockSymbols = int64_t{1} << 24;
inline constexpr int64_t kMaxBlockBytes = int64_t{1} << 26;
inline constexpr int64_t kMaxBytesPerSymbol = 64;

// Lengths of the fields before a check (docs/format.md, `length`).
inline constexpr int64_t kMinHeaderFieldBytes = 3;
inline constexpr int64_t kMaxHeaderFieldBytes =
    3 + 7 + 3 + kMaxPreparationBytes + 3 + kMaxFilesBytes + kMaxConfigBytes;
inline constexpr int64_t kMaxBlockFieldBytes = 64;

// Bits of the header's flags and of a block's tag; all others are reserved.
inline constexpr uint8_t kFlagSizeKnown = 0x01;
inline constexpr uint8_t kFlagPrepared = 0x02;
inline constexpr uint8_t kFlagPart = 0x04;
inline constexpr uint8_t kFlagFiles = 0x08;
inline constexpr uint8_t kTagKindMask = 0x03;
inline constexpr uint8_t kTagModelRestarts = 0x04;
inline constexpr uint8_t kTagPartFollows = 0x04;  // of an end mark
inline constexpr uint8_t kTagPlain = 0x08;
inline constexpr uint8_t kTagSymbols = 0x10;  // their number stands
inline constexpr uint8_t kTagRest = 0x20;     // to the size in the header

enum class PartWay : uint8_t { kChained = 1, kIndependent = 2 };

// The place of an archive in a set (docs/format.md, "Parts").
struct ArchivePart {
  PartWay way = PartWay::kChained;
  int64_t number = 1;        // in [1, kMaxParts]
  uint64_t predecessor = 0;  // L after the end mark of the part before
  bool operator==(const ArchivePart&) const = default;
};

struct ArchiveHeader {
  std::optional<int64_t> original_bytes;  // empty: not known (a pipe)
  std::vector<uint8_t> config;            // the model's business
  std::vector<uint8_t> preparation = {};  // the codec's business; may be empty
  std::optional<ArchivePart> part = {};   // empty: no part of a set
  std::vector<uint8_t> files = {};        // format/files.h; empty: one original
  bool operator==(const ArchiveHeader&) const = default;
};

enum class BlockKind : uint8_t { kCoded = 1, kStored = 2, kEnd = 3 };

// The fields of a block header that are the codec's business; lengths and
// hashes of the payload are the writer's and the reader's.
struct BlockHeader {
  BlockKind kind = BlockKind::kCoded;  // kCoded or kStored
  bool model_restarts = false;  // from its initial state, after this block
  bool plain = false;           // coded: symbols are bytes as they are
  int64_t symbols = 0;          // 0 in a stored block, which does not say
  int64_t original_bytes = 0;
  // HashBytes64(original), seed 0. A stored block does not carry it: the
  // writer ignores it, the reader computes it.
  uint64_t original_hash = 0;
  uint64_t model_digest = 0;  // of the state that the next block starts from
  bool operator==(const BlockHeader&) const = default;
};

struct ArchiveEnd {
  Hash128 original_hash;
  bool part_follows = false;  // only in a part
  bool operator==(const ArchiveEnd&) const = default;
};

// The check that follows a header, block header or end mark: low32(L), where
// L = HashBytes64(its bytes, the L before it) is the link of docs/format.md.
inline uint32_t CheckOfLink(uint64_t link) {
  return static_cast<uint32_t>(link);
}

}  // namespace nncpp
