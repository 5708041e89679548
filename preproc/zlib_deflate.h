// preproc/zlib_deflate.h -- deflated data as zlib makes it, bit for bit.
//
// A stream of zlib is a function of its data and five numbers, so it can be
// left out where these stand. What zlib decides is part of the format
// (docs/format.md, "Streams"), whatever later versions of zlib do: hence
// this twin. Sources: [rfc1951]; [zlib], deflate.c.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace nncpp {

enum class ZlibEnding : uint8_t {
  kFinish = 0,   // the last block says that it is the last
  kPartial = 1,  // Z_PARTIAL_FLUSH, then an empty last block
};
inline constexpr ZlibEnding kLastZlibEnding = ZlibEnding::kPartial;

struct ZlibSettings {
  int level = 6;         // 1 to 9
  int memory_level = 8;  // 1 to 9
  int window_bits = 15;  // 9 to 15
  ZlibEnding ending = ZlibEnding::kFinish;

  bool AreSound() const;
  bool operator==(const ZlibSettings&) const = default;
};

// Keeps its tables from stream to stream: files have many short ones.
class ZlibDeflater {
 public:
  // The deflated data, without a header. Null where it would be longer than
  // `most` bytes, where its beginning differs from `wanted` (empty: any), or
  // where zlib would store a block as it is. REQUIRES: the settings are sound.
  std::optional<std::vector<uint8_t>> Run(std::span<const uint8_t> data,
                                          const ZlibSettings& settings,
                                          int64_t most,
                                          std::span<const uint8_t> wanted);

 private:
  std::vector<int64_t> head_;    // last place of each hash; all 0 between runs
  std::vector<int64_t> before_;  // the place before, by place in the window
};

}  // namespace nncpp
