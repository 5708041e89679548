// src/model/context_mixing/bitmap_model.cc -- contract:
// src/model/context_mixing/bitmap_model.h
#include "src/model/context_mixing/bitmap_model.h"

#include <algorithm>
#include <bit>
#include <initializer_list>
#include <iterator>
#include <tuple>

#include "src/model/context_mixing/adaptive.h"
#include "src/model/context_mixing/bitmap_layout.h"
#include "src/model/context_mixing/logistic.h"
#include "src/model/context_mixing/sample_layout.h"
#include "src/model/context_mixing/text_context.h"

namespace nncpp {
namespace {

constexpr uint32_t kLimit = 255;
constexpr int kReach = 15;  // pixels to the right that a row shows

// Pixels `from` to `to` of a row, counted from the next pixel's place; row 0 is
// its own, `row` lies above.
struct Window {
  int8_t row, from, to;
};

constexpr Window kEnd = {-1, 0, 0};

constexpr Window kTemplates[][10] = {
    {{0, -3, -1}, {1, -2, 2}, kEnd},
    {{0, -4, -1}, {1, -2, 2}, {2, -1, 1}, kEnd},
    {{0, -4, -1}, {1, -3, 3}, {2, -2, 2}, kEnd},
    {{0, -6, -1}, {1, -5, 5}, {2, -4, 4}, {3, -2, 2}, kEnd},
    {{0, -2, -1},
     {1, -1, 1},
     {2, -1, 1},
     {3, -1, 1},
     {4, -1, 1},
     {5, 0, 0},
     kEnd},
    {{0, -12, -1}, {1, -2, 4}, kEnd},
    {{0, -8, -1}, {1, -8, 7}, {2, -8, 7}, {3, -8, 7}, kEnd},
    {{0, -3, -1},
     {1, 0, 0},
     {2, 0, 0},
     {3, 0, 0},
     {4, 0, 0},
     {5, 0, 0},
     {6, 0, 0},
     {7, 0, 0},
     {8, 0, 0},
     kEnd},
    {{0, -3, -1}, {1, -2, 2}, {0, -8, -8}, {0, -16, -16}, {8, 0, 0}, kEnd},
    {{0, -5, -1},
     {1, -3, 3},
     {2, -3, 3},
     {3, -3, 3},
     {4, -2, 2},
     {5, -2, 2},
     kEnd},
    {{0, -16, -1}, {1, -16, 15}, kEnd},
    {{0, -10, -1}, {1, -8, 8}, {2, -6, 6}, {3, -5, 5}, {4, -4, 4}, kEnd},
    {{1, -3, 3}, {2, -3, 3}, {3, -3, 3}, kEnd},
    {{0, -3, -1},
     {1, -2, 2},
     {0, -8, -8},
     {4, -4, -4},
     {4, 0, 0},
     {4, 4, 4},
     {8, -8, -8},
     {8, 0, 0},
     {8, 8, 8},
     kEnd},
    {{0, -4, -1}, {1, -6, 6}, {2, -1, 1}, kEnd},
    {{0, -6, -1},
     {1, -3, 3},
     {2, -3, 3},
     {3, -2, 2},
     {4, -2, 2},
     {5, -1, 1},
     {6, -1, 1},
     {7, -1, 1},
     kEnd},
};
constexpr size_t kWindowed = std::size(kTemplates);

// The contexts by which refinements are told apart, from the second on.
constexpr size_t kRefined[] = {0, 1, 4, 5, 6, 16, 2, 17, 3, 18};

// The rows as bits: pixel d of a row above is bit kReach - d, that of row 0 bit
// -1 - d.
struct Rows {
  std::array<uint64_t, 9> bits;

  uint64_t At(Window w) const {
    const int shift = w.row == 0 ? -1 - w.to : kReach - w.to;
    return bits[static_cast<size_t>(w.row)] >> shift &
           ((uint64_t{1} << (w.to - w.from + 1)) - 1);
  }
  // The same of several, the digits of the first highest.
  uint64_t Number(std::initializer_list<Window> windows) const {
    uint64_t number = 0;
    for (const Window& w : windows) {
      number = number << (w.to - w.from + 1) | At(w);
    }
    return number;
  }
  // How many pixels to the left have one colour, the first that of the pixel
  // before (row 0) or above.
  uint64_t ToLeft(size_t row, int most) const {
    const uint64_t x = row == 0 ? bits[0] : bits[row] >> kReach;
    return Limited(std::countr_zero((x & 1) != 0 ? ~x : x), most);
  }
  // The same to the right, from the pixel above on.
  uint64_t ToRight(size_t row) const {
    const uint64_t x = bits[row] << (63 - kReach);
    return Limited(std::countl_zero(x >> 63 != 0 ? ~x : x), kReach + 1);
  }
  static uint64_t Limited(int n, int most) {
    return static_cast<uint64_t>(std::min(n, most));
  }
};

}  // namespace

BitmapModel::BitmapModel() : row_(1), cells_(size_t{1} << kBits) {
  std::fill(cells_.data(), cells_.data() + cells_.size(),
            AdaptiveFrom(1u << 21));
}

int64_t BitmapModel::Bytes() { return int64_t{sizeof(uint32_t)} << kBits; }

void BitmapModel::Measure(const SymbolRing& ring, uint64_t position) {
  if (!IsMeasuredAt(position) || ring.size() < kMostBitmapPast) return;
  std::vector<uint8_t> past(std::min<uint64_t>(position, kMostBitmapPast));
  for (size_t i = 0; i < past.size(); ++i) {
    past[i] = static_cast<uint8_t>(ring[position - past.size() + i]);
  }
  row_ = MeasureBitmap(past, row_).row;
}

void BitmapModel::StartByte(const SymbolRing& ring, uint64_t position) {
  for (size_t j = 0; j < kRows; ++j) {
    const int64_t last = j == 0 ? 1 : static_cast<int64_t>(j) * row_ - 4;
    around_[j] = 0;
    for (int64_t back = last + 7; back >= last; --back) {
      const bool there = back > 0 && static_cast<uint64_t>(back) <= position;
      around_[j] = around_[j] << 8 |
                   (there ? ring[position - static_cast<uint64_t>(back)] : 0u);
    }
  }
}

void BitmapModel::Look(int64_t depth, uint64_t path, int16_t* inputs,
                       Evidence& evidence) {
  Rows rows;
  static_assert(kRows == std::tuple_size_v<decltype(rows.bits)>);
  rows.bits[0] = around_[0] << depth | (path ^ uint64_t{1} << depth);
  for (size_t j = 1; j < kRows; ++j) {
    rows.bits[j] = around_[j] >> (39 - kReach - depth);
  }
  const uint64_t run = rows.ToLeft(0, 48), left = rows.ToLeft(1, kReach + 1),
                 right = rows.ToRight(1), right2 = rows.ToRight(2);
  const uint64_t colours = rows.Number({{1, 0, 0}, {0, -2, -1}});
  const std::initializer_list<uint64_t> reaches[] = {
      {run, right, left == 1, colours},
      {right, right2, left, colours},
      {right, left, right2, rows.ToLeft(2, kReach + 1), rows.ToRight(3),
       rows.ToLeft(3, kReach + 1), colours},
      {std::min<uint64_t>(run, 20), right, left, colours}};
  static_assert(kWindowed + std::size(reaches) == kContexts);
  std::array<uint64_t, kContexts> hashes;
  for (size_t i = 0; i < kContexts; ++i) {
    hashes[i] = i + 1;
    const auto add = [&](uint64_t x) { hashes[i] = MixHash(hashes[i] + x); };
    if (i < kWindowed) {
      for (const Window* w = kTemplates[i]; w->row >= 0; ++w) add(rows.At(*w));
    } else {
      for (const uint64_t reach : reaches[i - kWindowed]) add(reach);
    }
    used_[i] = &cells_[hashes[i] >> (64 - kBits)];
    const auto p = static_cast<int32_t>(ProbabilityOf(*used_[i]));
    inputs[2 * i] = static_cast<int16_t>(Stretch(static_cast<uint32_t>(p)));
    inputs[2 * i + 1] = static_cast<int16_t>(ClampLogit((p - (1 << 21)) >> 9));
  }
  // In place of what bytes are told apart by.
  const auto select = [](int32_t& set, uint64_t by) {
    set = static_cast<int32_t>(by);
  };
  const uint64_t twelve = rows.Number({{0, -4, -1}, {1, -2, 2}, {2, -1, 1}});
  select(evidence.first[5], rows.Number({{0, -6, -1}, {1, -2, 3}}));
  select(evidence.first[8], (std::min<uint64_t>(run, 15) << 4 | (right - 1))
                                    << 4 |
                                (left == 1 ? 8 : 0) | colours);
  select(evidence.first[9], rows.Number({{0, -3, -1},
                                         {1, 0, 0},
                                         {2, 0, 0},
                                         {3, 0, 0},
                                         {4, 0, 0},
                                         {5, 0, 0},
                                         {6, 0, 0},
                                         {8, 0, 0}}));
  select(evidence.first[10], twelve);
  select(evidence.first[11],
         rows.Number({{0, -2, -1}, {1, -1, 1}, {2, -1, 1}, {3, -1, 1}}));
  select(evidence.second[0], rows.Number({{0, -3, -1}, {1, -2, 2}}));
  evidence.last[0] = evidence.second[0];
  evidence.second[2] = evidence.last[2] = evidence.first[10];
  for (size_t k = 0; k < std::size(kRefined); ++k) {
    evidence.refinements[k + 1] = hashes[kRefined[k]];
  }
}

void BitmapModel::PutBit(int bit) {
  for (uint32_t* cell : used_) Adapt(*cell, bit, kLimit);
}

std::vector<std::span<uint8_t>> BitmapModel::State() {
  return {{reinterpret_cast<uint8_t*>(&row_), sizeof(row_)},
          {reinterpret_cast<uint8_t*>(cells_.data()),
           cells_.size() * sizeof(cells_[0])}};
}

bool BitmapModel::StateIsSound() const {
  return row_ >= 1 && row_ <= kMostBitmapRow;
}

}  // namespace nncpp
