// preproc/zlib_blocks.h -- literals and copies as zlib's blocks.
//
// Sources: [rfc1951], 3.2; [zlib], trees.c, whose choices these are: when
// a block ends, which trees it has, and how those are written.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "preproc/zlib_deflate.h"

namespace nncpp {

class HuffmanTree;

class ZlibBlocks {
 public:
  // As the parameters of ZlibDeflater::Run.
  ZlibBlocks(int memory_level, int64_t most, std::span<const uint8_t> wanted);

  // Add a byte; a copy of `length` bytes, 3 to 258, from `distance`, 1 to
  // 32768. True: the block is full and is to be ended.
  bool Literal(uint8_t byte);
  bool Copy(int64_t length, int64_t distance);

  // Ends a block before byte `at` of the data.
  void End(int64_t at, bool last);

  // Whether the data cannot come to be what is wanted.
  bool failed() const { return failed_; }

  // After the end of data of `size` bytes; null: failed.
  std::optional<std::vector<uint8_t>> Finish(ZlibEnding ending, int64_t size);

 private:
  struct Symbol {
    uint16_t distance;  // 0: a literal
    uint8_t value;      // the literal, or the length - 3
  };

  void Put(uint32_t bits, int count);
  void PutSymbols(const HuffmanTree& literals, const HuffmanTree& distances);
  void Check();

  const size_t room_;  // symbols of a block
  const int64_t most_;
  const std::span<const uint8_t> wanted_;
  std::vector<Symbol> symbols_;
  int64_t begun_ = 0;  // the block, in the data
  std::vector<uint8_t> out_;
  size_t checked_ = 0;  // bytes of it that are as wanted
  uint64_t bits_ = 0;   // that are not in out_ yet
  int bit_count_ = 0;
  bool failed_ = false;
};

}  // namespace nncpp
