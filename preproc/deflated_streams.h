// preproc/deflated_streams.h -- streams of deflated data (PDF, ZIP, gzip)
// inflated, and back.
//
// Deflated data looks like noise to a model, what it holds does not. Streams
// that zlib makes again, bit for bit, of what they hold are replaced by it
// (docs/format.md, "Streams").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace nncpp {

// `bytes` with their streams inflated, at most `most` bytes with the list of
// streams that comes first. Null: no stream is worth it.
std::optional<std::vector<uint8_t>> InflateStreams(
    std::span<const uint8_t> bytes, int64_t most);

// The other way, for bytes of which there were `size`. Throws Error(kFormat).
std::vector<uint8_t> DeflateStreams(std::span<const uint8_t> inflated,
                                    int64_t size);

// Whether streams are enough of what begins so. `most` as above.
bool HasStreams(std::span<const uint8_t> head, int64_t most);

}  // namespace nncpp
