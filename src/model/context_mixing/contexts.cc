// src/model/context_mixing/contexts.cc -- contract:
// src/model/context_mixing/contexts.h
#include "src/model/context_mixing/contexts.h"

#include <algorithm>

#include "src/base/check.h"

namespace nncpp {
namespace {

constexpr int64_t kFastContexts = 8;
constexpr int64_t kStrongContexts = 48;

// Hands out hashes in order; each is salted with its number.
class Hashes {
 public:
  explicit Hashes(std::span<uint64_t> out) : out_(out) {}
  void Add(uint64_t context) {
    const uint64_t salt = (next_ + 1) * 0x632BE59BD9B4E019u;
    out_[next_++] = MixHash(MixHash(context + salt));
  }
  bool full() const { return next_ == out_.size(); }

 private:
  std::span<uint64_t> out_;
  size_t next_ = 0;
};

// Orders 0 to `last`, and words.
void AddFirst(const StreamContext& s, int last, Hashes& hashes) {
  for (int order = 0; order <= last; ++order) hashes.Add(s.order[order]);
  const uint64_t word = MixHash(s.word + s.Back(1));
  hashes.Add(word);
  hashes.Add(word + s.words[0]);
}

void AddWords(const StreamContext& s, Hashes& hashes) {
  const uint64_t here = MixHash(s.word + s.Back(1));
  const uint64_t word = MixHash(s.word);
  const uint64_t* w = s.words;
  hashes.Add(MixHash(here + w[0]) + w[1]);
  hashes.Add(here + MixHash(w[2]));
  hashes.Add(word + w[1]);
  hashes.Add(MixHash(w[0] + 5 * w[1]) + 11 * s.word + w[2]);
  hashes.Add(MixHash(w[0]) + 3 * MixHash(w[1]) + s.order[1]);
  hashes.Add(MixHash(s.order[1]) + w[0] + 8 * w[1]);
  hashes.Add(MixHash(s.order[2]) + w[0]);
  hashes.Add(MixHash(s.order[3]) + MixHash(w[0]));
  hashes.Add(word + s.long_word);
  hashes.Add(word + 3 * s.capital + w[0]);
  hashes.Add(4 * s.prefix + 1 + (s.word << 5));
  hashes.Add(word + (uint64_t{s.Back(1)} << 32) + (s.classes & 0xffffff));
  hashes.Add(s.classes & 0xffffffffff);
}

// Contexts that leave symbols out, and what came after the last byte before.
void AddSparse(const StreamContext& s, Hashes& hashes) {
  const auto back = [&](int k) { return uint64_t{s.Back(k)}; };
  hashes.Add(back(2) << 16 | back(3) << 32);
  hashes.Add(back(1) << 16 | back(3) << 32);
  hashes.Add(back(2) << 16 | back(3) << 32 | back(4) << 48);
  hashes.Add(back(1) << 16 | back(4) << 32);
  hashes.Add(back(2) | back(4) << 16 | back(6) << 32);
  const uint64_t followed = s.followed[back(1) % 256];
  hashes.Add(followed & 0xffff);
  hashes.Add((followed & 0xffffff) << 16 | back(1));
  hashes.Add(MixHash(s.order[2] + (followed & 0xffff)));
}

// Contexts of the place in the line and in brackets, and of what stands above.
void AddPlaces(const StreamContext& s, const SymbolRing& ring, Hashes& hashes) {
  const uint64_t column = s.position - s.line;
  const uint64_t above_at = s.line_before + column;
  const uint64_t above = above_at < s.line ? ring[above_at] : '\n';
  const uint64_t here = MixHash(s.word + s.Back(1));
  const uint64_t inside = MixHash(s.brackets & 0xffff);
  hashes.Add(std::min<uint64_t>(column, 255) << 16 | above);
  hashes.Add(above << 16 | s.Back(1));
  hashes.Add(here + above);
  hashes.Add(MixHash(s.line_start + (s.word << 16)) + s.Back(1));
  hashes.Add(inside + s.order[2]);
  hashes.Add(inside + here);
  hashes.Add(MixHash(s.linked) + s.word + s.Back(1));
}

// Contexts of the symbols one record before.
void AddRecords(const StreamContext& s, const SymbolRing& ring,
                Hashes& hashes) {
  const auto above = [&](uint64_t distance) {
    return uint64_t{ring[s.position - distance]};
  };
  const uint64_t length = std::max<uint64_t>(s.records.length[0], 1);
  const uint64_t other = std::max<uint64_t>(s.records.length[1], 1);
  const uint64_t one = above(length), two = above(other);
  hashes.Add(one << 16 | s.Back(1));
  hashes.Add(one << 16 | two << 32);
  hashes.Add(one << 16 | two << 32 | s.Back(1));
  hashes.Add(MixHash(one << 16 | above(length - 1)) + s.Back(1));
  hashes.Add(two << 16 | s.Back(1) | uint64_t{s.Back(2)} << 32);
  hashes.Add(s.position % length << 16 | one);
}

}  // namespace

int64_t ContextsOf(int64_t mixing) {
  return mixing == 1 ? kFastContexts : kStrongContexts;
}

void HashContexts(int64_t mixing, const StreamContext& stream,
                  const SymbolRing& ring, int32_t predicted,
                  std::span<uint64_t> hashes) {
  Hashes out(hashes);
  AddFirst(stream, mixing == 1 ? 5 : 6, out);
  if (mixing > 1) {
    for (const int order : {7, 8, 10}) out.Add(stream.order[order]);
    AddWords(stream, out);
    AddSparse(stream, out);
    AddPlaces(stream, ring, out);
    AddRecords(stream, ring, out);
    const auto symbol = static_cast<uint64_t>(predicted + 1);
    out.Add(symbol << 16 |
            static_cast<uint64_t>(MatchModel::LengthClass(stream.match[0])));
    out.Add(symbol << 16 | uint64_t{stream.Back(1)} << 32);
  }
  NNCPP_CHECK(out.full());
}

}  // namespace nncpp
