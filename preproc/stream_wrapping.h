// preproc/stream_wrapping.h -- what stands around deflated data in files.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nncpp {

bool BeginsWith(std::span<const uint8_t> bytes, std::span<const uint8_t> with);

// What stands behind the deflated data and in it, and is left out. The values
// are part of the format (docs/format.md, "Streams").
enum class Wrapping : uint8_t {
  kNone = 0,  // nothing: a member of a ZIP
  kZlib = 1,  // Adler-32, the high byte first
  kGzip = 2,  // CRC-32 and the size, the low bytes first
  kPng = 3,   // as zlib, cut into chunks [png]
};

// A header that deflated data seems to follow.
struct StreamHeader {
  int64_t size = 0;  // bytes; 0: there is none
  Wrapping wrapping = Wrapping::kNone;
  int window_bits = 15;
  int level = 6;  // that it speaks of, about
};
StreamHeader StreamHeaderOf(std::span<const uint8_t> bytes);

// Deflated data out of the chunks of a picture that begin at the beginning of
// `bytes`. REQUIRES: its header is of kPng.
std::vector<uint8_t> OutOfChunks(std::span<const uint8_t> bytes);

// All that stands where `deflated` did, which holds `data`; if not `ended`,
// without what stands behind it. `before`: what precedes it, as far as it is
// known. Throws Error(kFormat) where that has no header of a chunk.
std::vector<uint8_t> Wrapped(Wrapping wrapping, std::span<const uint8_t> before,
                             std::span<const uint8_t> deflated, bool ended,
                             std::span<const uint8_t> data);

}  // namespace nncpp
