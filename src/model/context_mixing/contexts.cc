// src/model/context_mixing/contexts.cc -- contract:
// src/model/context_mixing/contexts.h
#include "src/model/context_mixing/contexts.h"

#include <algorithm>

#include "src/base/check.h"

namespace nncpp {
namespace {

constexpr int64_t kFastContexts = 9;
constexpr int64_t kStrongContexts = 24;

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

void AddFast(const StreamContext& s, Hashes& hashes) {
  for (int order = 0; order <= 6; ++order) hashes.Add(s.order[order]);
  const uint64_t word = MixHash(s.word + s.Back(1));
  hashes.Add(word);
  hashes.Add(word + s.words[0]);
}

void AddWords(const StreamContext& s, Hashes& hashes) {
  const uint64_t word = MixHash(s.word + s.Back(1));
  hashes.Add(MixHash(word + s.words[0]) + s.words[1]);
  hashes.Add(MixHash(s.word) + s.words[1]);
  hashes.Add(MixHash(s.order[2]) + s.words[0]);
  hashes.Add(MixHash(s.word) + (uint64_t{s.Back(1)} << 32) +
             (s.classes & 0xffffff));
  hashes.Add(s.classes & 0xffffffffff);
}

// Contexts that leave symbols out.
void AddSparse(const StreamContext& s, Hashes& hashes) {
  const auto back = [&](int k) { return uint64_t{s.Back(k)}; };
  hashes.Add(back(2) << 16 | back(3) << 32);
  hashes.Add(back(1) << 16 | back(3) << 32);
  hashes.Add(back(2) << 16 | back(3) << 32 | back(4) << 48);
  hashes.Add(back(1) << 16 | back(4) << 32);
}

// Contexts of the place in the line, and of what stands above it.
void AddLines(const StreamContext& s, const SymbolRing& ring, Hashes& hashes) {
  const uint64_t column = s.position - s.line;
  const uint64_t above_at = s.line_before + column;
  const uint64_t above = above_at < s.line ? ring[above_at] : '\n';
  const uint64_t word = MixHash(s.word + s.Back(1));
  hashes.Add(std::min<uint64_t>(column, 255) << 16 | above);
  hashes.Add(above << 16 | s.Back(1));
  hashes.Add(word + above);
}

}  // namespace

int64_t ContextsOf(int64_t mixing) {
  return mixing == 1 ? kFastContexts : kStrongContexts;
}

void HashContexts(int64_t mixing, const StreamContext& stream,
                  const SymbolRing& ring, int32_t predicted,
                  std::span<uint64_t> hashes) {
  Hashes out(hashes);
  AddFast(stream, out);
  if (mixing > 1) {
    out.Add(stream.order[8]);
    AddWords(stream, out);
    AddSparse(stream, out);
    AddLines(stream, ring, out);
    const auto symbol = static_cast<uint64_t>(predicted + 1);
    out.Add(symbol << 16 |
            static_cast<uint64_t>(MatchModel::LengthClass(stream.match[0])));
    out.Add(symbol << 16 | uint64_t{stream.Back(1)} << 32);
  }
  NNCPP_CHECK(out.full());
}

}  // namespace nncpp
