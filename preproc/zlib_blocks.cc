// preproc/zlib_blocks.cc -- contract: preproc/zlib_blocks.h
#include "preproc/zlib_blocks.h"

#include <algorithm>
#include <utility>

#include "src/base/check.h"

namespace nncpp {
namespace {

constexpr int kMostLengthBits = 7;

// A Huffman code, as zlib's build_tree makes it. Values are those below
// `values`; nodes above them are their sums.
class HuffmanTree {
 public:
  HuffmanTree(int values, int most) : values_(values), most_(most) {}

  void Count(int value) { ++node(value).count; }
  void Build();

  // Of the values that were counted, in a code of these lengths.
  int64_t BitsBy(std::span<const uint8_t> lengths) const;

  int last() const { return last_; }  // of the values that have a code

  // By value; the code has no more than `most` bits.
  std::span<const uint8_t> lengths() const { return lengths_; }

 private:
  static constexpr int kMostNodes = 2 * DeflateCodes::kLiterals;

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
  std::array<int, kMostNodes> heap_{};  // from 1 on
  int heap_length_ = 0;
  std::vector<int> order_;  // nodes as they left the heap
  std::vector<uint8_t> lengths_;
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
  for (int value = 0; value < values_; ++value) {
    lengths_.push_back(static_cast<uint8_t>(node(value).length));
  }
}

int64_t HuffmanTree::BitsBy(std::span<const uint8_t> lengths) const {
  int64_t bits = 0;
  for (int v = 0; v < values_; ++v) {
    bits += int64_t{nodes_[Index(v)].count} * lengths[Index(v)];
  }
  return bits;
}

void HuffmanTree::MakeLengths() {
  std::array<int, kMostCodeBits + 1> counts{};  // of values of each length
  int beyond = 0;                               // lengths that were cut
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

// Lengths of codes, as they are sent: a length, or how often one is repeated.
void AddLengths(const HuffmanTree& tree, std::vector<DeflateExtra>& out) {
  const auto lengths =
      tree.lengths().first(static_cast<size_t>(tree.last()) + 1);
  int previous = -1;
  for (size_t v = 0; v < lengths.size();) {
    const int length = lengths[v];
    const int most = length == 0 ? 138 : length == previous ? 6 : 7;
    const int least = length == 0 || length == previous ? 3 : 4;
    int run = 0;
    while (run < most && v < lengths.size() && lengths[v] == length) {
      ++run;
      ++v;
    }
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

// What says the codes of these trees.
BitString HeaderOf(const HuffmanTree& literals, const HuffmanTree& distances) {
  std::vector<DeflateExtra> lengths;
  AddLengths(literals, lengths);
  AddLengths(distances, lengths);
  HuffmanTree tree(kLengthCodes, kMostLengthBits);
  for (const DeflateExtra& s : lengths) tree.Count(s.code);
  tree.Build();
  int sent = kLengthCodes;
  while (sent > 4 && tree.lengths()[kLengthOrder[sent - 1]] == 0) --sent;
  BitString header;
  header.Add(static_cast<uint32_t>(literals.last() - 256), 5);
  header.Add(static_cast<uint32_t>(distances.last()), 5);
  header.Add(static_cast<uint32_t>(sent - 4), 4);
  for (int i = 0; i < sent; ++i) {
    header.Add(tree.lengths()[kLengthOrder[i]], 3);
  }
  const auto codes = *HuffmanCodes(tree.lengths());
  for (const DeflateExtra& s : lengths) {
    const auto code = static_cast<size_t>(s.code);
    header.Add(codes[code], tree.lengths()[code]);
    header.Add(s.bits, s.count);
  }
  return header;
}

}  // namespace

BlockCodes ZlibCodes(std::span<const DeflateToken> tokens, int64_t bytes,
                     bool dynamic) {
  HuffmanTree literals(DeflateCodes::kLiterals, kMostCodeBits);
  HuffmanTree distances(DeflateCodes::kDistances, kMostCodeBits);
  literals.Count(kEndOfBlock);
  int64_t extra = 0;  // bits after codes
  for (const DeflateToken& token : tokens) {
    if (token.distance == 0) {
      literals.Count(token.value);
      continue;
    }
    const DeflateExtra length = LengthCode(token);
    const DeflateExtra distance = DistanceCode(token);
    literals.Count(length.code);
    distances.Count(distance.code);
    extra += length.count + distance.count;
  }
  literals.Build();
  distances.Build();
  BlockCodes own = {DeflateKind::kDynamic, HeaderOf(literals, distances), {}};
  std::ranges::copy(literals.lengths(), own.codes.literals.begin());
  std::ranges::copy(distances.lengths(), own.codes.distances.begin());
  if (dynamic) return own;
  const auto bytes_by = [&](const DeflateCodes& codes, int64_t header) {
    const int64_t bits = extra + literals.BitsBy(codes.literals) +
                         distances.BitsBy(codes.distances) + header;
    return (bits + 3 + 7) >> 3;
  };
  const int64_t fixed = bytes_by(DeflateCodes::Fixed(), 0);
  const int64_t least = std::min(bytes_by(own.codes, own.header.size), fixed);
  if (bytes + 4 <= least) return {DeflateKind::kStored, {}, {}};
  if (fixed == least) return {DeflateKind::kFixed, {}, DeflateCodes::Fixed()};
  return own;
}

int64_t TokensOfBlock(int memory_level) {
  return (int64_t{1} << (memory_level + 6)) - 1;
}

bool DeflateWriter::Put(const BlockCodes& by,
                        std::span<const DeflateToken> tokens, bool last,
                        bool whole) {
  const auto literals = HuffmanCodes(by.codes.literals);
  const auto distances = HuffmanCodes(by.codes.distances);
  NNCPP_CHECK(by.kind != DeflateKind::kStored && literals && distances);
  Begin(by.kind, last);
  for (int64_t at = 0; at < by.header.size; at += 8) {
    PutBits(by.header.bytes[static_cast<size_t>(at / 8)],
            static_cast<int>(std::min<int64_t>(by.header.size - at, 8)));
  }
  const auto put = [this](std::span<const uint8_t> lengths,
                          std::span<const uint16_t> codes,
                          const DeflateExtra& e) {
    const auto code = static_cast<size_t>(e.code);
    if (code >= lengths.size() || lengths[code] == 0) return false;
    PutBits(codes[code], lengths[code]);
    PutBits(e.bits, e.count);
    return true;
  };
  for (const DeflateToken& token : tokens) {
    const bool has_code =
        token.distance == 0
            ? put(by.codes.literals, *literals, {token.value, 0, 0})
            : put(by.codes.literals, *literals, LengthCode(token)) &&
                  put(by.codes.distances, *distances, DistanceCode(token));
    if (!has_code) return false;
  }
  return !whole || put(by.codes.literals, *literals, {kEndOfBlock, 0, 0});
}

void DeflateWriter::PutStored(std::span<const uint8_t> bytes, bool last) {
  NNCPP_CHECK(bytes.size() <= 0xFFFF);
  Begin(DeflateKind::kStored, last);
  Fill();
  const auto size = static_cast<uint32_t>(bytes.size());
  PutBits(size, 16);
  PutBits(size ^ 0xFFFF, 16);
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

std::vector<uint8_t> DeflateWriter::Take(bool filled) {
  if (filled) Fill();
  return std::move(out_);
}

void DeflateWriter::Begin(DeflateKind kind, bool last) {
  PutBits((last ? 1u : 0u) | static_cast<uint32_t>(kind) << 1, 3);
}

void DeflateWriter::PutBits(uint32_t bits, int count) {
  bits_ |= uint64_t{bits & ((uint32_t{1} << count) - 1)} << bit_count_;
  bit_count_ += count;
  for (; bit_count_ >= 8; bit_count_ -= 8, bits_ >>= 8) {
    out_.push_back(static_cast<uint8_t>(bits_));
  }
}

}  // namespace nncpp
