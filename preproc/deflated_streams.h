// preproc/deflated_streams.h -- streams of deflated data (PDF, ZIP, gzip, PNG)
// inflated, and back.
//
// Deflated data looks like noise to a model, what it holds does not. So streams
// are replaced by what they hold, with what is needed to make the same bytes of
// it again (docs/format.md, "Streams").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace nncpp {

struct InflatedStreams {
  std::vector<uint8_t> bytes;  // the list of streams, then all with what they
                               // hold
  int64_t replaced = 0;        // bytes that the streams were

  // Whether they are enough of `size` bytes to look for more.
  bool AreMany(int64_t size) const;
};

// `bytes` with their streams inflated, at most `most` bytes. Null: no stream is
// worth it.
std::optional<InflatedStreams> InflateStreams(std::span<const uint8_t> bytes,
                                              int64_t most);

// What the list says. The values are part of the format.
enum class StreamsForm : uint8_t {
  kNone = 0,    // there are no streams
  kOfZlib = 4,  // they are zlib's own; not made any more
  kAny = 5,
};

// The other way, for bytes of which there were `size`. Throws Error(kFormat).
std::vector<uint8_t> DeflateStreams(std::span<const uint8_t> inflated,
                                    StreamsForm form, int64_t size);

}  // namespace nncpp
