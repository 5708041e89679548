// tests/support/resign.cc -- contract: resign.h
#include "tests/support/resign.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/hash.h"
#include "src/format/archive.h"

namespace nncpp {
namespace {

// Overwrites what there is room for from `at` on, little-endian.
void Put(uint64_t value, int64_t count, int64_t at,
         std::vector<uint8_t>& bytes) {
  for (int64_t i = 0; i < count && at + i < std::ssize(bytes); ++i) {
    bytes[static_cast<size_t>(at + i)] = static_cast<uint8_t>(value >> (8 * i));
  }
}

// What follows from a block's fields; a mark, an unknown kind and fields that
// are too short have no payload.
struct Place {
  int64_t hash_at = -1;  // of the payload hash; -1: there is none
  int64_t payload_bytes = 0;
};

// `fields` starts at `at`. `left` is what the header's size leaves for this
// block and those after it, and then for the latter.
Place ReadPlace(std::span<const uint8_t> fields, int64_t at, uint64_t& left) {
  try {
    ByteReader reader(fields);
    const uint8_t tag = reader.U8();
    const auto kind = static_cast<BlockKind>(tag & kTagKindMask);
    const bool coded = kind == BlockKind::kCoded;
    if (!coded && kind != BlockKind::kStored) return {};
    if ((tag & kTagSymbols) != 0) reader.Varint();
    uint64_t bytes = (tag & kTagRest) != 0 ? left : reader.Varint();
    left -= std::min(bytes, left);
    if (coded) bytes = reader.Varint();
    bytes = std::min(bytes, static_cast<uint64_t>(kMaxBlockBytes));
    return {at + reader.position(), static_cast<int64_t>(bytes)};
  } catch (const Error&) {
    return {};
  }
}

// The size in a header's fields; 0 if it is not known.
uint64_t SizeIn(std::span<const uint8_t> fields) {
  try {
    ByteReader reader(fields);
    reader.Varint();  // format
    reader.Varint();  // numerics
    return (reader.U8() & kFlagSizeKnown) != 0 ? reader.Varint() : 0;
  } catch (const Error&) {
    return 0;
  }
}

std::span<const uint8_t> Part(const std::vector<uint8_t>& bytes, int64_t at,
                              int64_t count) {
  return std::span(bytes).subspan(static_cast<size_t>(at),
                                  static_cast<size_t>(count));
}

}  // namespace

std::vector<uint8_t> Resign(std::vector<uint8_t> archive) {
  const int64_t size = std::ssize(archive);
  try {
    ByteReader reader(archive);
    reader.Bytes(std::ssize(kMagic));
    const uint64_t length = reader.Varint();
    uint64_t left = SizeIn(reader.Bytes(
        static_cast<int64_t>(std::min(length, static_cast<uint64_t>(size)))));
    int64_t at = reader.position();
    uint64_t link = HashBytes64(Part(archive, 0, at));
    Put(CheckOfLink(link), 4, at, archive);
    at += 4;
    while (at < size) {
      const int64_t fields_at = at + 1;
      const int64_t fields_bytes = archive[static_cast<size_t>(at)];
      if (fields_at + fields_bytes > size) break;
      const Place place =
          ReadPlace(Part(archive, fields_at, fields_bytes), fields_at, left);
      const int64_t check_at = fields_at + fields_bytes;
      const int64_t payload_at = std::min(check_at + 4, size);
      const int64_t payload_bytes =
          std::min(place.payload_bytes, size - payload_at);
      if (place.hash_at >= 0 && place.hash_at + 8 <= check_at) {
        Put(HashBytes64(Part(archive, payload_at, payload_bytes), link), 8,
            place.hash_at, archive);
      }
      link = HashBytes64(Part(archive, at, 1 + fields_bytes), link);
      Put(CheckOfLink(link), 4, check_at, archive);
      at = payload_at + payload_bytes;
    }
  } catch (const Error&) {
    // The layout cannot be followed any further: what is signed is signed.
  }
  return archive;
}

}  // namespace nncpp
