// src/base/bytes.h -- little-endian fields in byte strings.
#pragma once

#include <cstdint>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

namespace nncpp {

// Appends fields to a growing byte string. Fixed-width integers are
// little-endian; Varint is canonical LEB128 (seven bits a byte, low first, no
// superfluous zero byte at the end).
class ByteWriter {
 public:
  void U8(uint8_t value);
  void U16(uint16_t value);
  void U32(uint32_t value);
  void U64(uint64_t value);
  void Varint(uint64_t value);
  void Bytes(std::span<const uint8_t> bytes);

  const std::vector<uint8_t>& bytes() const { return bytes_; }
  std::vector<uint8_t> Take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

// Reads the same fields back. Every function throws Error(kFormat) when the
// bytes end too early or a varint is not canonical or exceeds 64 bits.
class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint8_t U8();
  uint16_t U16();
  uint32_t U32();
  uint64_t U64();
  uint64_t Varint();
  std::span<const uint8_t> Bytes(int64_t count);

  int64_t position() const { return position_; }
  int64_t remaining() const { return std::ssize(bytes_) - position_; }

 private:
  std::span<const uint8_t> bytes_;
  int64_t position_ = 0;  // in [0, bytes_.size()]
};

}  // namespace nncpp
