// src/model/context_mixing/sample_layout.cc -- contract:
// src/model/context_mixing/sample_layout.h
#include "src/model/context_mixing/sample_layout.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <vector>

#include "src/base/check.h"
#include "src/model/context_mixing/least_squares.h"

namespace nncpp {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr double kKeep = 1 - 1.0 / 256, kLoudest = 1 << 17;
constexpr int64_t kSadSamples = 2048;     // compared with those a row before
constexpr int64_t kShortestRow = 4;       // of one channel
constexpr int64_t kShortestColours = 16;  // pixels a row, of several

// About 16 log2(1 + m), the logarithm linear between powers of two.
int64_t Log(int32_t m) {
  const auto v = static_cast<uint32_t>(m) + 1;
  const int place = static_cast<int>(std::bit_width(v)) - 1;
  return place * 16 + static_cast<int64_t>((uint64_t{v} << 4 >> place) & 15);
}

// How many of so many bytes are predicted from those before them.
size_t LookedAt(size_t bytes) { return bytes < 16384 ? 2048 : 4096; }

// The past as samples of one width, order and phase.
class View {
 public:
  View(std::span<const uint8_t> past, uint64_t position, SampleLayout as)
      : as_(as), past_(past) {
    const auto width = static_cast<uint64_t>(as.width);
    const size_t most = LookedAt(past.size());
    count_ = static_cast<int64_t>(most / width);
    back_ = static_cast<int64_t>((past.size() - most) / width);
    const size_t odd =
        (position + width - static_cast<uint64_t>(as.phase)) % width;
    const auto all = static_cast<size_t>(count_ + back_);
    samples_.resize(all);
    // A phase that the end does not fit leaves its first sample 0.
    const size_t end = past.size() - odd;
    for (size_t i = 0; i < all && (i + 1) * width <= end; ++i) {
      const uint8_t* at = past.data() + end - (i + 1) * width;
      samples_[all - 1 - i] =
          static_cast<int16_t>(as.Value(at[0], width > 1 ? at[1] : 0));
    }
    sums_.assign(static_cast<size_t>(back_), kNever);
    for (int64_t lag = kShortestRow; lag < back_ - 16; ++lag) {
      sums_[static_cast<size_t>(lag)] = Differences(lag);
    }
  }

  const SampleLayout& as() const { return as_; }
  int64_t back() const { return back_; }

  // The row of `channels` at which samples differ least, or 0.
  int64_t Row(int64_t channels) const {
    int64_t least = kNever, row = 0;
    for (int64_t lag = channels == 1 ? kShortestRow
                                     : kShortestColours * channels;
         lag < back_ - 16; ++lag) {
      const int64_t sum = sums_[static_cast<size_t>(lag)];
      if (lag % channels == 0 && sum < least) {
        least = sum;
        row = lag;
      }
    }
    return row;
  }

  // What predictions by least squares cost, in 1/16 bit.
  int64_t Cost(int64_t channels, int64_t row) const {
    LeastSquares by{};
    std::array<double, LeastSquares::kMost> x{};
    int64_t cost = count_ * 32;
    for (int64_t i = 0; i < count_; ++i) {
      size_t n = 0;
      const int32_t base = row > 0 ? InRows(at(i), channels, row, x, n)
                                   : InLine(at(i), channels, x, n);
      const std::span<const double> all(x.data(), n);
      const int32_t y = *at(i) - base;
      cost += Bits(y - static_cast<int32_t>(by.PredictWhole(all, 1, kLoudest)));
      by.Learn(all, y, kKeep);
    }
    return cost;
  }

 private:
  const int16_t* at(int64_t i) const { return samples_.data() + back_ + i; }

  // Differences of samples of two bytes go round.
  int32_t Wrap(int32_t x) const {
    return as_.width == 1 ? x : static_cast<int16_t>(x);
  }
  int64_t Bits(int32_t difference) const {
    return Log(std::abs(Wrap(difference)));
  }

  int64_t Differences(int64_t lag) const {
    const int64_t some = std::min(count_, kSadSamples);
    // At most 2^11 times 2^15.
    int32_t sum = 0;
    if (as_.width == 1) {
      const uint8_t* x = past_.data() + past_.size() - some;
      for (int64_t i = 0; i < some; ++i) sum += std::abs(x[i] - x[i - lag]);
    } else {
      const int16_t* x = at(count_ - some);
      for (int64_t i = 0; i < some; ++i) {
        sum += std::abs(int32_t{static_cast<int16_t>(x[i] - x[i - lag])});
      }
    }
    return sum;
  }

  // Writes n regressors for a sample and returns what is taken off it.
  static int32_t InRows(const int16_t* sample, int64_t c, int64_t row,
                        std::span<double> x, size_t& n) {
    const int32_t base = (sample[-c] + sample[-row]) / 2;
    for (const int64_t back : {c, row, row + c, row - c, 2 * c, row + 2 * c}) {
      x[n++] = sample[-back] - base;
    }
    if (c > 1) {
      const int32_t other = (sample[-1 - c] + sample[-1 - row]) / 2;
      x[n++] = sample[-1] - other;
      x[n++] = sample[-1 - c] - other;
    }
    return base;
  }
  int32_t InLine(const int16_t* sample, int64_t c, std::span<double> x,
                 size_t& n) const {
    const int32_t base = as_.width == 1 ? 128 : 0;
    for (int64_t k = 1; k <= 16; ++k) x[n++] = sample[-k * c] - base;
    for (int64_t k = 0; c > 1 && k < 4; ++k) {
      x[n++] = sample[-1 - k * c] - base;
    }
    return base;
  }

  const SampleLayout as_;
  const std::span<const uint8_t> past_;
  int64_t count_ = 0, back_ = 0;  // samples looked at, and before them
  std::vector<int16_t> samples_;
  std::vector<int64_t> sums_;  // of differences by lag
};

}  // namespace

bool SampleLayout::IsLike(const SampleLayout& other) const {
  return width == other.width && big == other.big &&
         channels == other.channels && (row == 0) == (other.row == 0);
}

bool SampleLayout::Sound() const {
  return (width == 1 || width == 2) && (big == 0 || big == 1) && phase >= 0 &&
         big < width && phase < width && channels >= 1 &&
         channels <= (width == 1 ? kMostChannels : 2) &&
         (row == 0 || (row >= kShortestRow && row <= kReach / width));
}

MeasuredLayout MeasureLayout(std::span<const uint8_t> past, uint64_t position,
                             const SampleLayout& now) {
  NNCPP_CHECK(std::ssize(past) >= SampleLayout::kSample &&
              std::ssize(past) <= SampleLayout::kMostPast);
  MeasuredLayout best = {now, kNever};
  const auto offer = [&](const View& view, int64_t channels, int64_t row) {
    SampleLayout layout = view.as();
    layout.channels = channels;
    layout.row = row;
    int64_t cost = view.Cost(channels, row);
    if (layout == now) {
      cost -= cost / 100;
    } else if (!layout.IsLike(now)) {
      cost += cost / 50;
    }
    if (cost < best.cost) best = {layout, cost};
  };
  constexpr SampleLayout kViews[] = {{1, 0, 0, 0, 0},
                                     {2, 0, 1, 0, 0},
                                     {2, 0, 0, 0, 0},
                                     {2, 1, 1, 0, 0},
                                     {2, 1, 0, 0, 0}};
  for (const SampleLayout& as : kViews) {
    const View view(past, position, as);
    if (as.width == now.width && as.big == now.big && as.phase == now.phase &&
        now.row < view.back() - 8) {
      offer(view, now.channels, now.row);
    }
    const int64_t most = as.width == 1 ? SampleLayout::kMostChannels : 2;
    for (int64_t c = 1; c <= most; ++c) {
      offer(view, c, 0);
      const int64_t row = view.Row(c);
      if (row == 0) continue;
      offer(view, c, row);
      // Where a picture is even, a row may seem some pixels longer or shorter.
      for (int64_t pixels = 1; c > 1 && pixels <= 2; ++pixels) {
        offer(view, c, row + pixels * c);
        offer(view, c, row - pixels * c);
      }
    }
  }
  return best;
}

bool LooksLikeSamples(std::span<const uint8_t> head) {
  constexpr int64_t kPlaces = 8;
  if (std::ssize(head) < SampleLayout::kSample) return false;
  std::array<int64_t, 256> counts{};
  for (const uint8_t byte : head) ++counts[byte];
  const auto size = static_cast<int32_t>(head.size());
  int64_t text = 0, entropy = 0;  // the latter in 1/16 bit
  for (size_t byte = 0; byte < counts.size(); ++byte) {
    const int64_t n = counts[byte];
    if (n == 0) continue;
    entropy += n * (Log(size - 1) - Log(static_cast<int32_t>(n - 1)));
    if ((byte >= 32 && byte < 127) || byte == 9 || byte == 10 || byte == 13) {
      text += n;
    }
  }
  if (text * 16 >= std::ssize(head) * 15) return false;
  const size_t piece = std::min<size_t>(head.size(), SampleLayout::kMostPast);
  int64_t cost = 0, bytes = 0;
  for (int64_t k = 1; k <= kPlaces; ++k) {
    const size_t end =
        piece + (head.size() - piece) * static_cast<size_t>(k) / kPlaces;
    const auto past = head.subspan(end - piece, piece);
    if (k > 1 && head.size() == piece) break;  // the same again
    cost += MeasureLayout(past, end, kSingleBytes).cost;
    bytes += static_cast<int64_t>(LookedAt(piece));
  }
  // Bits a byte by predictions: four fifths of the entropy of single bytes, or
  // three and a half where little may be text.
  int64_t most = entropy * 4 / 5 / std::ssize(head);
  if (text * 4 < std::ssize(head) * 3) most = std::max<int64_t>(most, 56);
  return cost <= bytes * most;
}

}  // namespace nncpp
