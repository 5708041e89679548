// src/codec/pieces.h -- an original cut into the pieces of its parts.
#pragma once

#include <cstdint>
#include <span>

#include "src/base/head_source.h"
#include "src/base/stream.h"

namespace nncpp {

// How an original becomes a set of archives (docs/format.md, "Parts"). Neither
// `count` nor `bytes`: one archive, which is no part. REQUIRES: not both.
struct PartPlan {
  int64_t count = 0;         // of parts, of nearly the same size
  int64_t bytes = 0;         // of the original, in every part but the last
  int64_t unit = 1;          // bytes; pieces of a count end on a multiple
  bool independent = false;  // each part decodes alone
  bool any() const { return count > 0 || bytes > 0; }
};

// Delivers a piece at a time: to its reader the piece is the input.
class Pieces : public Source {
 public:
  // `in` must outlive this. Throws Error(kUsage) when the input cannot be cut
  // so: into `count` pieces while its size is not known, or into too many.
  Pieces(Source& in, const PartPlan& plan);

  // Makes piece `number`, counted from 1, the input. Unless it follows the one
  // before, the bytes up to it are still to be read with ReadAny. Throws
  // Error(kUsage) when it is one too many. REQUIRES: Has(number).
  void Start(int64_t number);

  // Whether there can be a piece of that number.
  bool Has(int64_t number) const { return count_ == 0 || number <= count_; }

  // Where the piece that was started begins in the whole.
  int64_t begin() const { return begin_; }

  // Whether the piece that was started, and read to its end, is the last one.
  bool IsLast();

  // Reads the next bytes of the whole, at most `bytes`; whatever piece they
  // are of.
  int64_t ReadAny(std::span<uint8_t> bytes) { return in_.Read(bytes); }

  // The next bytes of the piece, which stay in it.
  std::span<const uint8_t> Peek(int64_t most);

  int64_t Read(std::span<uint8_t> bytes) override;
  int64_t SizeHint() const override;        // of the piece
  int64_t read() const { return read_; }    // bytes, of the piece
  int64_t total() const { return total_; }  // -1: not known

 private:
  int64_t End(int64_t number) const;

  HeadSource in_;
  const PartPlan plan_;
  const int64_t total_;  // bytes of the whole; -1: not known
  int64_t count_ = 0;    // of pieces; 0: not known
  int64_t number_ = 1;
  int64_t begin_ = 0;  // of the piece
  int64_t read_ = 0;
  int64_t left_ = 0;   // bytes that the piece may still have
  int64_t hint_ = -1;  // bytes that it is thought to still have
};

}  // namespace nncpp
