// src/base/deflate.cc -- contract: src/base/deflate.h
#include "src/base/deflate.h"

#include <zlib.h>

#include <new>
#include <vector>

#include "src/base/check.h"

namespace nncpp {

int64_t DeflatedBytes(std::span<const uint8_t> bytes) {
  uLongf size = compressBound(bytes.size());
  std::vector<uint8_t> room(size);
  const int status =
      compress2(room.data(), &size, bytes.data(), bytes.size(), 1);
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  NNCPP_CHECK(status == Z_OK);
  return static_cast<int64_t>(size);
}

uint32_t Adler32(std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(adler32_z(1, bytes.data(), bytes.size()));
}

uint32_t Crc32(std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

}  // namespace nncpp
