// src/model/context_mixing/jpeg_scan.cc -- contract:
// src/model/context_mixing/jpeg_scan.h
#include "src/model/context_mixing/jpeg_scan.h"

#include <memory>

namespace nncpp {
namespace {

constexpr int32_t kFirstRestart = 0xD0, kLastRestart = 0xD7;

}  // namespace

int64_t JpegScan::ScanBytes(std::span<const uint8_t> bytes) {
  const auto scan = std::make_unique<JpegScan>();
  int64_t count = 0;
  for (const uint8_t byte : bytes) {
    if (scan->Coded()) {
      ++count;
      for (int bit = 7; bit >= 0; --bit) scan->PutBit(byte >> bit & 1);
    }
    scan->PutByte(byte);
  }
  return count;
}

void JpegScan::StartInterval() {
  padding_ = 0;
  block_ = 0;
  left_of_interval_ = interval_;
  for (Component& c : components_) c.predictor = 0;
  StartBlock();
}

void JpegScan::PutScanByte(uint8_t byte) {
  if (last_ != 0xFF) {
    if (byte != 0xFF && padding_ == 2) Leave();
    // After the padding only a marker can come.
    if (padding_ == 1) padding_ = 2;
    return;
  }
  if (byte == 0xFF || byte == 0) return;
  const bool restart = byte >= kFirstRestart && byte <= kLastRestart;
  if (restart && padding_ != 0 && row_ < height_) {
    StartInterval();
  } else {
    Leave();
  }
}

const JpegScan::Block& JpegScan::At(int32_t dx, int32_t dy) const {
  const int32_t x = column_ * Of().across + part().x + dx;
  const int32_t y = row_ * Of().down + part().y + dy;
  if (x < 0 || y < 0) return none_;
  return blocks_[static_cast<size_t>(component())]
                [static_cast<size_t>(y % kRows)][static_cast<size_t>(x)];
}

const JpegScan::Block& JpegScan::Other() const {
  if (component() == 0) return none_;
  const auto c = static_cast<size_t>(component() - 1);
  const Component& other = components_[c];
  return blocks_[c][static_cast<size_t>(row_ * other.down % kRows)]
                [static_cast<size_t>(column_ * other.across)];
}

void JpegScan::StartBlock() {
  Now().fill(0);
  z_ = 0;
  StartCode();
}

void JpegScan::StartCode() {
  symbol_ = -1;
  bits_ = 1;
  length_ = first_ = shorter_ = 0;
}

void JpegScan::PutBit(int bit) {
  if (phase_ != kScan || padding_ != 0) return;
  bits_ = bits_ * 2 + bit;
  ++length_;
  if (symbol_ >= 0) {
    const int32_t size = symbol_ & 15;
    if (length_ < size) return;
    const int32_t value = bits_ - (1 << size);
    EndCoefficient(value >> (size - 1) != 0 ? value : value - (1 << size) + 1);
    return;
  }
  // The codes of a length follow those of the one before, doubled.
  const Codes& codes = CodesNow();
  const int32_t count = codes.count[static_cast<size_t>(length_ - 1)];
  first_ *= 2;
  const int32_t at = bits_ - (1 << length_) - first_;
  if (at < count) {
    EndCode(codes.symbol[static_cast<size_t>(shorter_ + at)]);
  } else {
    first_ += count;
    shorter_ += count;
    if (length_ == kCodeLengths) Leave();
  }
}

void JpegScan::EndCode(int32_t symbol) {
  const int32_t run = symbol >> 4, size = symbol & 15;
  symbol_ = symbol;
  bits_ = 1;
  length_ = 0;
  if (z_ == 0) {
    if (run != 0 || size > kMostDcBits) return Leave();
    if (size == 0) EndCoefficient(0);
    return;
  }
  if (size == 0) {
    if (run == 15 && z_ + 16 < kBlock) {
      z_ += 16;
      StartCode();
    } else if (run == 0) {
      EndBlock();
    } else {
      Leave();
    }
    return;
  }
  z_ += run;
  if (z_ >= kBlock || size > kMostAcBits) Leave();
}

void JpegScan::EndCoefficient(int32_t value) {
  if (z_ == 0) {
    int32_t& predictor =
        components_[static_cast<size_t>(component())].predictor;
    value += predictor;
    if (!Within(value, -kMostDc, kMostDc)) return Leave();
    predictor = value;
  }
  Now()[static_cast<size_t>(z_)] = static_cast<int16_t>(value);
  if (++z_ == kBlock) return EndBlock();
  StartCode();
}

void JpegScan::EndBlock() {
  if (++block_ == parts_) {
    block_ = 0;
    if (++column_ == width_) {
      column_ = 0;
      ++row_;
    }
    if ((interval_ > 0 && --left_of_interval_ == 0) || row_ == height_) {
      padding_ = 1;
      return;
    }
  }
  StartBlock();
}

// Whether place() can be, and what a code is told by is right.
bool JpegScan::CodeIsSound() const {
  if (!Within(z_, 0, kBlock - 1) || !Within(symbol_, -1, 255)) return false;
  const int32_t size = symbol_ & 15;
  const int32_t longest = symbol_ < 0 ? kCodeLengths : size;
  if (symbol_ >= 0 && size > (z_ == 0 ? kMostDcBits : kMostAcBits)) {
    return false;
  }
  if (!Within(length_, 0, longest - 1) || bits_ >> length_ != 1) return false;
  if (symbol_ >= 0) return true;
  int32_t first = 0, shorter = 0;
  for (int32_t i = 0; i < length_; ++i) {
    const int32_t count = CodesNow().count[static_cast<size_t>(i)];
    first = first * 2 + count;
    shorter += count;
  }
  // A code that is not complete is none of the shorter ones.
  return first == first_ && shorter == shorter_ &&
         bits_ - (1 << length_) >= first;
}

bool JpegScan::Sound() const {
  if (!Within(phase_, 0, kPhases - 1) || !Within(last_, 0, 0xFF) ||
      !Within(before_last_, 0, 0xFF) || !Within(left_, -1, 0xFFFF) ||
      !Within(filled_, 0, kSegmentBytes) || !HeadersAreSound()) {
    return false;
  }
  if (phase_ != kScan) return phase_ != kSegment || left_ > 0;
  if (count_ == 0 || !Within(block_, 0, parts_ - 1) ||
      !Within(column_, 0, width_ - 1) || !Within(padding_, 0, 2) ||
      !Within(left_of_interval_, interval_ > 0 && padding_ == 0 ? 1 : 0,
              interval_)) {
    return false;
  }
  if (padding_ != 0) return Within(row_, 0, height_);
  return Within(row_, 0, height_ - 1) && CodeIsSound();
}

}  // namespace nncpp
