// src/model/context_mixing/sample_model.cc -- contract:
// src/model/context_mixing/sample_model.h
#include "src/model/context_mixing/sample_model.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "src/model/context_mixing/adaptive.h"
#include "src/model/context_mixing/text_context.h"

namespace nncpp {
namespace {

constexpr double kAllKeep = 1 - 1.0 / 512, kSlowKeep = 1 - 1.0 / 8192,
                 kNearKeep = 1 - 1.0 / 64;

constexpr uint32_t kLimit = 1023;
constexpr uint32_t kMostMean = 1 << 23;  // of errors, in 1/256

// A cell is named by its input, by whether the byte is the higher of two, by
// depth, class of the spread, and place of the boundary.
constexpr size_t kDepths = 8, kClasses = 20, kSide = 24, kPlacesOfBoundary = 48;
constexpr size_t kRows = size_t{kSampleInputs} * 2 * kDepths * kClasses;

// Values of a byte are in 1/4096.
constexpr int kByteBits = 12;
constexpr int64_t kTurn = int64_t{256} << kByteBits;

// Of `distance` in eighths of the spread: 0 to 11, then two for each doubling.
size_t PlaceOf(uint32_t distance) {
  if (distance < 12) return distance;
  const auto digits = static_cast<uint32_t>(std::bit_width(distance));
  const uint32_t place = 3 + 2 * digits + (distance >> (digits - 2) & 1);
  return std::min<size_t>(place, kSide - 1);
}

uint32_t FirstCell(size_t place) {
  const size_t m = place % kSide;
  const auto units = static_cast<int32_t>(m < 12 ? 2 * m + 1 : 8 * m - 72);
  const int32_t logit = std::min(20 * units, 2040);
  return AdaptiveFrom(Squash(place < kSide ? -logit : logit) >>
                      (kCodedBits - kModelBits));
}

// w + n - nw, or the nearer of w and n [weinberger2000loco].
int64_t Median(int64_t w, int64_t n, int64_t nw) {
  const auto [low, high] = std::minmax(w, n);
  return nw >= high ? low : nw <= low ? high : w + n - nw;
}

}  // namespace

SampleModel::SampleModel()
    : past_(std::make_unique<Past>()), cells_(kRows * kPlacesOfBoundary) {
  past_->layout = kSingleBytes;
  for (size_t i = 0; i < cells_.size(); ++i) {
    cells_[i] = FirstCell(i % kPlacesOfBoundary);
  }
}

int64_t SampleModel::Bytes() {
  return int64_t{sizeof(Past)} +
         static_cast<int64_t>(kRows * kPlacesOfBoundary * sizeof(uint32_t));
}

void SampleModel::Measure(const SymbolRing& ring, uint64_t position) {
  constexpr uint64_t kMost = SampleLayout::kMostPast;
  if (!IsMeasuredAt(position) || ring.size() < kMost) return;
  std::vector<uint8_t> bytes(std::min(position, kMost));
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(ring[position - bytes.size() + i]);
  }
  const SampleLayout before = past_->layout;
  const SampleLayout now = MeasureLayout(bytes, position, before).layout;
  past_->layout = now;
  if (!now.IsLike(before)) {
    for (auto* of : {&past_->all, &past_->slow, &past_->near}) {
      std::fill(std::begin(*of), std::end(*of), LeastSquares{});
    }
  }
}

// The sample so many back, 0 before the first.
int64_t SampleModel::Back(const SymbolRing& ring, int64_t samples) const {
  const SampleLayout& layout = past_->layout;
  const auto bytes = static_cast<uint64_t>(samples * layout.width);
  if (bytes > start_) return 0;
  return layout.Value(ring[start_ - bytes], ring[start_ - bytes + 1]);
}

// Those that are not fitted, given in halves.
void SampleModel::SetFixed(std::span<const int64_t, kFixed> halves) {
  std::transform(halves.begin(), halves.end(), predictions_.begin() + 2,
                 [](int64_t half) { return 8 * half; });
}

// Pictures: from what lies to the west, north and around, and from the other
// channels. Regressors are differences from the mean of west and north.
void SampleModel::PredictInRows(const SymbolRing& ring) {
  const int64_t c = past_->layout.channels, row = past_->layout.row;
  const auto at = [&](int64_t samples) { return Back(ring, samples); };
  const int64_t w = at(c), ww = at(2 * c), n = at(row), nw = at(row + c),
                ne = at(row - c), nn = at(2 * row), nne = at(2 * row - c);
  base_ = (w + n) / 2;
  const auto add = [&](int64_t value, int64_t base) {
    x_[count_++] = static_cast<double>(value - base);
  };
  for (const int64_t value :
       {w, n, nw, ne, ww, nn, at(row - 2 * c), nne, at(row + 2 * c),
        at(2 * row + c), at(3 * c), at(3 * row)}) {
    add(value, base_);
  }
  std::copy_n(x_.begin(), 6, near_x_.begin());
  near_count_ = 6;
  if (c == 1) {
    for (const int64_t samples :
         {int64_t{4}, int64_t{5}, int64_t{6}, int64_t{7}, int64_t{8}, row + 3,
          row - 3, 2 * row + 2, 2 * row - 2, 3 * row + 1, 3 * row - 1,
          2 * row - 3}) {
      add(at(samples), base_);
    }
  }
  for (int64_t k = 1; k < c; ++k) {
    const int64_t other = at(k), its_w = at(k + c);
    const int64_t base = (its_w + at(k + row)) / 2;
    near_x_[near_count_++] = static_cast<double>(other - base);
    near_x_[near_count_++] = static_cast<double>(its_w - base);
    add(other, base);
    add(its_w, base);
    add(at(k + row + c), base);
    add(at(k + row - c), base);
  }
  const int64_t from_w = w + at(1) - at(1 + c),
                from_n = n + at(1) - at(1 + row);
  const int64_t halves[] = {2 * w,
                            2 * n,
                            2 * (w + n - nw),
                            2 * Median(w, n, nw),
                            2 * (w + ne - n),
                            2 * (n + ne - nne),
                            2 * (2 * n - nn),
                            2 * from_w,
                            c > 1 ? 2 * from_n : w + ne};
  SetFixed(halves);
}

// Sounds and tables: from what came before, of all channels.
void SampleModel::PredictInLine(const SymbolRing& ring) {
  const int64_t c = past_->layout.channels;
  const auto at = [&](int64_t samples) { return Back(ring, samples); };
  base_ = past_->layout.width == 1 ? 128 : 0;
  const auto add = [&](int64_t samples) {
    x_[count_++] = static_cast<double>(at(samples) - base_);
  };
  const int64_t own = c == 1 ? 24 : c == 2 ? 16 : 8, other = c == 2 ? 12 : 5;
  for (int64_t i = 1; i <= own; ++i) add(i * c);
  std::copy_n(x_.begin(), 8, near_x_.begin());
  near_count_ = 8;
  for (int64_t k = 1; k < c; ++k) {
    for (int64_t i = 0; i < other; ++i) add(k + i * c);
  }
  for (int64_t i = 0; c > 1 && i < 4; ++i) {
    near_x_[near_count_++] = static_cast<double>(at(1 + i * c) - base_);
  }
  const int64_t w = at(c), ww = at(2 * c), www = at(3 * c);
  const int64_t halves[] = {2 * w,
                            2 * (2 * w - ww),
                            2 * (3 * w - 3 * ww + www),
                            2 * (4 * w - 6 * ww + 4 * www - at(4 * c)),
                            w + ww,
                            2 * ww,
                            3 * w - ww,
                            2 * (at(1) + w - at(1 + c)),
                            2 * at(1)};
  SetFixed(halves);
}

void SampleModel::PredictSample(const SymbolRing& ring) {
  const SampleLayout& layout = past_->layout;
  number_ = start_ / static_cast<uint64_t>(layout.width);
  channel_ = number_ % static_cast<uint64_t>(layout.channels);
  count_ = near_count_ = 0;
  layout.row > 0 ? PredictInRows(ring) : PredictInLine(ring);
  const auto fitted = [&](const LeastSquares& by, std::span<const double> x) {
    return by.PredictWhole(x, 16, 1 << 22) + 16 * base_;
  };
  const std::span<const double> all(x_.data(), count_);
  predictions_[0] = fitted(past_->all[channel_], all);
  predictions_[1] =
      fitted(past_->near[channel_], {near_x_.data(), near_count_});
  predictions_[11] = fitted(past_->slow[channel_], all);
  predictions_[12] =
      (predictions_[0] + predictions_[1] + 2 * predictions_[11]) / 4;
  const int64_t low = layout.width == 1 ? 0 : -32768;
  const int64_t high = layout.width == 1 ? 255 : 32767;
  for (int64_t& p : predictions_) p = std::clamp(p, 16 * low, 16 * high);
  Spread();
}

void SampleModel::Spread() {
  const int64_t c = past_->layout.channels, row = past_->layout.row;
  for (size_t k = 0; k < kPredictions; ++k) {
    const auto error = [&](int64_t samples) {
      const uint64_t of = number_ - static_cast<uint64_t>(samples);
      return int64_t{past_->errors[of % kErrors][k]};
    };
    auto& [first, second] = spread_[k];
    if (row == 0) {
      first = past_->fast_errors[channel_][k] >> 4;
      second = past_->slow_errors[channel_][k] >> 4;
    } else {
      const int64_t around = 2 * (error(c) + error(row)) + error(row + c) +
                             error(row - c) + error(2 * c) + error(2 * row);
      if (c == 1) {
        first = 2 * around;
        second = 16 *
                 (error(1) + error(row) + error(row + 2) + error(row - 2) +
                  error(row + 1) + error(row - 1) + error(2 * row - 1) +
                  error(2 * row + 1) + error(3) + error(3 * row)) /
                 10;
      } else {
        first = 8 * (around + 2 * error(1)) / 5;
        second = 8 * (error(1) + error(c > 2 ? 2 : 1));
      }
    }
    first += 4;
    second += 4;
  }
}

void SampleModel::StartByte(const SymbolRing& ring, uint64_t position) {
  const SampleLayout& layout = past_->layout;
  second_ =
      layout.width == 2 && position % 2 != static_cast<uint64_t>(layout.phase);
  start_ = position - (second_ ? 1 : 0);
  PredictSample(ring);
  // The other byte of the sample, where that is known.
  const int64_t first = second_ ? ring[start_] : 0;
  for (size_t k = 0; k < kPredictions; ++k) {
    const int64_t p = predictions_[k];
    if (layout.width == 2 && (layout.big != 0) != second_) {  // the higher one
      byte_[k] = layout.big != 0 ? p : p - (first << 4);
    } else {
      byte_[k] = p << 8;
      if (second_) {
        const int64_t higher = int64_t{static_cast<int8_t>(first)} << 20;
        byte_[k] = std::clamp(byte_[k] - higher, -2 * kTurn, 3 * kTurn);
      }
    }
  }
}

void SampleModel::Look(int32_t middle, int64_t depth, uint64_t path,
                       int16_t* inputs, Evidence& evidence) {
  const SampleLayout& layout = past_->layout;
  const bool higher = layout.width == 2 && (layout.big != 0) != second_;
  // Such a byte goes round: it has no bounds, or its sample has none.
  const bool round = layout.width == 2 && (higher || !second_);
  size_t class_of_first = 0, place_of_first = 0;
  for (size_t i = 0; i < used_.size(); ++i) {
    const size_t k = i / 2;
    int64_t beyond = byte_[k] - (int64_t{middle} << kByteBits);
    if (round) {
      beyond = ((beyond + kTurn / 2) & (kTurn - 1)) - kTurn / 2;
      // At the first bit 0 is a boundary as well.
      if (depth == 0 && beyond > kTurn / 4) beyond = kTurn / 2 - beyond;
      if (depth == 0 && beyond < -kTurn / 4) beyond = -kTurn / 2 - beyond;
    }
    const auto spread =
        static_cast<uint32_t>(spread_[k][i % 2] << (higher ? 0 : 8));
    const auto distance = static_cast<uint32_t>(std::abs(beyond) * 8);
    const size_t place = PlaceOf(distance / spread) + (beyond >= 0 ? kSide : 0);
    const auto scale = static_cast<size_t>(std::bit_width(spread) - 1);
    const size_t row = (higher ? kDepths : 0) + static_cast<size_t>(depth);
    const size_t of_spread = row * kClasses + std::min(scale, kClasses - 1);
    if (i == 0) {
      class_of_first = of_spread;
      place_of_first = place;
    }
    constexpr size_t kOfInput = 2 * kDepths * kClasses;
    used_[i] = &cells_[(i * kOfInput + of_spread) * kPlacesOfBoundary + place];
    inputs[i] = static_cast<int16_t>(Stretch(ProbabilityOf(*used_[i])));
  }
  // In place of what text is told apart by.
  const auto by_class = static_cast<int32_t>(class_of_first);
  evidence.first[10] = by_class;
  evidence.first[11] = static_cast<int32_t>(place_of_first * kDepths) +
                       static_cast<int32_t>(depth);
  evidence.second[2] = evidence.last[2] = by_class;
  const auto expected = static_cast<uint64_t>(byte_[0] >> (kByteBits + 1));
  evidence.refinements[7] = MixHash(MixHash(expected) + path * kPathFactor);
  evidence.refinements[9] =
      MixHash(MixHash(class_of_first * kPlacesOfBoundary + place_of_first));
}

void SampleModel::PutBit(int bit) {
  for (uint32_t* cell : used_) Adapt(*cell, bit, kLimit);
}

void SampleModel::EndByte(const SymbolRing& ring) {
  const SampleLayout& layout = past_->layout;
  if (layout.width == 2 && !second_) return;
  const int64_t y = Back(ring, 0);
  Errors& errors = past_->errors[number_ % kErrors];
  for (size_t k = 0; k < kPredictions; ++k) {
    int64_t error = std::abs(predictions_[k] - 16 * y);
    if (layout.width == 2) error = std::min(error, (16 << 16) - error);
    errors[k] = static_cast<uint16_t>((error + 8) >> 4);
    const auto follow = [error](uint32_t& mean, int shift) {
      mean =
          static_cast<uint32_t>(mean + ((16 * error - int64_t{mean}) >> shift));
    };
    follow(past_->fast_errors[channel_][k], 4);
    follow(past_->slow_errors[channel_][k], 7);
  }
  const auto target = static_cast<double>(y - base_);
  const std::span<const double> all(x_.data(), count_);
  past_->all[channel_].Learn(all, target, kAllKeep);
  past_->slow[channel_].Learn(all, target, kSlowKeep);
  past_->near[channel_].Learn({near_x_.data(), near_count_}, target, kNearKeep);
}

std::vector<std::span<uint8_t>> SampleModel::State() {
  return {{reinterpret_cast<uint8_t*>(past_.get()), sizeof(Past)},
          {reinterpret_cast<uint8_t*>(cells_.data()),
           cells_.size() * sizeof(cells_[0])}};
}

bool SampleModel::StateIsSound() const {
  const auto sound = [](const auto& of) {
    return std::all_of(std::begin(of), std::end(of),
                       [](const LeastSquares& by) { return by.Sound(); });
  };
  const auto possible = [](const auto& means) {
    return std::all_of(std::begin(means), std::end(means), [](const auto& of) {
      return *std::max_element(std::begin(of), std::end(of)) <= kMostMean;
    });
  };
  return past_->layout.Sound() && possible(past_->fast_errors) &&
         possible(past_->slow_errors) && sound(past_->all) &&
         sound(past_->slow) && sound(past_->near);
}

}  // namespace nncpp
