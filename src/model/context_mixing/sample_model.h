// src/model/context_mixing/sample_model.h -- predicts the bits of samples: of
// pictures, sounds and tables of numbers.
//
// Thirteen predictions of the sample from those around it, three of them by
// least squares. Each is taken for what its errors make of it: how far the
// boundary between 0 and 1 lies from it, in units of its errors nearby, names a
// probability that learns. Source: [li2001edge]; the image and audio models of
// PAQ8 [mahoney2005paq].
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/model/context_mixing/evidence.h"
#include "src/model/context_mixing/least_squares.h"
#include "src/model/context_mixing/match_model.h"
#include "src/model/context_mixing/sample_layout.h"

namespace nncpp {

class SampleModel {
 public:
  static constexpr size_t kFixed = 9, kPredictions = kFixed + 4;

  SampleModel();

  // Begins the byte at `position`; those before it are in the ring.
  void StartByte(const SymbolRing& ring, uint64_t position);

  // Writes kSampleInputs inputs for the bit that tells [low, middle) from
  // [middle, high), `depth` bits below the byte's first, and tells by them what
  // selects some of the weights and refinements. `path` is the bits so far,
  // after a 1.
  void Look(int32_t middle, int64_t depth, uint64_t path, int16_t* inputs,
            Evidence& evidence);

  // Learns the bit that Look was at.
  void PutBit(int bit);

  // Goes past the byte begun, which is in the ring now.
  void EndByte(const SymbolRing& ring);

  // Looks for the layout anew, at some positions.
  void Measure(const SymbolRing& ring, uint64_t position);

  // As those of ContextModels.
  std::vector<std::span<uint8_t>> State();
  bool StateIsSound() const;
  static int64_t Bytes();

 private:
  static constexpr size_t kErrors = 1 << 16;  // samples whose errors are kept
  using Errors = std::array<uint16_t, kPredictions>;
  static constexpr size_t kChannels = SampleLayout::kMostChannels;

  struct Past {
    SampleLayout layout;
    LeastSquares all[kChannels], slow[kChannels], near[kChannels];
    // Means of errors in 1/256, of the last 16 and of the last 128 or so.
    uint32_t fast_errors[kChannels][kPredictions];
    uint32_t slow_errors[kChannels][kPredictions];
    std::array<Errors, kErrors> errors;  // of samples by their number
  };

  int64_t Back(const SymbolRing& ring, int64_t samples) const;
  void PredictSample(const SymbolRing& ring);
  void PredictInRows(const SymbolRing& ring);
  void PredictInLine(const SymbolRing& ring);
  void SetFixed(std::span<const int64_t, kFixed> halves);
  void Spread();

  std::unique_ptr<Past> past_;
  Table<uint32_t> cells_;
  std::array<uint32_t*, kSampleInputs> used_{};

  // Of the sample under way.
  uint64_t start_ = 0, number_ = 0;  // its position, and which it is
  size_t channel_ = 0;
  bool second_ = false;  // the byte begun is its second
  int64_t base_ = 0;     // what is taken off it and what it is predicted from
  std::array<double, LeastSquares::kMost> x_{}, near_x_{};
  size_t count_ = 0, near_count_ = 0;
  std::array<int64_t, kPredictions> predictions_{};  // in 1/16
  // How wrong they may be, in 1/16, judged in two ways.
  std::array<std::array<int64_t, 2>, kPredictions> spread_{};
  std::array<int64_t, kPredictions> byte_{};  // the byte by them, in 1/4096
};

}  // namespace nncpp
