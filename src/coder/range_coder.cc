// src/coder/range_coder.cc -- contract: src/coder/range_coder.h
#include "src/coder/range_coder.h"

#include <algorithm>

#include "src/base/check.h"
#include "src/base/error.h"

namespace nncpp {
namespace {

// floor(range * part / 2^bits)
uint64_t BitShare(uint64_t range, uint64_t part, int bits) {
  return static_cast<uint64_t>(Wide{range} * part >> bits);
}

}  // namespace

void RangeEncoder::Encode(uint64_t cumulative, uint64_t frequency,
                          uint64_t total) {
  NNCPP_CHECK(frequency > 0 && total < kTotalLimit &&
              cumulative + frequency <= total);
  const uint64_t begin = ShareOf(range_, cumulative, total);
  const uint64_t end = ShareOf(range_, cumulative + frequency, total);
  Narrow(begin, end - begin);
}

void RangeEncoder::Narrow(uint64_t begin, uint64_t range) {
  low_ += begin;
  if (low_ < begin) Carry();
  range_ = range;
  while (range_ < kRangeMin) {
    bytes_.push_back(static_cast<uint8_t>(low_ >> 56));
    low_ <<= 8;
    range_ <<= 8;
  }
}

void RangeEncoder::EncodeBit(int bit, uint64_t one, int bits) {
  NNCPP_CHECK(one > 0 && bits < 48 && one >> bits == 0);
  const uint64_t split = BitShare(range_, one, bits);
  if (bit != 0) {
    Narrow(0, split);
  } else {
    Narrow(split, range_ - split);
  }
}

std::vector<uint8_t> RangeEncoder::Finish() {
  for (int bits = 8; bits <= 64; bits += 8) {
    const uint64_t rest = bits == 64 ? 0 : ~uint64_t{0} >> bits;
    const uint64_t point = (low_ + rest) & ~rest;
    if (point - low_ >= range_) continue;  // also right when point wrapped
    if (point < low_) Carry();
    for (int shift = 56; shift >= 64 - bits; shift -= 8) {
      bytes_.push_back(static_cast<uint8_t>(point >> shift));
    }
    break;
  }
  while (!bytes_.empty() && bytes_.back() == 0) bytes_.pop_back();
  return std::move(bytes_);
}

void RangeEncoder::WriteState(ByteWriter& out) const {
  out.U64(low_);
  out.U64(range_);
  out.Varint(bytes_.size());
  out.Bytes(bytes_);
}

void RangeEncoder::ReadState(ByteReader& in) {
  low_ = in.U64();
  range_ = in.U64();
  const uint64_t count = in.Varint();
  if (range_ < kRangeMin || count > static_cast<uint64_t>(in.remaining())) {
    throw Error(ErrorKind::kFormat, "not the state of a coder");
  }
  const auto bytes = in.Bytes(static_cast<int64_t>(count));
  // A carry must find a byte to go into.
  const bool ends_within_64_bits = low_ == 0 || range_ <= 0 - low_;
  if (!ends_within_64_bits &&
      std::all_of(bytes.begin(), bytes.end(),
                  [](uint8_t byte) { return byte == 0xFF; })) {
    throw Error(ErrorKind::kFormat, "not the state of a coder");
  }
  bytes_.assign(bytes.begin(), bytes.end());
}

RangeDecoder::RangeDecoder(std::span<const uint8_t> bytes) : bytes_(bytes) {
  for (int i = 0; i < 8; ++i) offset_ = offset_ << 8 | Next();
}

uint64_t RangeDecoder::Target(uint64_t total) {
  NNCPP_CHECK(total > 0 && total < kTotalLimit);
  const uint64_t point = PointOf(offset_, range_, total);
  if (point >= total) Refuse();
  return point;
}

void RangeDecoder::WriteState(ByteWriter& out) const {
  out.Varint(static_cast<uint64_t>(position_));
  out.U64(offset_);
  out.U64(range_);
}

void RangeDecoder::ReadState(ByteReader& in) {
  const uint64_t position = in.Varint();
  offset_ = in.U64();
  range_ = in.U64();
  if (range_ < kRangeMin || position > bytes_.size()) {
    throw Error(ErrorKind::kFormat, "not the state of a coder");
  }
  position_ = static_cast<int64_t>(position);
}

void RangeDecoder::Consume(uint64_t cumulative, uint64_t frequency,
                           uint64_t total) {
  const uint64_t begin = ShareOf(range_, cumulative, total);
  const uint64_t end = ShareOf(range_, cumulative + frequency, total);
  NNCPP_CHECK(offset_ >= begin && offset_ < end);
  Narrow(begin, end - begin);
}

int RangeDecoder::DecodeBit(uint64_t one, int bits) {
  NNCPP_CHECK(one > 0 && bits < 48 && one >> bits == 0);
  const uint64_t split = BitShare(range_, one, bits);
  const int bit = offset_ < split ? 1 : 0;
  if (bit != 0) {
    Narrow(0, split);
  } else {
    Narrow(split, range_ - split);
  }
  return bit;
}

void RangeDecoder::Narrow(uint64_t begin, uint64_t range) {
  offset_ -= begin;
  range_ = range;
  while (range_ < kRangeMin) {
    offset_ = offset_ << 8 | Next();
    range_ <<= 8;
  }
}

}  // namespace nncpp
