// src/format/payload.h -- the streams inside the payload of a coded block.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nncpp {

// docs/format.md, "Payload of a coded block". REQUIRES: at least one stream.
std::vector<uint8_t> JoinStreams(std::span<const std::vector<uint8_t>> streams);

// Returns the `streams` (> 0) parts of a payload; they point into it. Throws
// Error(kFormat), before it takes memory, when the lengths cannot be right.
std::vector<std::span<const uint8_t>> SplitStreams(
    std::span<const uint8_t> payload, int64_t streams);

}  // namespace nncpp
