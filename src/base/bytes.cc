// src/base/bytes.cc -- contract: bytes.h
#include "src/base/bytes.h"

#include "src/base/error.h"

namespace nncpp {
namespace {

template <typename T>
void AppendLittleEndian(T value, std::vector<uint8_t>& bytes) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
}

template <typename T>
T LittleEndian(std::span<const uint8_t> bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | (T{bytes[i]} << (8 * i)));
  }
  return value;
}

}  // namespace

void ByteWriter::U8(uint8_t value) { bytes_.push_back(value); }
void ByteWriter::U16(uint16_t value) { AppendLittleEndian(value, bytes_); }
void ByteWriter::U32(uint32_t value) { AppendLittleEndian(value, bytes_); }
void ByteWriter::U64(uint64_t value) { AppendLittleEndian(value, bytes_); }

void ByteWriter::Varint(uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<uint8_t>(value));
}

void ByteWriter::Bytes(std::span<const uint8_t> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

uint8_t ByteReader::U8() { return Bytes(1)[0]; }
uint16_t ByteReader::U16() { return LittleEndian<uint16_t>(Bytes(2)); }
uint32_t ByteReader::U32() { return LittleEndian<uint32_t>(Bytes(4)); }
uint64_t ByteReader::U64() { return LittleEndian<uint64_t>(Bytes(8)); }

uint64_t ByteReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const uint8_t byte = U8();
    // The tenth byte holds bit 63 and nothing else.
    if (shift == 63 && byte > 1) {
      throw Error(ErrorKind::kFormat, "a number exceeds 64 bits");
    }
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) {
      if (byte == 0 && shift > 0) {
        throw Error(ErrorKind::kFormat, "a number is longer than it must be");
      }
      return value;
    }
  }
}

std::span<const uint8_t> ByteReader::Bytes(int64_t count) {
  if (count < 0 || count > remaining()) {
    throw Error(ErrorKind::kFormat, "a field runs past the end");
  }
  const auto bytes = bytes_.subspan(static_cast<size_t>(position_),
                                    static_cast<size_t>(count));
  position_ += count;
  return bytes;
}

}  // namespace nncpp
