// src/model/context_mixing/bitmap_layout.cc -- contract:
// src/model/context_mixing/bitmap_layout.h
#include "src/model/context_mixing/bitmap_layout.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "src/base/check.h"

namespace nncpp {
namespace {

constexpr size_t kFewest = 4096;    // bytes that can be measured
constexpr size_t kCandidates = 8;   // rows that differ least
constexpr int64_t kMostParts = 16;  // into which the best of them may fall
constexpr int64_t kBit = 256;       // of a cost
constexpr int64_t kHardly = 64 * kBit;

// About 256 log2(m), the logarithm linear between powers of two.
int64_t Log(uint32_t m) {
  const int place = static_cast<int>(std::bit_width(m)) - 1;
  return place * kBit +
         static_cast<int64_t>((uint64_t{m} << 8 >> place) & (kBit - 1));
}

// What the next bit or byte costs that was seen so often among all of these,
// `most` of which are possible.
int64_t CostOf(uint32_t seen, uint32_t all, uint32_t most) {
  return Log(2 * all + most) - Log(2 * seen + 1);
}

class View {
 public:
  explicit View(std::span<const uint8_t> past)
      : past_(past), first_(past.size() - past.size() / 3) {}

  int64_t bytes() const { return std::ssize(past_) - First(); }
  int64_t longest() const { return First() / 2 - 1; }

  // Bits of every other word that differ from those a row above.
  int64_t Differences(int64_t row) const {
    int64_t sum = 0;
    for (size_t i = first_; i + 8 <= past_.size(); i += 16) {
      sum += std::popcount(Word(i) ^ Word(i - static_cast<size_t>(row)));
    }
    return sum;
  }

  // What thirteen pixels around foresee costs.
  int64_t Cost(int64_t row) const {
    static_assert(kMostBitmapPast / 3 * 8 <= 1 << 16);  // what these count to
    std::vector<std::array<uint16_t, 2>> counts(1 << 13);
    int64_t cost = 0;
    const auto back = static_cast<size_t>(row);
    for (size_t i = first_; i < past_.size(); ++i) {
      const uint32_t own = uint32_t{past_[i - 1]} << 8 | past_[i],
                     above = Around(i - back, i),
                     second = Around(i - 2 * back, i),
                     eighth = i >= 8 * back ? past_[i - 8 * back] : 0;
      for (int depth = 0; depth < 8; ++depth) {
        auto& seen = counts[(eighth >> (7 - depth) & 1) << 12 |
                            (own >> (8 - depth) & 15) << 8 |
                            (above >> (13 - depth) & 31) << 3 |
                            (second >> (14 - depth) & 7)];
        const uint32_t bit = own >> (7 - depth) & 1;
        cost += CostOf(seen[bit], uint32_t{seen[0]} + seen[1], 2);
        ++seen[bit];
      }
    }
    return cost;
  }

  // What bytes cost by how often they occur.
  int64_t CostOfBytes() const {
    std::array<uint32_t, 256> seen{};
    int64_t cost = 0;
    for (size_t i = first_; i < past_.size(); ++i) {
      cost += CostOf(seen[past_[i]]++, static_cast<uint32_t>(i - first_), 256);
    }
    return cost;
  }

 private:
  int64_t First() const { return static_cast<int64_t>(first_); }
  uint64_t Word(size_t at) const {
    uint64_t word;
    std::memcpy(&word, past_.data() + at, sizeof(word));
    return word;
  }
  // The byte there, from bit 15 on, and those beside it; 0 for what is not
  // before byte `now`.
  uint32_t Around(size_t at, size_t now) const {
    const uint32_t next = at + 1 < now ? past_[at + 1] : 0;
    return uint32_t{past_[at - 1]} << 16 | uint32_t{past_[at]} << 8 | next;
  }

  const std::span<const uint8_t> past_;
  const size_t first_;
};

// Whether almost all are characters of text, none of them most of the time.
bool IsText(std::span<const uint8_t> head) {
  std::array<int64_t, 256> counts{};
  for (const uint8_t byte : head) ++counts[byte];
  const int64_t characters =
      std::accumulate(counts.begin() + ' ', counts.begin() + '~' + 1,
                      counts['\t'] + counts['\n'] + counts['\r']);
  return characters * 16 >= std::ssize(head) * 15 &&
         *std::max_element(counts.begin(), counts.end()) * 3 <=
             std::ssize(head);
}

// How often each bit of these bytes is set.
using Counts = std::array<int64_t, 8>;
void Count(int bits, Counts& ones) {
  for (size_t k = 0; k < ones.size(); ++k) ones[k] += bits >> k & 1;
}

bool BitsAreAlike(std::span<const uint8_t> head) {
  Counts ones{};
  for (const uint8_t byte : head) Count(byte, ones);
  const auto [least, most] = std::minmax_element(ones.begin(), ones.end());
  return *most * 4 <= *least * 5;
}

// Whether, of each place in a byte, at most every fourth bit differs from the
// one before.
bool FewBitsChange(std::span<const uint8_t> head) {
  Counts changes{};
  int before = 0;
  for (const uint8_t byte : head) {
    Count(byte ^ (before << 8 | byte) >> 1, changes);
    before = byte;
  }
  return *std::max_element(changes.begin(), changes.end()) * 4 <=
         std::ssize(head);
}

// Whether the pixels around cost at most so many hundredths of what bytes do,
// by rows of one length, `shortest` or more, in half of the places or more.
bool HasRows(std::span<const uint8_t> head, int64_t shortest,
             int64_t hundredths) {
  constexpr size_t kPlaces = 8;
  if (head.size() < kFewest) return false;
  const size_t piece =
      std::min(head.size(), static_cast<size_t>(kMostBitmapPast));
  const size_t places = head.size() == piece ? 1 : kPlaces;
  int64_t cost = 0, of_bytes = 0;
  std::vector<int64_t> rows = {1};
  for (size_t k = 1; k <= places; ++k) {
    const auto past = head.subspan((head.size() - piece) * k / places, piece);
    const MeasuredBitmap measured = MeasureBitmap(past, rows.back());
    rows.push_back(measured.row);
    cost += measured.cost;
    of_bytes += View(past).CostOfBytes();
  }
  const auto alike = std::count(rows.begin(), rows.end(), rows.back());
  return rows.back() >= shortest && 2 * alike >= std::ssize(rows) - 1 &&
         cost * 100 <= of_bytes * hundredths;
}

}  // namespace

MeasuredBitmap MeasureBitmap(std::span<const uint8_t> past, int64_t now) {
  NNCPP_CHECK(past.size() >= kFewest && std::ssize(past) <= kMostBitmapPast);
  const View view(past);
  std::vector<std::pair<int64_t, int64_t>> rows;  // and how many bits differ
  for (int64_t row = 1; row <= view.longest(); ++row) {
    rows.emplace_back(view.Differences(row), row);
  }
  std::partial_sort(rows.begin(), rows.begin() + kCandidates, rows.end());
  std::vector<int64_t> candidates;
  for (size_t k = 0; k < kCandidates; ++k) candidates.push_back(rows[k].second);
  for (int64_t parts = 2; parts <= kMostParts; ++parts) {
    if (candidates[0] % parts == 0) candidates.push_back(candidates[0] / parts);
  }
  const int64_t kept = std::min(now, view.longest());
  MeasuredBitmap best = {now, view.Cost(kept), view.bytes()};
  for (const int64_t row : candidates) {
    const int64_t cost = view.Cost(row);
    if (cost + cost / 32 + kHardly >= best.cost) continue;
    best.row = row;
    best.cost = cost;
  }
  return best;
}

bool LooksLikeDrawing(std::span<const uint8_t> head) {
  return BitsAreAlike(head) && FewBitsChange(head) && HasRows(head, 2, 75);
}

bool LooksLikeDotsOrColours(std::span<const uint8_t> head) {
  if (IsText(head)) return false;
  return BitsAreAlike(head) ? HasRows(head, 2, 75) : HasRows(head, 100, 50);
}

}  // namespace nncpp
