// src/format/payload.cc -- contract: payload.h
#include "src/format/payload.h"

#include <iterator>

#include "src/base/bytes.h"
#include "src/base/check.h"
#include "src/base/error.h"

namespace nncpp {

std::vector<uint8_t> JoinStreams(
    std::span<const std::vector<uint8_t>> streams) {
  NNCPP_CHECK(!streams.empty());
  ByteWriter payload;
  for (const auto& stream : streams.first(streams.size() - 1)) {
    payload.Varint(stream.size());
  }
  for (const auto& stream : streams) payload.Bytes(stream);
  return payload.Take();
}

std::vector<std::span<const uint8_t>> SplitStreams(
    std::span<const uint8_t> payload, int64_t streams) {
  NNCPP_CHECK(streams > 0);
  ByteReader lengths(payload);
  // Every length takes a byte at least.
  if (streams - 1 > lengths.remaining()) {
    throw Error(ErrorKind::kFormat, "the lengths of the streams are missing");
  }
  std::vector<int64_t> sizes;
  sizes.reserve(static_cast<size_t>(streams));
  int64_t total = 0;
  for (int64_t i = 0; i + 1 < streams; ++i) {
    const uint64_t size = lengths.Varint();
    // Compared before it is added: a sum of hostile lengths could overflow.
    if (size > static_cast<uint64_t>(std::ssize(payload) - total)) {
      throw Error(ErrorKind::kFormat, "a stream runs past its block");
    }
    sizes.push_back(static_cast<int64_t>(size));
    total += sizes.back();
  }
  if (total > lengths.remaining()) {
    throw Error(ErrorKind::kFormat, "a stream runs past its block");
  }
  sizes.push_back(lengths.remaining() - total);
  std::vector<std::span<const uint8_t>> parts;
  parts.reserve(sizes.size());
  for (const int64_t size : sizes) parts.push_back(lengths.Bytes(size));
  return parts;
}

}  // namespace nncpp
