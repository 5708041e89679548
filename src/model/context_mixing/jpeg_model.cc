// src/model/context_mixing/jpeg_model.cc -- contract:
// src/model/context_mixing/jpeg_model.h
#include "src/model/context_mixing/jpeg_model.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <initializer_list>
#include <type_traits>

#include "src/base/check.h"
#include "src/model/context_mixing/adaptive.h"
#include "src/model/context_mixing/text_context.h"

namespace nncpp {
namespace {

using Block = JpegScan::Block;
constexpr int kBlock = JpegScan::kBlock;

constexpr uint32_t kLimit = 1023;

// Where the coefficients in the order of the zigzag stand, row by row of 8
// (T.81, figure A.6), and the other way round.
constexpr std::array<uint8_t, kBlock> kPlace = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};
constexpr std::array<uint8_t, kBlock> kNumber = [] {
  std::array<uint8_t, kBlock> number{};
  for (uint8_t z = 0; z < kBlock; ++z) number[kPlace[z]] = z;
  return number;
}();

// 2^10 times what a frequency adds to the first of eight pixels (T.81, A.3.3,
// without the factor 1/2); the odd ones take that from the last.
constexpr std::array<int32_t, 8> kEdge = {724, 1004, 946, 851,
                                          724, 569,  392, 200};

// Coefficient i, 0 past the last.
int32_t At(const Block& block, int32_t i) {
  return i < kBlock ? block[static_cast<size_t>(i)] : 0;
}

// The bits of |x|.
int32_t Size(int32_t x) {
  return static_cast<int32_t>(
      std::bit_width(static_cast<uint32_t>(std::abs(x))));
}

// The same in halves, with the sign of x.
int32_t Scale(int32_t x) {
  const auto m = static_cast<uint32_t>(std::abs(x));
  const int32_t size = Size(x);
  if (size == 0) return 0;
  const int32_t half = size > 1 ? static_cast<int32_t>(m >> (size - 2) & 1) : 0;
  const int32_t scale = 2 * size - 1 + half;
  return x < 0 ? -scale : scale;
}

// What coefficient z would be if the pixels at the edge went on from the block
// above, or to the left, by those of its column, or row, that are known. In
// eighths of a quantisation step.
int32_t Continued(const Block& now, const Block& beside, bool above,
                  const std::array<uint16_t, kBlock>& steps, int32_t z) {
  const int32_t row = kPlace[static_cast<size_t>(z)] / 8;
  const int32_t column = kPlace[static_cast<size_t>(z)] % 8;
  int64_t sum = 0;
  for (int32_t k = 0; k < 8; ++k) {
    const int32_t at = above ? k * 8 + column : row * 8 + k;
    const size_t i = kNumber[static_cast<size_t>(at)];
    const int64_t edge = int64_t{kEdge[static_cast<size_t>(k)]} * steps[i];
    sum += (k % 2 == 0 ? edge : -edge) * beside[i];
    if (static_cast<int32_t>(i) < z) sum -= edge * now[i];
  }
  const int64_t own =
      int64_t{kEdge[static_cast<size_t>(above ? row : column)]} *
      std::max<int32_t>(steps[static_cast<size_t>(z)], 1);
  constexpr int64_t kMost = 1 << 16;
  return static_cast<int32_t>(std::clamp(sum * 8 / own, -kMost, kMost));
}

// Of the first coefficient from z on that is not 0: how far it is, and its
// size.
struct Next {
  int32_t run, size;
};
Next NextOf(const Block& block, int32_t z) {
  constexpr int32_t kMost = 14;
  for (int32_t i = z; i < kBlock; ++i) {
    if (At(block, i) != 0) return {std::min(i - z, kMost), Size(At(block, i))};
  }
  return {kMost + 1, 0};
}

// What is known around coefficient z.
struct Surroundings {
  Surroundings(const JpegScan& scan, int32_t z, bool in_code);

  int32_t from_above, from_left, mean;  // Continued, and the mean of both
  int32_t next_mean = 0;                // of the coefficient after it
  // Of the blocks above and to the left: magnitudes from z on, coefficients
  // that are not 0 but DC, the last of them.
  int32_t rest = 0, beside = 0, last = 0;
  int32_t rest_of_other = 0;  // in the component before
  // In this block, but DC: how many, the magnitudes, the last two.
  int32_t found = 0, found_sum = 0, newest = 0, before_newest = 0;
  Next left, above, other;
  // Magnitudes at and after z in the blocks beside; in this block, of those of
  // a row and a column less, and of all around.
  int32_t around, up, back, own;
};

Surroundings::Surroundings(const JpegScan& scan, int32_t z, bool in_code) {
  const Block &now = scan.Current(), &l = scan.Left(), &a = scan.Above();
  const auto& steps = scan.Steps();
  from_above = Continued(now, a, true, steps, z);
  from_left = Continued(now, l, false, steps, z);
  if (z == 0) {
    from_above -= 8 * scan.Predictor();
    from_left -= 8 * scan.Predictor();
  } else if (z + 1 < kBlock && in_code) {
    next_mean = (Continued(now, a, true, steps, z + 1) +
                 Continued(now, l, false, steps, z + 1)) /
                2;
  }
  mean = (from_above + from_left) / 2;
  for (int32_t i = 1; i < kBlock; ++i) {
    const int32_t either = std::abs(At(l, i)) + std::abs(At(a, i));
    beside += (At(l, i) != 0) + (At(a, i) != 0);
    if (i >= z) {
      rest += either;
      rest_of_other += std::abs(At(scan.Other(), i));
      if (either != 0) last = i;
    } else if (At(now, i) != 0) {
      ++found;
      found_sum += std::abs(At(now, i));
      before_newest = newest;
      newest = At(now, i);
    }
  }
  left = NextOf(l, z);
  above = NextOf(a, z);
  other = NextOf(scan.Other(), z);
  around = 2 * (std::abs(At(l, z)) + std::abs(At(a, z))) +
           std::abs(At(l, z + 1)) + std::abs(At(a, z + 1)) +
           std::abs(At(scan.AboveLeft(), z));
  const int32_t row = kPlace[static_cast<size_t>(z)] / 8;
  const int32_t column = kPlace[static_cast<size_t>(z)] % 8;
  const auto known = [&](int32_t r, int32_t c) {
    if (r < 0 || c < 0 || r > 7 || c > 7) return 0;
    const int32_t i = kNumber[static_cast<size_t>(r * 8 + c)];
    return i < z ? std::abs(At(now, i)) : 0;
  };
  up = known(row - 1, column);
  back = known(row, column - 1);
  own = 2 * (up + back) + known(row - 1, column - 1) +
        known(row - 1, column + 1) + known(row + 1, column - 1);
}

}  // namespace

JpegModel::JpegModel(int64_t bits)
    : shift_(static_cast<int>(64 - bits)),
      scan_(std::make_unique<JpegScan>()),
      cells_(size_t{1} << bits, AdaptiveFrom(1u << (kModelBits - 1))) {}

void JpegModel::EnterContexts() {
  const JpegScan::Place p = scan_->place();
  const bool in_code = p.symbol < 0;
  const Surroundings s(*scan_, p.z, in_code);
  const int32_t l = At(scan_->Left(), p.z), a = At(scan_->Above(), p.z),
                o = At(scan_->Other(), p.z);
  const auto near = [](int32_t x) { return std::clamp(x, -40, 40); };
  const auto few = [](int32_t x) { return std::min(x, 20); };
  const int32_t scale = Scale(s.mean), rest = Scale(s.rest),
                around = Scale(s.around), own = Scale(s.own),
                from_above = Scale(s.from_above),
                from_left = Scale(s.from_left);

  size_t count = 0;
  const auto place =
      static_cast<uint64_t>((p.z * 3 + p.component) * 257 + p.symbol + 1);
  const auto add = [&](std::initializer_list<int32_t> values) {
    uint64_t hash = place * kContexts + count;
    for (const int32_t v : values) {
      hash = MixHash(hash) + static_cast<uint64_t>(v + 4096);
    }
    hashes_[count++] = MixHash(hash);
  };
  add({});
  add({scale});
  add({from_above});
  add({from_left});
  add({from_above, from_left});
  add({scale, Scale(s.next_mean)});
  add({scale, rest});
  add({scale, around});
  add({Size(l), Size(a)});
  add({s.left.run, s.above.run, s.left.size, s.above.size});
  add({rest});
  add({rest, s.found});
  add({Scale(s.found_sum), s.found});
  add({Scale(s.newest), Scale(s.before_newest)});
  add({around, Scale(s.found_sum)});
  add({s.beside, s.found});
  add({s.last, s.found});
  add({s.last, scale});
  add({near(l), near(a)});
  add({near(o), s.other.run, s.other.size});
  add({s.other.run, scale});
  add({from_above, s.left.run, around});
  add({from_left, s.above.run, around});
  add({std::min(s.left.run, s.above.run), scale, rest});
  add({Scale(s.rest_of_other), s.found});
  add({few(s.up), few(s.back)});
  add({Scale(s.own + s.around)});
  add({own, Scale(s.rest_of_other)});
  add({s.up + s.back, Scale(s.newest), Scale(s.before_newest)});
  NNCPP_CHECK(count == hashes_.size());

  const auto capped = [](int32_t x, int32_t most) {
    return std::clamp(x, 0, most);
  };
  const int32_t part = in_code ? 0 : 1;
  selectors_ = {
      (p.z * 2 + part) * 2 + (p.component != 0 ? 1 : 0),
      0,  // of the bit: Look
      (capped(scale + 20, 40) * 2 + part) * 3 + p.component,
      s.left.run * 16 + s.above.run,
      capped(rest, 31) * 16 + capped(s.found, 15),
      capped(s.beside / 2, 31) * 16 + capped(s.found, 15),
      capped(Size(l), 15) * 16 + capped(Size(a), 15),
      capped(around, 31) * 2 + part,
      s.last * 2 + part,
      s.other.run * 16 + capped(s.other.size, 15),
      capped(from_above + 15, 30) * 32 + capped(from_left + 15, 30),
      capped(Scale(s.found_sum), 31) * 16 + capped(Size(s.newest), 15),
  };
}

void JpegModel::Look(uint64_t path, Evidence& evidence) {
  coded_ = scan_->Coded();
  uint64_t bit = path;
  if (coded_) {
    const JpegScan::Place p = scan_->place();
    // At a byte's first bit the state may be another than this has left.
    if (p.length == 0 || path == 1) EnterContexts();
    constexpr int32_t kCodes = 512;
    selectors_[1] = p.symbol < 0 ? std::min(p.bits, kCodes - 1)
                                 : kCodes + (p.symbol & 15) * 16 + p.length;
    bit = static_cast<uint64_t>(p.bits);
  } else {
    hashes_.fill(0);
    selectors_.fill(kSets - 1);
  }
  std::array<uint64_t, kContexts> hashes;
  for (size_t i = 0; i < hashes.size(); ++i) {
    hashes[i] = MixHash(hashes_[i] + bit * kPathFactor + i);
    used_[i] = &cells_[hashes[i] >> shift_];
  }
  int16_t* inputs = evidence.inputs.data();
  for (const uint32_t* cell : used_) {
    const uint32_t p = ProbabilityOf(*cell);
    *inputs++ = static_cast<int16_t>(Stretch(p));
    *inputs++ = static_cast<int16_t>(
        (static_cast<int32_t>(p) - (1 << (kModelBits - 1))) >> 10);
  }
  const auto select = [&](auto& sets, std::initializer_list<size_t> which) {
    NNCPP_CHECK(sets.size() == which.size());
    std::transform(which.begin(), which.end(), sets.begin(),
                   [&](size_t i) { return selectors_[i]; });
  };
  evidence.first = selectors_;
  select(evidence.second, {0, 1, 2, 4, 8, 10});
  select(evidence.last, {0, 1, 2, 4});
  for (size_t k = 0; k < evidence.refinements.size(); ++k) {
    evidence.refinements[k] = hashes[2 * k];
  }
}

void JpegModel::PutBit(int bit) {
  for (uint32_t* cell : used_) Adapt(*cell, bit, kLimit);
  if (coded_) scan_->PutBit(bit);
}

std::vector<std::span<uint8_t>> JpegModel::State() {
  static_assert(std::has_unique_object_representations_v<JpegScan>);
  return {{reinterpret_cast<uint8_t*>(scan_.get()), sizeof(JpegScan)},
          {reinterpret_cast<uint8_t*>(cells_.data()),
           cells_.size() * sizeof(cells_[0])}};
}

}  // namespace nncpp
