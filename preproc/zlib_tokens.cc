// preproc/zlib_tokens.cc -- contract: preproc/zlib_tokens.h
#include "preproc/zlib_tokens.h"

#include <algorithm>
#include <cstring>

#include "src/base/check.h"

namespace nncpp {
namespace {

constexpr int64_t kNone = 0;  // no place: what begins the data is not found
constexpr int64_t kTooFar = 4096;  // for a match of kShortestCopy

// How many of the first bytes are the same, `most` at most.
constexpr int64_t kBytesAtOnce = 8;
int64_t CommonBytes(const uint8_t* a, const uint8_t* b, int64_t most) {
  int64_t count = 0;
  while (count + kBytesAtOnce <= most &&
         std::memcmp(a + count, b + count, kBytesAtOnce) == 0) {
    count += kBytesAtOnce;
  }
  while (count < most && a[count] == b[count]) ++count;
  return count;
}

}  // namespace

bool ZlibSettings::AreSound() const {
  return level >= 1 && level <= 9 && memory_level >= 1 && memory_level <= 9 &&
         window_bits >= 9 && window_bits <= 15 && shortest >= 3 &&
         shortest <= 6;
}

const ZlibTokens::Effort& ZlibTokens::EffortOf(int level) {
  static constexpr Effort kEfforts[] = {
      {4, 4, 8, 4},      {4, 5, 16, 8},        {4, 6, 32, 32},
      {4, 4, 16, 16},    {8, 16, 32, 32},      {8, 16, 128, 128},
      {8, 32, 128, 256}, {32, 128, 258, 1024}, {32, 258, 258, 4096}};
  return kEfforts[level - 1];
}

ZlibTokens::ZlibTokens(std::span<const uint8_t> data,
                       const ZlibSettings& settings, ZlibTables& tables)
    : data_(data),
      effort_(EffortOf(settings.level)),
      lazy_(settings.IsLazy()),
      shortest_(settings.shortest),
      farthest_((int64_t{1} << settings.window_bits) - kLongestCopy - 4),
      shift_((settings.memory_level + 9) / 3),
      mask_((uint32_t{1} << (settings.memory_level + 7)) - 1),
      tables_(tables) {
  NNCPP_CHECK(settings.AreSound());
  tables_.head.resize(std::max(tables_.head.size(), size_t{mask_} + 1));
  tables_.before.resize(size_t{1} << settings.window_bits);
}

ZlibTokens::~ZlibTokens() {
  const int64_t end = std::min(entered_, std::ssize(data_) - kShortestCopy + 1);
  for (int64_t at = 0; at < end; ++at) tables_.head[HashAt(at)] = kNone;
}

DeflateToken ZlibTokens::Next() {
  if (!is_known_) match_ = Search(at_, kShortestCopy - 1);
  is_known_ = true;
  later_ = {};
  if (match_.length >= kShortestCopy) {
    if (lazy_ && match_.length < effort_.lazy) {
      later_ = Search(at_ + 1, match_.length);
    }
    if (later_.length <= match_.length) {
      return {static_cast<uint16_t>(at_ - match_.place),
              static_cast<uint8_t>(match_.length - kShortestCopy)};
    }
  }
  return {0, data_[static_cast<size_t>(at_)]};
}

void ZlibTokens::Take(const DeflateToken& token, bool is_next) {
  const int64_t end = at_ + token.length();
  NNCPP_CHECK(end <= std::ssize(data_));
  // Levels that do not look again leave long copies out, and the last bytes.
  const bool enters = lazy_ || (token.length() <= effort_.lazy &&
                                end <= std::ssize(data_) - kShortestCopy);
  if (entered_ == at_) Enter(entered_++);
  for (; enters && entered_ < end; ++entered_) Enter(entered_);
  entered_ = std::max(entered_, end);
  at_ = end;
  is_known_ = is_next && token.distance == 0 && later_.length >= kShortestCopy;
  match_ = later_;
}

void ZlibTokens::Skip(int64_t bytes) {
  NNCPP_CHECK(bytes <= left());
  at_ += bytes;
  for (; entered_ < at_; ++entered_) Enter(entered_);
  is_known_ = false;
}

size_t ZlibTokens::HashAt(int64_t at) const {
  const uint8_t* p = data_.data() + at;
  return ((uint32_t{p[0]} << 2 * shift_) ^ (uint32_t{p[1]} << shift_) ^ p[2]) &
         mask_;
}

// Enters the three bytes at `at`, if there are three; returns where they, or
// others of the same hash, were before.
int64_t ZlibTokens::Enter(int64_t at) {
  if (at > std::ssize(data_) - kShortestCopy) return kNone;
  const size_t hash = HashAt(at);
  const int64_t found = tables_.head[hash];
  tables_.before[static_cast<size_t>(at) & (tables_.before.size() - 1)] = found;
  tables_.head[hash] = at;
  return found;
}

// The match at a place that is at_ or the next; longer than `least`, or as long
// and of no use.
ZlibTokens::Match ZlibTokens::Search(int64_t at, int64_t least) {
  if (at > std::ssize(data_) - kShortestCopy) return {};
  for (; entered_ <= at; ++entered_) Enter(entered_);
  const int64_t found =
      tables_.before[static_cast<size_t>(at) & (tables_.before.size() - 1)];
  if (found == kNone || at - found > farthest_) return {};
  Match match = Longest(at, found, least);
  if (match.length < shortest_ ||
      (lazy_ && match.length == kShortestCopy && at - match.place > kTooFar)) {
    match.length = kShortestCopy - 1;
  }
  return match;
}

// The longest match of more than `least` bytes, from `place` on backwards; of
// those of a length the nearest.
ZlibTokens::Match ZlibTokens::Longest(int64_t at, int64_t place,
                                      int64_t least) {
  const int64_t limit = at > farthest_ ? at - farthest_ : kNone;
  const int64_t rest = std::ssize(data_) - at;
  const int64_t nice = std::min(effort_.nice, rest);
  const int64_t most = std::min(kLongestCopy, rest);
  const uint8_t* const here = data_.data() + at;
  int64_t chain = least >= effort_.good ? effort_.chain / 4 : effort_.chain;
  Match best = {least, 0};
  do {
    const uint8_t* const there = data_.data() + place;
    if (best.length < most && there[best.length] == here[best.length]) {
      const int64_t length = CommonBytes(there, here, most);
      work_ += length / kBytesAtOnce;
      if (length > best.length) {
        best = {length, place};
        if (length >= nice) break;
      }
    }
    place =
        tables_
            .before[static_cast<size_t>(place) & (tables_.before.size() - 1)];
  } while (place > limit && --chain != 0);
  best.length = std::min(best.length, rest);
  return best;
}

}  // namespace nncpp
