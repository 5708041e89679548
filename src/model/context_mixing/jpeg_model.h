// src/model/context_mixing/jpeg_model.h -- predicts the bits of a JPEG's scan.
//
// A context is of what is known around a coefficient: of the blocks beside it,
// and of what its own block has so far. It has a probability for each bit of
// the coefficient's code. From the pixels where blocks meet follows what a
// coefficient might be, as pictures go on there. Source: the JPEG model of
// PAQ8 [mahoney2005paq]; for the pixels [lakhani2003huffman].
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/model/context_mixing/evidence.h"
#include "src/model/context_mixing/jpeg_scan.h"

namespace nncpp {

class JpegModel {
 public:
  static constexpr int64_t kContexts = 29, kInputs = 2 * kContexts;
  // Values of what selects the weights of each mixer.
  static constexpr int32_t kSets = 1024;

  // With 2^bits probabilities.
  explicit JpegModel(int64_t bits);

  // Whether the next byte is of a scan, and so to be predicted here.
  bool InScan() const { return scan_->InScan(); }

  // Writes the first kInputs inputs for the next bit, what selects weights and
  // the contexts of refinements. `path`: the bits of the byte so far, after
  // a 1.
  void Look(uint64_t path, Evidence& evidence);

  // Learns the bit that Look was at.
  void PutBit(int bit);

  // Goes past a byte of any kind, its bits put before if it was InScan().
  void PutByte(uint8_t byte) { scan_->PutByte(byte); }

  // As those of ContextModels.
  std::vector<std::span<uint8_t>> State();
  bool StateIsSound() const { return scan_->Sound(); }
  static int64_t Bytes(int64_t bits) {
    return int64_t{sizeof(JpegScan)} + (int64_t{4} << bits);
  }

 private:
  void EnterContexts();

  const int shift_;
  std::unique_ptr<JpegScan> scan_;
  Table<uint32_t> cells_;
  // Of the coefficient, and the cells of the bit that Look was at.
  std::array<uint64_t, kContexts> hashes_{};
  std::array<int32_t, SizesOf(kMostMixing).first> selectors_{};
  std::array<uint32_t*, kContexts> used_{};
  bool coded_ = false;  // that bit is of a code
};

}  // namespace nncpp
