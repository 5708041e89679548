// src/coder/range_coder.h -- range coding of integer frequencies: what it
// computes is in src/coder/interval.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/coder/interval.h"

namespace nncpp {

class RangeEncoder {
 public:
  // REQUIRES: 1 <= frequency, cumulative + frequency <= total < kTotalLimit.
  void Encode(uint64_t cumulative, uint64_t frequency, uint64_t total);

  // Encode of a total of 2^bits: bit 1 has the lowest `one` of it.
  // REQUIRES: 1 <= one < 2^bits, bits < 48.
  void EncodeBit(int bit, uint64_t one, int bits);

  // Ends the message in as few bytes as name a point of the interval, drops
  // zero bytes from the end (the decoder supplies them), and returns it.
  std::vector<uint8_t> Finish();

  int64_t bytes() const { return std::ssize(bytes_); }

  // To go on with the message elsewhere: where it stands, and what has become
  // of it since. `carry`: 1 is to be added to the bytes before.
  uint64_t low() const { return low_; }
  uint64_t range() const { return range_; }
  void Continue(uint64_t low, uint64_t range, bool carry,
                std::span<const uint8_t> bytes) {
    low_ = low;
    range_ = range;
    if (carry) Carry();
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }

  // The message so far, to go on with it in another process. ReadState throws
  // Error(kFormat) when the fields cannot be a coder's.
  void WriteState(ByteWriter& out) const;
  void ReadState(ByteReader& in);

 private:
  // Adds 1 to the bytes, as a number.
  void Carry() {
    for (auto byte = bytes_.rbegin(); ++*byte == 0; ++byte) {
    }
  }
  void Narrow(uint64_t begin, uint64_t range);

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

  // The bit that EncodeBit coded. Unlike Target, takes any bytes: whether they
  // were made by a RangeEncoder is for the caller to find out.
  int DecodeBit(uint64_t one, int bits);

  // Whether every byte has been looked at, as after the last symbol.
  bool AtEnd() const { return position_ == std::ssize(bytes_); }

  // To go on with the message elsewhere: where it stands, the bytes to come
  // (zeros after the last), and what has become of it since: `taken` of these
  // were looked at. Throws Error(kFormat), as Target does, where they turned
  // out not to be a coder's.
  uint64_t offset() const { return offset_; }
  uint64_t range() const { return range_; }
  void Ahead(std::span<uint8_t> bytes) const {
    const auto left = bytes_.subspan(static_cast<size_t>(position_));
    const size_t count = std::min(left.size(), bytes.size());
    std::copy_n(left.begin(), count, bytes.begin());
    std::fill(bytes.begin() + static_cast<int64_t>(count), bytes.end(),
              uint8_t{0});
  }
  void Continue(uint64_t offset, uint64_t range, int64_t taken, bool sound) {
    if (!sound) Refuse();
    offset_ = offset;
    range_ = range;
    position_ = std::min(position_ + taken, std::ssize(bytes_));
  }

  // Where it stands in its bytes, which are not written: ReadState belongs to
  // a decoder of the same bytes. Throws Error(kFormat) as the encoder's does.
  void WriteState(ByteWriter& out) const;
  void ReadState(ByteReader& in);

 private:
  [[noreturn]] static void Refuse() {
    throw Error(ErrorKind::kFormat, "coded bytes are not a coder's message");
  }
  void Narrow(uint64_t begin, uint64_t range);
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
