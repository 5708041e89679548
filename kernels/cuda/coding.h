// kernels/cuda/coding.h -- range coding on a device; docs/numerics.md, law 5.
//
// All pointers are device memory. Row t B + b of the frequencies codes the
// symbol of stream b at step t.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/device.h"

namespace nncpp::cuda {

// Frequencies, rows x symbols, and their totals.
struct FrequencyRows {
  uint64_t* frequency = nullptr;
  uint64_t* total = nullptr;
  int64_t symbols = 0;
};

// A stream's encoder as it goes into a segment and comes out of it.
struct EncoderState {
  uint64_t low, range;
  int64_t bytes;   // out: written
  uint32_t carry;  // out: 1 is to be added to the bytes before
};

// Codes the symbols, of which -1 is none. Stream b writes to bytes +
// b * room; `below` has room for a number a row.
void EncodeSymbols(const FrequencyRows& f, ConstSymbols symbols,
                   uint64_t* below, EncoderState* states, uint8_t* bytes,
                   int64_t room, cudaStream_t stream);

// A stream's decoder, and what comes of it in a segment.
struct DecoderState {
  uint64_t offset, range;
  const uint8_t* bytes;  // those to come, enough for all of its symbols
  int64_t left;          // symbols it still has to give
  int64_t taken;         // bytes looked at
  uint32_t sound;        // whether an encoder can have made them
};

// The next symbol of each stream, by rows first_row + b.
void DecodeSymbols(const FrequencyRows& f, int64_t first_row,
                   DecoderState* states, Symbols symbols, cudaStream_t stream);

}  // namespace nncpp::cuda
