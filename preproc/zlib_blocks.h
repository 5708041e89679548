// preproc/zlib_blocks.h -- blocks of deflated data, as zlib makes them and as
// they are written.
//
// Sources: [rfc1951], 3.2; [zlib], trees.c, whose choices these are: which
// codes a block has, and how they are written.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "preproc/deflate_tokens.h"

namespace nncpp {

// How a block says its tokens.
struct BlockCodes {
  DeflateKind kind = DeflateKind::kFixed;  // kStored: as the bytes they cover
  BitString header;                        // of a dynamic block
  DeflateCodes codes;
};

// As zlib has the tokens of a block, which cover `bytes` bytes. With `dynamic`,
// codes of their own in any case.
BlockCodes ZlibCodes(std::span<const DeflateToken> tokens, int64_t bytes,
                     bool dynamic = false);

// Tokens of a block that zlib ends because it is full.
int64_t TokensOfBlock(int memory_level);

// Writes bits, the first lowest.
class DeflateWriter {
 public:
  // A block, without its end unless `whole`. False: some token has no code.
  bool Put(const BlockCodes& by, std::span<const DeflateToken> tokens,
           bool last, bool whole = true);
  // REQUIRES: 65,535 bytes at most.
  void PutStored(std::span<const uint8_t> bytes, bool last);

  int64_t size() const { return std::ssize(out_); }  // whole bytes so far

  // All of it; what is less than a byte is filled with zeros, or left out.
  std::vector<uint8_t> Take(bool filled);

 private:
  void Begin(DeflateKind kind, bool last);
  void PutBits(uint32_t bits, int count);
  void Fill() { PutBits(0, (8 - bit_count_) % 8); }

  std::vector<uint8_t> out_;
  uint64_t bits_ = 0;  // that are not in out_ yet
  int bit_count_ = 0;
};

}  // namespace nncpp
