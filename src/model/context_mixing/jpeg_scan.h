// src/model/context_mixing/jpeg_scan.h -- where a JPEG file stands, bit by bit.
//
// Follows the headers of a baseline file ([t81], annexes B and F) wherever
// they begin, and decodes its scan as the bits come: what the next bit is part
// of, and the coefficients of the blocks beside it. What it does not know
// (progressive and arithmetic coding, several scans, four components, samplings
// other than 1 and 2) it lets pass as any other bytes.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace nncpp {

// Its bytes are part of the model's state, and so of archives' digests: its
// members and their sizes never change. All are 0 at first.
class JpegScan {
 public:
  static constexpr int kBlock = 64;  // coefficients, in the order of the zigzag
  using Block = std::array<int16_t, kBlock>;

  // Whether the next byte is of a scan; after 0xFF it is no entropy-coded one.
  bool InScan() const { return phase_ == kScan; }
  bool Coded() const { return InScan() && last_ != 0xFF && padding_ == 0; }

  // The next bit of an entropy-coded byte, and each byte when it is known.
  // REQUIRES, for PutBit: Coded() at the byte's first bit.
  void PutBit(int bit);
  void PutByte(uint8_t byte);

  // Of the next bit, while Coded(): part of a Huffman code, or of the bits that
  // follow it; `length` bits of it are known, `bits`, with a leading 1.
  struct Place {
    int32_t component;
    int32_t z;       // of the next coefficient, or the one whose bits these are
    int32_t symbol;  // run and size; -1: its code is not complete
    int32_t bits;
    int32_t length;
  };
  Place place() const { return {component(), z_, symbol_, bits_, length_}; }

  // The block that is decoded, those beside it, and the first of the component
  // before in the same MCU; all 0 where there is none.
  const Block& Current() const { return At(0, 0); }
  const Block& Left() const { return At(-1, 0); }
  const Block& Above() const { return At(0, -1); }
  const Block& AboveLeft() const { return At(-1, -1); }
  const Block& Other() const;

  int32_t component() const { return part().component; }
  // Quantisation steps of its coefficients.
  const std::array<uint16_t, kBlock>& Steps() const {
    return steps_[static_cast<size_t>(Of().steps)];
  }
  // What its next DC coefficient is told relative to.
  int32_t Predictor() const { return Of().predictor; }

  // False for bytes, put there as a state, that no file leads to.
  bool Sound() const;

  // Bytes of `bytes` that are of scans.
  static int64_t ScanBytes(std::span<const uint8_t> bytes);

 private:
  // What the next byte is: of no file, a marker's 0xFF, its code, the length of
  // a segment, its contents, of a scan.
  enum Phase : int32_t {
    kOutside,
    kFill,
    kMarker,
    kLength,
    kSegment,
    kScan,
    kPhases
  };
  static constexpr int kTables = 4, kComponents = 3, kCodeLengths = 16;
  static constexpr int kMostBlocks = 10;  // of an MCU
  // Blocks of a row at most, and rows that are kept.
  static constexpr int kWidth = 2048, kRows = 4;
  static constexpr int kSegmentBytes = 2048;

  // Of a coefficient, T.81, F.1.2.
  static constexpr int32_t kMostDcBits = 11, kMostAcBits = 10;
  static constexpr int32_t kMostDc = 2047;

  // Codes of each length, in order, and the symbols they stand for.
  struct Codes {
    std::array<uint8_t, kCodeLengths> count;
    std::array<uint8_t, 256> symbol;
  };
  struct Component {
    int32_t id, across, down, steps;  // as in the frame's header
    int32_t dc, ac;                   // tables
    int32_t predictor;
  };
  struct Part {  // a block of an MCU
    int32_t component, x, y;
  };

  const Part& part() const { return order_[static_cast<size_t>(block_)]; }
  const Component& Of() const {
    return components_[static_cast<size_t>(component())];
  }
  // The block of the component that is so many columns and rows further.
  const Block& At(int32_t dx, int32_t dy) const;
  Block& Now() { return const_cast<Block&>(Current()); }
  const Codes& CodesNow() const {
    return codes_[z_ == 0 ? 0 : 1]
                 [static_cast<size_t>(z_ == 0 ? Of().dc : Of().ac)];
  }
  static bool Within(int32_t x, int32_t low, int32_t high) {
    return x >= low && x <= high;
  }
  void Leave() { phase_ = kOutside; }
  void EndSegment();
  bool ReadCodes(std::span<const uint8_t> segment);
  bool ReadSteps(std::span<const uint8_t> segment);
  bool ReadFrame(std::span<const uint8_t> segment);
  bool ReadScan(std::span<const uint8_t> segment);
  void PutScanByte(uint8_t byte);
  void StartInterval();
  void StartBlock();
  void StartCode();
  void EndCode(int32_t symbol);
  void EndCoefficient(int32_t value);
  void EndBlock();
  bool HeadersAreSound() const;
  bool CodeIsSound() const;

  int32_t phase_, last_, before_last_;  // the bytes before
  int32_t marker_, left_, filled_;      // of a segment
  std::array<uint8_t, kSegmentBytes> segment_;
  std::array<std::array<Codes, kTables>, 2> codes_;  // of DC, of AC
  std::array<std::array<uint16_t, kBlock>, kTables> steps_;
  std::array<Component, kComponents> components_;
  int32_t count_;           // of components; 0: no frame
  int32_t width_, height_;  // in MCUs
  int32_t interval_;        // in MCUs; 0: the scan is one
  std::array<Part, kMostBlocks> order_;
  int32_t parts_;

  // 1: what is left of the byte says nothing, as an interval has ended; 2: then
  // a marker comes.
  int32_t padding_;
  int32_t column_, row_, block_;        // MCU, and block of it
  int32_t left_of_interval_;            // MCUs, where there are intervals
  int32_t z_, symbol_, bits_, length_;  // Place
  // Of codes as long: the first, and how many shorter ones there are.
  int32_t first_, shorter_;
  std::array<std::array<std::array<Block, kWidth>, kRows>, kComponents> blocks_;
  Block none_;  // stays 0
};

}  // namespace nncpp
