// src/base/deflate.h -- sums of zlib, and what it makes of bytes.
#pragma once

#include <cstdint>
#include <span>

namespace nncpp {

// Bytes that zlib at level 1 takes for `bytes`.
int64_t DeflatedBytes(std::span<const uint8_t> bytes);

uint32_t Adler32(std::span<const uint8_t> bytes);  // RFC 1950
uint32_t Crc32(std::span<const uint8_t> bytes);    // RFC 1952

}  // namespace nncpp
