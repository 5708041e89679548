// src/base/deflate.h -- what zlib makes of bytes, and of deflated data.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace nncpp {

// Bytes that zlib at level 1 takes for `bytes`.
int64_t DeflatedBytes(std::span<const uint8_t> bytes);

struct Inflated {
  std::vector<uint8_t> data;
  int64_t deflated;  // bytes that it was
};

// What deflated data without a header [rfc1951], at the beginning of `bytes`,
// holds. Null: it is none, does not end there, or holds more than `most` bytes.
// `work` grows by the bytes that were read and made.
std::optional<Inflated> Inflate(std::span<const uint8_t> bytes, int64_t most,
                                int64_t& work);

uint32_t Adler32(std::span<const uint8_t> bytes);  // RFC 1950
uint32_t Crc32(std::span<const uint8_t> bytes);    // RFC 1952

}  // namespace nncpp
