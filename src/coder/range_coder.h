// src/coder/range_coder.h -- range coding of integer frequencies.
//
// The interval is [low, low + range) in units of 2^-64 of the message so far;
// range is kept in [2^56, 2^64). A symbol with cumulative frequency c and
// frequency f out of t takes [floor(range c / t), floor(range (c + f) / t)),
// computed in 128 bits, so that the cost exceeds log2(t / f) by less than
// 2^-7 t / (f 2^48) bits.
// Source: Martin 1979 [martin1979]; the carry goes back into the written bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/bytes.h"

namespace nncpp {

inline constexpr uint64_t kTotalLimit = uint64_t{1} << 48;

class RangeEncoder {
 public:
  // REQUIRES: 1 <= frequency, cumulative + frequency <= total < kTotalLimit.
  void Encode(uint64_t cumulative, uint64_t frequency, uint64_t total);

  // Ends the message in as few bytes as name a point of the interval, drops
  // zero bytes from the end (the decoder supplies them), and returns it.
  std::vector<uint8_t> Finish();

  int64_t bytes() const { return std::ssize(bytes_); }

  // The message so far, to go on with it in another process. ReadState throws
  // Error(kFormat) when the fields cannot be a coder's.
  void WriteState(ByteWriter& out) const;
  void ReadState(ByteReader& in);

 private:
  void Carry();

  uint64_t low_ = 0;
  uint64_t range_ = ~uint64_t{0};  // in [2^56, 2^64)
  std::vector<uint8_t> bytes_;
};

class RangeDecoder {
 public:
  explicit RangeDecoder(std::span<const uint8_t> bytes);

  // The point of [0, total) that lies in the coded symbol's interval. Throws
  // Error(kFormat) when the bytes were not made by a RangeEncoder.
  uint64_t Target(uint64_t total);

  // Takes the symbol found from Target. Same requirements as Encode.
  void Consume(uint64_t cumulative, uint64_t frequency, uint64_t total);

  // Whether every byte has been looked at, as after the last symbol.
  bool AtEnd() const { return position_ == std::ssize(bytes_); }

  // Where it stands in its bytes, which are not written: ReadState belongs to
  // a decoder of the same bytes. Throws Error(kFormat) as the encoder's does.
  void WriteState(ByteWriter& out) const;
  void ReadState(ByteReader& in);

 private:
  uint8_t Next() {
    return position_ < std::ssize(bytes_)
               ? bytes_[static_cast<size_t>(position_++)]
               : uint8_t{0};
  }

  std::span<const uint8_t> bytes_;
  int64_t position_ = 0;
  uint64_t offset_ = 0;            // the message less low, below range
  uint64_t range_ = ~uint64_t{0};  // in [2^56, 2^64)
};

}  // namespace nncpp
