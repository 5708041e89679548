// src/model/context_mixing/jpeg_headers.cc -- the headers of a JPEG file;
// contract: src/model/context_mixing/jpeg_scan.h
#include <algorithm>
#include <numeric>

#include "src/model/context_mixing/jpeg_scan.h"

namespace nncpp {
namespace {

// T.81, table B.1.
constexpr int32_t kBaseline = 0xC0, kExtended = 0xC1, kHuffman = 0xC4;
constexpr int32_t kLastFrame = 0xCF;  // or of arithmetic codes
constexpr int32_t kFirstRestart = 0xD0, kStart = 0xD8, kEnd = 0xD9;
constexpr int32_t kScanHeader = 0xDA, kQuantization = 0xDB;
constexpr int32_t kRestartInterval = 0xDD;

bool HasSegment(int32_t marker) {
  return marker >= kBaseline && !(marker >= kFirstRestart && marker <= kEnd);
}

int32_t Word(std::span<const uint8_t> bytes, size_t at) {
  return bytes[at] << 8 | bytes[at + 1];
}

}  // namespace

void JpegScan::PutByte(uint8_t byte) {
  switch (phase_) {
    case kFill:
      phase_ = byte == 0xFF ? kMarker : kOutside;
      break;
    case kMarker:
      if (byte == 0xFF) break;  // any number of them
      marker_ = byte;
      left_ = 2;
      filled_ = 0;
      phase_ = HasSegment(byte) ? kLength : kOutside;
      break;
    case kLength:
      if (--left_ > 0) break;
      left_ = std::max((last_ << 8 | byte) - 2, -1);
      phase_ = left_ < 0 ? kOutside : kSegment;
      if (left_ == 0) EndSegment();
      break;
    case kSegment:
      if (filled_ < kSegmentBytes) {
        segment_[static_cast<size_t>(filled_++)] = byte;
      }
      if (--left_ == 0) EndSegment();
      break;
    case kScan:
      PutScanByte(byte);
      break;
    default:
      if (before_last_ == 0xFF && last_ == kStart && byte == 0xFF) {
        phase_ = kMarker;
        count_ = interval_ = 0;
      }
  }
  before_last_ = last_;
  last_ = byte;
}

void JpegScan::EndSegment() {
  const auto segment = std::span(segment_).first(static_cast<size_t>(filled_));
  const bool cut = filled_ == kSegmentBytes;
  phase_ = kFill;
  bool known = true;
  switch (marker_) {
    case kHuffman:
      known = !cut && ReadCodes(segment);
      break;
    case kQuantization:
      known = !cut && ReadSteps(segment);
      break;
    case kBaseline:
    case kExtended:
      known = !cut && ReadFrame(segment);
      break;
    case kScanHeader:
      known = !cut && ReadScan(segment);
      break;
    case kRestartInterval:
      known = segment.size() == 2;
      if (known) interval_ = Word(segment, 0);
      break;
    default:  // what is no frame may be passed over
      known = marker_ > kLastFrame;
  }
  if (known) return;
  count_ = 0;  // what was read of its components may be anything
  Leave();
}

bool JpegScan::ReadCodes(std::span<const uint8_t> segment) {
  while (!segment.empty()) {
    constexpr size_t kHead = 1 + kCodeLengths;
    if (segment.size() < kHead) return false;
    const size_t kind = segment[0] >> 4, table = segment[0] & 15;
    if (kind > 1 || table >= kTables) return false;
    Codes& codes = codes_[kind][table];
    std::copy_n(segment.begin() + 1, kCodeLengths, codes.count.begin());
    size_t symbols = 0;
    for (const uint8_t n : codes.count) symbols += n;
    if (symbols > codes.symbol.size() || segment.size() < kHead + symbols) {
      codes.count.fill(0);
      return false;
    }
    std::copy_n(segment.begin() + kHead, symbols, codes.symbol.begin());
    segment = segment.subspan(kHead + symbols);
  }
  return true;
}

bool JpegScan::ReadSteps(std::span<const uint8_t> segment) {
  while (!segment.empty()) {
    const size_t wide = segment[0] >> 4, table = segment[0] & 15;
    const size_t bytes = kBlock * (wide + 1);
    if (wide > 1 || table >= kTables || segment.size() < 1 + bytes)
      return false;
    for (size_t z = 0; z < kBlock; ++z) {
      steps_[table][z] = static_cast<uint16_t>(
          wide != 0 ? Word(segment, 1 + 2 * z) : segment[1 + z]);
    }
    segment = segment.subspan(1 + bytes);
  }
  return true;
}

bool JpegScan::ReadFrame(std::span<const uint8_t> segment) {
  count_ = 0;
  if (segment.size() < 6 || segment[0] != 8) return false;
  const int32_t height = Word(segment, 1), width = Word(segment, 3);
  const int32_t count = segment[5];
  if (count < 1 || count > kComponents || height == 0 || width == 0 ||
      segment.size() != static_cast<size_t>(6 + 3 * count)) {
    return false;
  }
  int32_t across = 1, down = 1;
  parts_ = 0;
  for (int32_t c = 0; c < count; ++c) {
    const auto of = segment.subspan(static_cast<size_t>(6 + 3 * c), 3);
    Component& component = components_[static_cast<size_t>(c)];
    component = {.id = of[0],
                 .across = of[1] >> 4,
                 .down = of[1] & 15,
                 .steps = of[2],
                 .dc = 0,
                 .ac = 0,
                 .predictor = 0};
    // A component alone has its blocks in the order of rows.
    if (count == 1) component.across = component.down = 1;
    if (component.across < 1 || component.across > 2 || component.down < 1 ||
        component.down > 2 || component.steps >= kTables) {
      return false;
    }
    across = std::max(across, component.across);
    down = std::max(down, component.down);
    for (int32_t y = 0; y < component.down; ++y) {
      for (int32_t x = 0; x < component.across; ++x) {
        if (parts_ == kMostBlocks) return false;
        order_[static_cast<size_t>(parts_++)] = {c, x, y};
      }
    }
  }
  width_ = (width + 8 * across - 1) / (8 * across);
  height_ = (height + 8 * down - 1) / (8 * down);
  if (width_ * across > kWidth) return false;
  count_ = count;
  return true;
}

bool JpegScan::ReadScan(std::span<const uint8_t> segment) {
  if (count_ == 0 || segment.empty() || segment[0] != count_ ||
      segment.size() != static_cast<size_t>(4 + 2 * count_)) {
    return false;
  }
  for (int32_t c = 0; c < count_; ++c) {
    const auto of = segment.subspan(static_cast<size_t>(1 + 2 * c), 2);
    Component& component = components_[static_cast<size_t>(c)];
    component.dc = of[1] >> 4;
    component.ac = of[1] & 15;
    if (of[0] != component.id || component.dc >= kTables ||
        component.ac >= kTables) {
      return false;
    }
  }
  const auto rest = segment.last(3);
  if (rest[0] != 0 || rest[1] != kBlock - 1 || rest[2] != 0) return false;
  phase_ = kScan;
  column_ = row_ = 0;
  StartInterval();
  return true;
}

bool JpegScan::HeadersAreSound() const {
  for (const auto& kind : codes_) {
    for (const Codes& codes : kind) {
      const int32_t symbols =
          std::accumulate(codes.count.begin(), codes.count.end(), 0);
      if (symbols > std::ssize(codes.symbol)) return false;
    }
  }
  if (!Within(count_, 0, kComponents) || !Within(interval_, 0, 0xFFFF))
    return false;
  if (count_ == 0) return true;
  bool sound = Within(parts_, 1, kMostBlocks) && Within(width_, 1, kWidth) &&
               Within(height_, 1, 0xFFFF);
  for (const Component& c :
       std::span(components_).first(static_cast<size_t>(count_))) {
    sound = sound && Within(c.dc, 0, kTables - 1) &&
            Within(c.ac, 0, kTables - 1) && Within(c.steps, 0, kTables - 1) &&
            Within(c.across, 1, 2) && Within(c.down, 1, 2) &&
            width_ * c.across <= kWidth &&
            Within(c.predictor, -kMostDc, kMostDc);
  }
  for (int32_t i = 0; sound && i < parts_; ++i) {
    const Part& part = order_[static_cast<size_t>(i)];
    if (!Within(part.component, 0, count_ - 1)) return false;
    const Component& c = components_[static_cast<size_t>(part.component)];
    sound = Within(part.x, 0, c.across - 1) && Within(part.y, 0, c.down - 1);
  }
  return sound;
}

}  // namespace nncpp
