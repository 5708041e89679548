// preproc/zlib_blocks.cc -- contract: preproc/zlib_blocks.h
#include "preproc/zlib_blocks.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace nncpp {
namespace {

constexpr int kLiterals = 286, kDistances = 30, kLengthCodes = 19;
constexpr int kEndOfBlock = 256;
constexpr int kMostBits = 15, kMostLengthBits = 7;
constexpr int kMostValues = 288;  // of a code: those of fixed literals
constexpr uint8_t kLengthOrder[kLengthCodes] = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

// The code of a value, how many bits follow it, and which.
struct Extra {
  int code;
  int count;
  uint32_t bits;
};

// `length` from 3 to 258, less 3.
Extra LengthCode(int length) {
  if (length == 255) return {285, 0, 0};
  if (length < 8) return {257 + length, 0, 0};
  const int count = static_cast<int>(std::bit_width(unsigned(length))) - 3;
  return {257 + 4 * count + (length >> count), count,
          static_cast<uint32_t>(length) & ((1u << count) - 1)};
}

// `distance` from 1 to 32768, less 1.
Extra DistanceCode(int distance) {
  if (distance < 4) return {distance, 0, 0};
  const int count = static_cast<int>(std::bit_width(unsigned(distance))) - 2;
  return {2 * count + (distance >> count), count,
          static_cast<uint32_t>(distance) & ((1u << count) - 1)};
}

}  // namespace

// A Huffman code, as zlib's build_tree makes it. Values are those below
// `values`; nodes above them are their sums.
class HuffmanTree {
 public:
  HuffmanTree(int values, int most) : values_(values), most_(most) {}

  void Count(int value) { ++node(value).count; }
  void Build();

  // Of the values that were counted, in a code of these lengths.
  int64_t BitsBy(const HuffmanTree& code) const;

  int last() const { return last_; }  // of the values that have a code
  int length(int value) const { return nodes_[Index(value)].length; }
  uint16_t code(int value) const { return codes_[Index(value)]; }

  // For a code whose lengths are given.
  void SetLength(int value, int length) { node(value).length = length; }
  void MakeCodes();

 private:
  static constexpr int kMostNodes = 2 * kMostValues;

  struct Node {
    uint32_t count = 0, weight = 0;
    int depth = 0, parent = 0, length = 0;
  };

  static size_t Index(int value) { return static_cast<size_t>(value); }
  Node& node(int value) { return nodes_[Index(value)]; }
  bool IsSmaller(int a, int b) const;
  void SinkFrom(int k);
  void MakeLengths();

  const int values_, most_;
  int last_ = -1;
  std::array<Node, kMostNodes> nodes_{};
  std::array<uint16_t, kMostValues> codes_{};
  std::array<int, kMostNodes> heap_{};  // from 1 on
  int heap_length_ = 0;
  std::vector<int> order_;  // nodes as they left the heap
};

bool HuffmanTree::IsSmaller(int a, int b) const {
  const Node &x = nodes_[Index(a)], &y = nodes_[Index(b)];
  return x.weight != y.weight ? x.weight < y.weight : x.depth <= y.depth;
}

void HuffmanTree::SinkFrom(int k) {
  const int sunk = heap_[Index(k)];
  for (int j = 2 * k; j <= heap_length_; j *= 2) {
    if (j < heap_length_ && IsSmaller(heap_[Index(j + 1)], heap_[Index(j)])) {
      ++j;
    }
    if (IsSmaller(sunk, heap_[Index(j)])) break;
    heap_[Index(k)] = heap_[Index(j)];
    k = j;
  }
  heap_[Index(k)] = sunk;
}

void HuffmanTree::Build() {
  for (int value = 0; value < values_; ++value) {
    node(value).weight = node(value).count;
    if (node(value).weight == 0) continue;
    heap_[Index(++heap_length_)] = last_ = value;
  }
  while (heap_length_ < 2) {  // a code has two values at least
    const int value = last_ < 2 ? ++last_ : 0;
    heap_[Index(++heap_length_)] = value;
    node(value).weight = 1;
  }
  for (int k = heap_length_ / 2; k >= 1; --k) SinkFrom(k);
  for (int sum = values_; heap_length_ >= 2; ++sum) {
    const int a = heap_[1];
    heap_[1] = heap_[Index(heap_length_--)];
    SinkFrom(1);
    const int b = heap_[1];
    order_.insert(order_.end(), {a, b});
    node(sum).weight = node(a).weight + node(b).weight;
    node(sum).depth = std::max(node(a).depth, node(b).depth) + 1;
    node(a).parent = node(b).parent = sum;
    heap_[1] = sum;
    SinkFrom(1);
  }
  order_.push_back(heap_[1]);
  MakeLengths();
  MakeCodes();
}

int64_t HuffmanTree::BitsBy(const HuffmanTree& code) const {
  int64_t bits = 0;
  for (int v = 0; v < values_; ++v) {
    bits += int64_t{nodes_[Index(v)].count} * code.length(v);
  }
  return bits;
}

void HuffmanTree::MakeLengths() {
  std::array<int, kMostBits + 1> counts{};  // of values of each length
  int beyond = 0;                           // lengths that were cut
  node(order_.back()).length = 0;
  for (size_t i = order_.size() - 1; i-- > 0;) {
    Node& n = node(order_[i]);
    n.length = node(n.parent).length + 1;
    if (n.length > most_) {
      n.length = most_;
      ++beyond;
    }
    if (order_[i] < values_) ++counts[Index(n.length)];
  }
  if (beyond == 0) return;
  for (; beyond > 0; beyond -= 2) {
    int length = most_ - 1;
    while (counts[Index(length)] == 0) --length;
    --counts[Index(length)];
    counts[Index(length) + 1] += 2;
    --counts[Index(most_)];
  }
  size_t next = 0;  // the rarest values have the longest codes
  for (int length = most_; length > 0; --length) {
    for (int left = counts[Index(length)]; left > 0;) {
      const int value = order_[next++];
      if (value >= values_) continue;
      node(value).length = length;
      --left;
    }
  }
}

// The bits of a code are sent from the first to the last.
void HuffmanTree::MakeCodes() {
  std::array<uint32_t, kMostBits + 1> counts{}, next{};
  for (int v = 0; v < values_; ++v) ++counts[Index(length(v))];
  counts[0] = 0;
  for (size_t bits = 1; bits <= kMostBits; ++bits) {
    next[bits] = (next[bits - 1] + counts[bits - 1]) << 1;
  }
  for (int v = 0; v < values_; ++v) {
    const int bits = length(v);
    if (bits == 0) continue;
    const uint32_t code = next[Index(bits)]++;
    uint32_t reversed = 0;
    for (int i = 0; i < bits; ++i) {
      reversed |= (code >> i & 1) << (bits - 1 - i);
    }
    codes_[Index(v)] = static_cast<uint16_t>(reversed);
  }
}

namespace {

HuffmanTree FixedLiterals() {
  HuffmanTree tree(kMostValues, kMostBits);
  for (int v = 0; v < kMostValues; ++v) {
    tree.SetLength(v, v < 144 ? 8 : v < 256 ? 9 : v < 280 ? 7 : 8);
  }
  tree.MakeCodes();
  return tree;
}

HuffmanTree FixedDistances() {
  HuffmanTree tree(kDistances, kMostBits);
  for (int v = 0; v < kDistances; ++v) tree.SetLength(v, 5);
  tree.MakeCodes();
  return tree;
}

// Lengths of codes, as they are sent: a length, or how often one is repeated.
struct LengthSymbol {
  int code;
  int count;
  uint32_t bits;
};
constexpr int kRepeat = 16, kFewZeros = 17, kManyZeros = 18;

void AddLengths(const HuffmanTree& tree, std::vector<LengthSymbol>& out) {
  int previous = -1;
  for (int v = 0; v <= tree.last();) {
    const int length = tree.length(v);
    const int most = length == 0 ? 138 : length == previous ? 6 : 7;
    const int least = length == 0 || length == previous ? 3 : 4;
    int run = 1;
    while (run < most && v + run <= tree.last() &&
           tree.length(v + run) == length) {
      ++run;
    }
    v += run;
    if (run < least) {
      out.insert(out.end(), static_cast<size_t>(run), {length, 0, 0});
    } else if (length != 0) {
      if (length != previous) {
        out.push_back({length, 0, 0});
        --run;
      }
      out.push_back({kRepeat, 2, static_cast<uint32_t>(run - 3)});
    } else if (run <= 10) {
      out.push_back({kFewZeros, 3, static_cast<uint32_t>(run - 3)});
    } else {
      out.push_back({kManyZeros, 7, static_cast<uint32_t>(run - 11)});
    }
    previous = length;
  }
}

}  // namespace

ZlibBlocks::ZlibBlocks(int memory_level, int64_t most,
                       std::span<const uint8_t> wanted)
    : room_((size_t{1} << (memory_level + 6)) - 1),
      most_(most),
      wanted_(wanted) {}

bool ZlibBlocks::Literal(uint8_t byte) {
  symbols_.push_back({0, byte});
  return symbols_.size() == room_;
}

bool ZlibBlocks::Copy(int64_t length, int64_t distance) {
  symbols_.push_back(
      {static_cast<uint16_t>(distance), static_cast<uint8_t>(length - 3)});
  return symbols_.size() == room_;
}

void ZlibBlocks::Put(uint32_t bits, int count) {
  bits_ |= uint64_t{bits} << bit_count_;
  bit_count_ += count;
  for (; bit_count_ >= 8; bit_count_ -= 8, bits_ >>= 8) {
    out_.push_back(static_cast<uint8_t>(bits_));
  }
}

void ZlibBlocks::End(int64_t at, bool last) {
  static const HuffmanTree fixed_literals = FixedLiterals();
  static const HuffmanTree fixed_distances = FixedDistances();
  HuffmanTree literals(kLiterals, kMostBits), distances(kDistances, kMostBits);
  literals.Count(kEndOfBlock);
  int64_t extra = 0;  // bits after codes
  for (const Symbol& s : symbols_) {
    if (s.distance == 0) {
      literals.Count(s.value);
      continue;
    }
    const Extra length = LengthCode(s.value);
    const Extra distance = DistanceCode(s.distance - 1);
    literals.Count(length.code);
    distances.Count(distance.code);
    extra += length.count + distance.count;
  }
  literals.Build();
  distances.Build();
  std::vector<LengthSymbol> lengths;
  AddLengths(literals, lengths);
  AddLengths(distances, lengths);
  HuffmanTree length_tree(kLengthCodes, kMostLengthBits);
  for (const LengthSymbol& s : lengths) length_tree.Count(s.code);
  length_tree.Build();
  int sent = kLengthCodes;
  while (sent > 4 && length_tree.length(kLengthOrder[sent - 1]) == 0) --sent;
  const int64_t fixed = extra + literals.BitsBy(fixed_literals) +
                        distances.BitsBy(fixed_distances);
  int64_t own = extra + literals.BitsBy(literals) +
                distances.BitsBy(distances) + length_tree.BitsBy(length_tree);
  for (const LengthSymbol& s : lengths) own += s.count;
  own += 3 * sent + 5 + 5 + 4;
  const int64_t fixed_bytes = (fixed + 3 + 7) >> 3;
  const int64_t least = std::min((own + 3 + 7) >> 3, fixed_bytes);
  if (at - begun_ + 4 <= least) {
    failed_ = true;  // it would be stored
    return;
  }
  const bool is_fixed = fixed_bytes == least;
  Put((last ? 1u : 0u) | (is_fixed ? 2u : 4u), 3);
  if (!is_fixed) {
    Put(static_cast<uint32_t>(literals.last() - 256), 5);
    Put(static_cast<uint32_t>(distances.last()), 5);
    Put(static_cast<uint32_t>(sent - 4), 4);
    for (int i = 0; i < sent; ++i) {
      Put(static_cast<uint32_t>(length_tree.length(kLengthOrder[i])), 3);
    }
    for (const LengthSymbol& s : lengths) {
      Put(length_tree.code(s.code), length_tree.length(s.code));
      Put(s.bits, s.count);
    }
  }
  PutSymbols(is_fixed ? fixed_literals : literals,
             is_fixed ? fixed_distances : distances);
  if (last) Put(0, (8 - bit_count_) % 8);
  symbols_.clear();
  begun_ = at;
  Check();
}

void ZlibBlocks::PutSymbols(const HuffmanTree& literals,
                            const HuffmanTree& distances) {
  const auto put = [this](const HuffmanTree& tree, const Extra& e) {
    Put(tree.code(e.code), tree.length(e.code));
    Put(e.bits, e.count);
  };
  for (const Symbol& s : symbols_) {
    if (s.distance == 0) {
      put(literals, {s.value, 0, 0});
    } else {
      put(literals, LengthCode(s.value));
      put(distances, DistanceCode(s.distance - 1));
    }
  }
  put(literals, {kEndOfBlock, 0, 0});
}

void ZlibBlocks::Check() {
  const size_t end = std::min(out_.size(), wanted_.size());
  failed_ = failed_ || std::ssize(out_) > most_ ||
            !std::equal(out_.begin() + static_cast<int64_t>(checked_),
                        out_.begin() + static_cast<int64_t>(end),
                        wanted_.begin() + static_cast<int64_t>(checked_));
  checked_ = end;
}

std::optional<std::vector<uint8_t>> ZlibBlocks::Finish(ZlibEnding ending,
                                                       int64_t size) {
  if (ending == ZlibEnding::kPartial) {
    if (!symbols_.empty()) End(size, /*last=*/false);
    Put(2, 3);  // an empty block
    Put(0, 7);
  }
  if (!failed_) End(size, /*last=*/true);
  if (failed_) return std::nullopt;
  return std::move(out_);
}

}  // namespace nncpp
