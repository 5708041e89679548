// preproc/stream_wrapping.cc -- contract: preproc/stream_wrapping.h
#include "preproc/stream_wrapping.h"

#include <algorithm>
#include <array>

#include "src/base/bytes.h"
#include "src/base/deflate.h"
#include "src/base/error.h"

namespace nncpp {
namespace {

StreamHeader ZipHeader(std::span<const uint8_t> bytes) {
  constexpr size_t kFixed = 30;
  if (bytes.size() < kFixed || (bytes[8] | bytes[9] << 8) != 8) return {};
  const int64_t names =
      (bytes[26] | bytes[27] << 8) + (bytes[28] | bytes[29] << 8);
  return {static_cast<int64_t>(kFixed) + names, Wrapping::kNone, 15, 6};
}

StreamHeader GzipHeader(std::span<const uint8_t> bytes) {
  constexpr uint8_t kCrc = 2, kExtra = 4, kName = 8, kComment = 16;
  constexpr size_t kFixed = 10;
  if (bytes.size() < kFixed || bytes[2] != 8 || bytes[3] > 31) return {};
  const uint8_t flags = bytes[3];
  size_t at = kFixed;
  if ((flags & kExtra) != 0 && at + 2 <= bytes.size()) {
    at += 2u + bytes[at] + (size_t{bytes[at + 1]} << 8);
  }
  for (const uint8_t text : {kName, kComment}) {
    if ((flags & text) == 0) continue;
    while (at < bytes.size() && bytes[at] != 0) ++at;
    ++at;
  }
  if ((flags & kCrc) != 0) at += 2;
  return {static_cast<int64_t>(at), Wrapping::kGzip, 15,
          bytes[8] == 2   ? 9
          : bytes[8] == 4 ? 1
                          : 6};
}

StreamHeader ZlibHeader(std::span<const uint8_t> bytes) {
  constexpr int kLevels[] = {1, 5, 6, 9};  // by what the header says of it
  if (bytes.size() < 2 || (bytes[0] & 15) != 8 || bytes[0] >> 4 > 7 ||
      (bytes[0] << 8 | bytes[1]) % 31 != 0 || (bytes[1] & 32) != 0) {
    return {};
  }
  return {2, Wrapping::kZlib, std::max(9, (bytes[0] >> 4) + 8),
          kLevels[bytes[1] >> 6]};
}

// A chunk of a PNG is the length of its data, its name, the data, and the
// CRC-32 of name and data; numbers have the high byte first. All chunks of a
// picture but the last are as long as the first.
constexpr std::array<uint8_t, 4> kImageData = {'I', 'D', 'A', 'T'};
constexpr size_t kChunkName = 4, kChunkHeader = 8, kChunkSum = 4;
constexpr int64_t kZlibHeader = 2;

uint32_t HighFirst(std::span<const uint8_t> bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 |
         uint32_t{bytes[2]} << 8 | bytes[3];
}

void AppendHighFirst(uint32_t value, std::vector<uint8_t>& to) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    to.push_back(static_cast<uint8_t>(value >> shift));
  }
}

bool IsImageData(std::span<const uint8_t> chunk) {
  return chunk.size() > kChunkHeader &&
         BeginsWith(chunk.subspan(kChunkName), kImageData);
}

// Cuts `data` into chunks; the first has begun with `before`, its header and
// what it has so far.
std::vector<uint8_t> IntoChunks(std::span<const uint8_t> before,
                                std::span<const uint8_t> data, bool ended) {
  const size_t length = HighFirst(before);
  size_t room = length - std::min(length, before.size() - kChunkHeader);
  std::vector<uint8_t> out, summed(before.begin() + kChunkName, before.end());
  for (;;) {
    const auto next = data.first(std::min(data.size(), room));
    out.insert(out.end(), next.begin(), next.end());
    summed.insert(summed.end(), next.begin(), next.end());
    data = data.subspan(next.size());
    if (data.empty() && !ended) return out;
    AppendHighFirst(Crc32(summed), out);
    if (data.empty() || length == 0) return out;
    room = length;
    const size_t said = ended ? std::min(length, data.size()) : length;
    AppendHighFirst(static_cast<uint32_t>(said), out);
    summed.assign(kImageData.begin(), kImageData.end());
    out.insert(out.end(), summed.begin(), summed.end());
  }
}

StreamHeader PngHeader(std::span<const uint8_t> bytes) {
  StreamHeader header = ZlibHeader(bytes.subspan(kChunkHeader));
  if (header.size == 0 || HighFirst(bytes) < kZlibHeader) return {};
  header.size += kChunkHeader;
  header.wrapping = Wrapping::kPng;
  return header;
}

std::vector<uint8_t> Trailer(Wrapping wrapping, std::span<const uint8_t> data) {
  std::vector<uint8_t> trailer;
  if (wrapping == Wrapping::kGzip) {
    ByteWriter out;
    out.U32(Crc32(data));
    out.U32(static_cast<uint32_t>(data.size()));
    trailer = out.Take();
  } else if (wrapping != Wrapping::kNone) {
    AppendHighFirst(Adler32(data), trailer);
  }
  return trailer;
}

}  // namespace

bool BeginsWith(std::span<const uint8_t> bytes, std::span<const uint8_t> with) {
  return bytes.size() >= with.size() &&
         std::equal(with.begin(), with.end(), bytes.begin());
}

StreamHeader StreamHeaderOf(std::span<const uint8_t> bytes) {
  constexpr std::array<uint8_t, 4> kZip = {'P', 'K', 3, 4};
  constexpr std::array<uint8_t, 2> kGzip = {0x1f, 0x8b};
  if (BeginsWith(bytes, kZip)) return ZipHeader(bytes);
  if (BeginsWith(bytes, kGzip)) return GzipHeader(bytes);
  return IsImageData(bytes) ? PngHeader(bytes) : ZlibHeader(bytes);
}

std::vector<uint8_t> OutOfChunks(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> joined;
  const uint32_t length = HighFirst(bytes);
  for (bool more = true; more && IsImageData(bytes);) {
    const size_t said = HighFirst(bytes);
    const size_t there = bytes.size() - kChunkHeader;
    const auto data = bytes.subspan(kChunkHeader, std::min(said, there));
    joined.insert(joined.end(), data.begin(), data.end());
    more = said == length && said > 0 && said + kChunkSum < there;
    if (more) bytes = bytes.subspan(kChunkHeader + said + kChunkSum);
  }
  joined.erase(
      joined.begin(),
      joined.begin() + std::min<int64_t>(std::ssize(joined), kZlibHeader));
  return joined;
}

std::vector<uint8_t> Wrapped(Wrapping wrapping, std::span<const uint8_t> before,
                             std::span<const uint8_t> deflated, bool ended,
                             std::span<const uint8_t> data) {
  std::vector<uint8_t> out(deflated.begin(), deflated.end());
  if (ended) {
    const std::vector<uint8_t> trailer = Trailer(wrapping, data);
    out.insert(out.end(), trailer.begin(), trailer.end());
  }
  if (wrapping != Wrapping::kPng) return out;
  constexpr size_t kBefore = kChunkHeader + kZlibHeader;
  if (before.size() < kBefore) {
    throw Error(ErrorKind::kFormat, "a stream stands in no chunk");
  }
  return IntoChunks(before.last(kBefore), out, ended);
}

}  // namespace nncpp
