// src/base/deflate.cc -- contract: src/base/deflate.h
#include "src/base/deflate.h"

#include <zlib.h>

#include <limits>
#include <new>
#include <utility>

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

std::optional<Inflated> Inflate(std::span<const uint8_t> bytes, int64_t most,
                                int64_t& work) {
  constexpr size_t kRoom = 1 << 14;
  NNCPP_CHECK(bytes.size() <= std::numeric_limits<uInt>::max());
  z_stream stream = {};
  stream.next_in = const_cast<Bytef*>(bytes.data());  // it only reads
  stream.avail_in = static_cast<uInt>(bytes.size());
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  struct Ender {
    z_stream& stream;
    ~Ender() { inflateEnd(&stream); }
  } const ender{stream};
  std::vector<uint8_t> data;
  int status = Z_OK;
  while (status == Z_OK && std::ssize(data) <= most) {
    const size_t begin = data.size();
    data.resize(begin + kRoom);
    stream.next_out = data.data() + begin;
    stream.avail_out = kRoom;
    status = inflate(&stream, Z_NO_FLUSH);
    data.resize(data.size() - stream.avail_out);
  }
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  work += static_cast<int64_t>(stream.total_in) + std::ssize(data);
  if (status != Z_STREAM_END || std::ssize(data) > most) return std::nullopt;
  return Inflated{std::move(data), static_cast<int64_t>(stream.total_in)};
}

uint32_t Adler32(std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(adler32_z(1, bytes.data(), bytes.size()));
}

uint32_t Crc32(std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

}  // namespace nncpp
