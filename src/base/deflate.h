// src/base/deflate.h -- what zlib makes of bytes.
#pragma once

#include <cstdint>
#include <span>

namespace nncpp {

// Bytes that zlib at level 1 takes for `bytes`.
int64_t DeflatedBytes(std::span<const uint8_t> bytes);

}  // namespace nncpp
