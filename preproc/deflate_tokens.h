// preproc/deflate_tokens.h -- deflated data as what it says [rfc1951]: blocks
// of tokens, which are literals and copies.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace nncpp {

inline constexpr int64_t kShortestCopy = 3, kLongestCopy = 258;
inline constexpr int64_t kFarthestCopy = 32768;

struct DeflateToken {
  uint16_t distance;  // 1 to kFarthestCopy; 0: a literal
  uint8_t value;      // the literal, or the length - kShortestCopy

  int64_t length() const { return distance == 0 ? 1 : value + kShortestCopy; }
  bool operator==(const DeflateToken&) const = default;
};

// The values are those of the data.
enum class DeflateKind : uint8_t { kStored = 0, kFixed = 1, kDynamic = 2 };

// Bits in the order of the data: the first is the lowest of its byte.
struct BitString {
  std::vector<uint8_t> bytes;
  int64_t size = 0;  // bits

  // Adds `count` bits, 32 at most.
  void Add(uint32_t bits, int count);
  bool operator==(const BitString&) const = default;
};

inline constexpr int kMostCodeBits = 15;

// Lengths of codes, up to kMostCodeBits; 0: the value has none.
struct DeflateCodes {
  static constexpr int kLiterals = 286, kDistances = 30;
  static constexpr int kMostLiterals = 288;  // those that stand for nothing too

  std::array<uint8_t, kMostLiterals> literals{};
  std::array<uint8_t, kDistances> distances{};

  static const DeflateCodes& Fixed();
  // What the bits of a dynamic block's header, all of them, say. Null: no codes
  // for which there is room.
  static std::optional<DeflateCodes> Read(const BitString& header);
};

struct DeflateBlock {
  DeflateKind kind = DeflateKind::kFixed;
  bool last = false;   // it says so
  bool whole = false;  // its end is there
  int64_t count = 0;   // tokens; of a stored block bytes
  BitString header;    // of a dynamic block, behind its kind
};

struct DeflatedData {
  std::vector<uint8_t> data;         // what it holds
  std::vector<DeflateToken> tokens;  // of all blocks that are not stored
  std::vector<DeflateBlock> blocks;
  int64_t bits = 0;    // that say all this
  bool ended = false;  // with a last block

  int64_t bytes() const { return ended ? (bits + 7) / 8 : bits / 8; }
};

// What stands at the beginning of `bytes`, as far as it is deflated data that
// holds at most `most` bytes. `work` grows by the bytes that were read and
// made.
DeflatedData ReadDeflated(std::span<const uint8_t> bytes, int64_t most,
                          int64_t& work);

// The bits of the codes that have these lengths, the first bit lowest, for each
// value. Null: there is no room for so many.
std::optional<std::vector<uint16_t>> HuffmanCodes(
    std::span<const uint8_t> lengths);

// The code of a length or distance, how many bits follow it, and which.
struct DeflateExtra {
  int code;
  int count;
  uint32_t bits;
};
DeflateExtra LengthCode(const DeflateToken& copy);    // from 257 on
DeflateExtra DistanceCode(const DeflateToken& copy);  // from 0 on

inline constexpr int kEndOfBlock = 256;

// Codes of lengths that say how often one is repeated; those below are lengths.
inline constexpr int kRepeat = 16, kFewZeros = 17, kManyZeros = 18;

// Codes of the lengths of codes, in the order in which a header has them.
inline constexpr int kLengthCodes = 19;
inline constexpr uint8_t kLengthOrder[kLengthCodes] = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

}  // namespace nncpp
