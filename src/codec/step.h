// src/codec/step.h -- one block through the model, in either direction.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "src/base/bytes.h"
#include "src/coder/range_coder.h"
#include "src/model/model.h"

namespace nncpp {

// Streams that a block of `symbols` symbols is cut into: those of the
// configuration, but at most one for each config.stream_symbols symbols, and at
// least one.
int64_t StreamsOfBlock(const ModelConfig& config, int64_t symbols);

// Called after each segment with the symbols done in this block and the bytes
// that code them, about. May throw.
using SegmentDone = std::function<void(int64_t symbols, int64_t coded_bytes)>;

// Where the coding of a block stands between two segments. With the model's
// state it is all that is needed to go on.
struct BlockCursor {
  int64_t step = 0;                    // steps done of the longest stream
  std::vector<RangeEncoder> encoders;  // one a stream
  std::vector<RangeDecoder> decoders;  // the same, when decoding
};

// How many of a block's symbols are done.
int64_t SymbolsDone(const ModelConfig& config, int64_t symbols,
                    const BlockCursor& cursor);

void WriteCursor(const BlockCursor& cursor, ByteWriter& out);

// Reads what WriteCursor wrote for a block of `symbols` symbols. Throws
// Error(kFormat) when it cannot be one's. With `streams`, their bytes, the
// cursor is one of DecodeBlock; without, of EncodeBlock.
BlockCursor ReadCursor(const ModelConfig& config, int64_t symbols,
                       std::span<const std::span<const uint8_t>> streams,
                       ByteReader& in);

// Codes the block's symbols with `model`, which learns them; one byte string a
// stream. Stream b holds consecutive symbols; the first (symbols mod streams)
// streams hold one more. Begins at `cursor`, that of a new block or one that
// was read, and keeps it up to date for `done`; the model's state must be of
// the same moment.
std::vector<std::vector<uint8_t>> EncodeBlock(const ModelConfig& config,
                                              std::span<const uint16_t> block,
                                              Model& model, BlockCursor& cursor,
                                              const SegmentDone& done);

// The other way: fills `block` from the streams' bytes; of a block begun
// before, it holds the symbols up to the cursor. Throws Error(kFormat) when
// they cannot have been made by EncodeBlock.
void DecodeBlock(const ModelConfig& config,
                 std::span<const std::span<const uint8_t>> streams,
                 std::span<uint16_t> block, Model& model, BlockCursor& cursor,
                 const SegmentDone& done);

// The same for a block that nothing interrupts.
inline std::vector<std::vector<uint8_t>> EncodeBlock(
    const ModelConfig& config, std::span<const uint16_t> block, Model& model,
    const SegmentDone& done) {
  BlockCursor cursor;
  return EncodeBlock(config, block, model, cursor, done);
}
inline void DecodeBlock(const ModelConfig& config,
                        std::span<const std::span<const uint8_t>> streams,
                        std::span<uint16_t> block, Model& model,
                        const SegmentDone& done) {
  BlockCursor cursor;
  DecodeBlock(config, streams, block, model, cursor, done);
}

}  // namespace nncpp
