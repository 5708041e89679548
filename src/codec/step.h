// src/codec/step.h -- one block through the model, in either direction.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "src/model/model.h"

namespace nncpp {

// Streams that a block of `symbols` symbols is cut into: those of the
// configuration, but at most one for each config.stream_symbols symbols, and at
// least one.
int64_t StreamsOfBlock(const ModelConfig& config, int64_t symbols);

// Called after each segment with the symbols done in this block and the bytes
// coded so far (0 when decoding). May throw.
using SegmentDone = std::function<void(int64_t symbols, int64_t coded_bytes)>;

// Codes the block's symbols with `model`, which learns them; one byte string a
// stream. Stream b holds consecutive symbols; the first (symbols mod streams)
// streams hold one more.
std::vector<std::vector<uint8_t>> EncodeBlock(const ModelConfig& config,
                                              std::span<const uint16_t> block,
                                              Model& model,
                                              const SegmentDone& done);

// The other way: fills `block` from the streams' bytes. Throws Error(kFormat)
// when they cannot have been made by EncodeBlock.
void DecodeBlock(const ModelConfig& config,
                 std::span<const std::span<const uint8_t>> streams,
                 std::span<uint16_t> block, Model& model,
                 const SegmentDone& done);

}  // namespace nncpp
