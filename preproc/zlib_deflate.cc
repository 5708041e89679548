// preproc/zlib_deflate.cc -- contract: preproc/zlib_deflate.h
#include "preproc/zlib_deflate.h"

#include <algorithm>

#include "preproc/zlib_blocks.h"
#include "src/base/check.h"

namespace nncpp {
namespace {

constexpr int64_t kShortest = 3, kLongest = 258;
constexpr int64_t kNone = 0;  // no place: what begins the data is not found
constexpr int64_t kTooFar = 4096;  // for a match of kShortest

// zlib's table of levels.
struct Effort {
  int64_t good;   // a match before so long: a quarter of the chain will do
  int64_t lazy;   // one longer than this is taken without another look
  int64_t nice;   // one so long ends the search
  int64_t chain;  // places looked at
};
constexpr Effort kEfforts[] = {{0, 0, 0, 0},         {4, 4, 8, 4},
                               {4, 5, 16, 8},        {4, 6, 32, 32},
                               {4, 4, 16, 16},       {8, 16, 32, 32},
                               {8, 16, 128, 128},    {8, 32, 128, 256},
                               {32, 128, 258, 1024}, {32, 258, 258, 4096}};
constexpr int kLastFast = 3;  // of the levels that do not look again

class Matcher {
 public:
  // Clears `head` again at its end.
  Matcher(std::span<const uint8_t> data, const ZlibSettings& settings,
          std::vector<int64_t>& head, std::vector<int64_t>& before,
          ZlibBlocks& blocks)
      : data_(data),
        effort_(kEfforts[settings.level]),
        farthest_((int64_t{1} << settings.window_bits) - kLongest - 4),
        shift_((settings.memory_level + 9) / 3),
        mask_((uint32_t{1} << (settings.memory_level + 7)) - 1),
        head_(head),
        before_(before),
        blocks_(blocks) {
    head_.resize(std::max(head_.size(), size_t{mask_} + 1));
    before_.resize(size_t{1} << settings.window_bits);
  }
  ~Matcher() {
    const int64_t end = std::min(at_, size() - kShortest + 1);
    for (at_ = 0; at_ < end; ++at_) head_[Hash()] = kNone;
  }
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  // Every position takes the longest match that there is.
  void RunFast() {
    while (Left() > 0 && !blocks_.failed()) {
      const int64_t found = Left() >= kShortest ? Insert() : kNone;
      Match match;
      if (found != kNone && at_ - found <= farthest_) match = Longest(found, 2);
      if (match.length < kShortest) {
        const bool full = blocks_.Literal(data_[static_cast<size_t>(at_++)]);
        if (full) blocks_.End(at_, /*last=*/false);
        continue;
      }
      const bool full = blocks_.Copy(match.length, at_ - match.place);
      const int64_t end = at_ + match.length;
      if (match.length <= effort_.lazy && size() - end >= kShortest) {
        for (++at_; at_ < end; ++at_) Insert();
      }
      at_ = end;
      if (full) blocks_.End(at_, /*last=*/false);
    }
  }

  // A match waits for one position: that may have a longer one.
  void RunLazy() {
    Match match;
    bool waits = false;  // the byte before, if it is no part of a match
    while (Left() > 0 && !blocks_.failed()) {
      const int64_t found = Left() >= kShortest ? Insert() : kNone;
      const Match previous = match;
      match = {};
      if (found != kNone && previous.length < effort_.lazy &&
          at_ - found <= farthest_) {
        match = Longest(found, previous.length);
        if (match.length == kShortest && at_ - match.place > kTooFar) {
          match.length = kShortest - 1;
        }
      }
      if (previous.length >= kShortest && match.length <= previous.length) {
        const bool full =
            blocks_.Copy(previous.length, at_ - 1 - previous.place);
        const int64_t end = at_ - 1 + previous.length;
        const int64_t last = size() - kShortest;
        for (++at_; at_ < end; ++at_) {
          if (at_ <= last) Insert();
        }
        if (full) blocks_.End(at_, /*last=*/false);
        waits = false;
        match = {};
        continue;
      }
      if (waits && blocks_.Literal(data_[static_cast<size_t>(at_ - 1)])) {
        blocks_.End(at_, /*last=*/false);
      }
      waits = true;
      ++at_;
    }
    if (waits) blocks_.Literal(data_[static_cast<size_t>(at_ - 1)]);
  }

 private:
  struct Match {
    int64_t length = kShortest - 1;
    int64_t place = 0;
  };

  int64_t size() const { return std::ssize(data_); }
  int64_t Left() const { return size() - at_; }

  // Of the three bytes at at_.
  size_t Hash() const {
    const uint8_t* p = data_.data() + at_;
    return ((uint32_t{p[0]} << 2 * shift_) ^ (uint32_t{p[1]} << shift_) ^
            p[2]) &
           mask_;
  }

  // Enters the three bytes at at_; returns where they, or others of the same
  // hash, were before.
  int64_t Insert() {
    const size_t hash = Hash();
    const int64_t found = head_[hash];
    before_[static_cast<size_t>(at_) & (before_.size() - 1)] = found;
    head_[hash] = at_;
    return found;
  }

  // The longest match of more than `least` bytes, from `place` on backwards;
  // of those of a length the nearest.
  Match Longest(int64_t place, int64_t least) const {
    const int64_t limit = at_ > farthest_ ? at_ - farthest_ : kNone;
    const int64_t nice = std::min(effort_.nice, Left());
    const int64_t most = std::min(kLongest, Left());
    const uint8_t* const here = data_.data() + at_;
    int64_t chain = least >= effort_.good ? effort_.chain / 4 : effort_.chain;
    Match best = {least, 0};
    do {
      const uint8_t* const there = data_.data() + place;
      if (best.length < most && there[best.length] == here[best.length]) {
        int64_t length = 0;
        while (length < most && there[length] == here[length]) ++length;
        if (length > best.length) {
          best = {length, place};
          if (length >= nice) break;
        }
      }
      place = before_[static_cast<size_t>(place) & (before_.size() - 1)];
    } while (place > limit && --chain != 0);
    best.length = std::min(best.length, Left());
    return best;
  }

  const std::span<const uint8_t> data_;
  const Effort effort_;
  const int64_t farthest_;  // distance of a match
  const int shift_;
  const uint32_t mask_;
  std::vector<int64_t>& head_;
  std::vector<int64_t>& before_;
  ZlibBlocks& blocks_;
  int64_t at_ = 0;
};

}  // namespace

bool ZlibSettings::AreSound() const {
  return level >= 1 && level <= 9 && memory_level >= 1 && memory_level <= 9 &&
         window_bits >= 9 && window_bits <= 15 && ending <= kLastZlibEnding;
}

std::optional<std::vector<uint8_t>> ZlibDeflater::Run(
    std::span<const uint8_t> data, const ZlibSettings& settings, int64_t most,
    std::span<const uint8_t> wanted) {
  NNCPP_CHECK(settings.AreSound());
  ZlibBlocks blocks(settings.memory_level, most, wanted);
  Matcher matcher(data, settings, head_, before_, blocks);
  settings.level <= kLastFast ? matcher.RunFast() : matcher.RunLazy();
  return blocks.Finish(settings.ending, std::ssize(data));
}

}  // namespace nncpp
