// preproc/deflate_tokens.cc -- contract: preproc/deflate_tokens.h
#include "preproc/deflate_tokens.h"

#include <algorithm>
#include <bit>

namespace nncpp {
namespace {

// Bits of bytes, and zeros behind these.
class BitReader {
 public:
  explicit BitReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  int64_t at() const { return at_; }  // bits that were read
  bool IsBeyond() const { return at_ > 8 * std::ssize(bytes_); }

  // The next `count` bits, 0 to 16, the first lowest.
  uint32_t Peek(int count) const {
    uint32_t bits = 0;
    const int64_t byte = at_ / 8;
    for (int i = 0; i < 3; ++i) {
      if (byte + i >= std::ssize(bytes_)) break;
      bits |= uint32_t{bytes_[static_cast<size_t>(byte + i)]} << 8 * i;
    }
    return bits >> at_ % 8 & ((1u << count) - 1);
  }
  void Skip(int count) { at_ += count; }
  void SetAt(int64_t at) { at_ = at; }
  uint32_t Read(int count) {
    const uint32_t bits = Peek(count);
    Skip(count);
    return bits;
  }

 private:
  const std::span<const uint8_t> bytes_;
  int64_t at_ = 0;
};

// Values by the bits of their codes.
class Decoder {
 public:
  // False: these lengths are no code.
  bool Set(std::span<const uint8_t> lengths);

  // -1: these bits are no code.
  int Read(BitReader& in) const {
    const Entry entry = entries_[in.Peek(bits_)];
    in.Skip(entry.bits);
    return entry.bits == 0 ? -1 : entry.value;
  }

 private:
  struct Entry {
    uint16_t value = 0;
    uint8_t bits = 0;
  };

  int bits_ = 0;  // of the longest
  std::vector<Entry> entries_;
};

bool Decoder::Set(std::span<const uint8_t> lengths) {
  const auto codes = HuffmanCodes(lengths);
  if (!codes) return false;
  bits_ = *std::max_element(lengths.begin(), lengths.end());
  entries_.assign(size_t{1} << bits_, {});
  for (size_t value = 0; value < lengths.size(); ++value) {
    const uint8_t length = lengths[value];
    if (length == 0) continue;
    const size_t step = size_t{1} << length;
    for (size_t i = (*codes)[value]; i < entries_.size(); i += step) {
      entries_[i] = {static_cast<uint16_t>(value), length};
    }
  }
  return true;
}

std::optional<DeflateCodes> ReadCodes(BitReader& in) {
  const auto literals = static_cast<int>(in.Read(5)) + 257;
  const auto distances = static_cast<int>(in.Read(5)) + 1;
  const auto sent = static_cast<int>(in.Read(4)) + 4;
  if (literals > DeflateCodes::kLiterals ||
      distances > DeflateCodes::kDistances) {
    return std::nullopt;
  }
  std::array<uint8_t, kLengthCodes> of_lengths{};
  for (int i = 0; i < sent; ++i) {
    of_lengths[kLengthOrder[i]] = static_cast<uint8_t>(in.Read(3));
  }
  Decoder decoder;
  if (!decoder.Set(of_lengths)) return std::nullopt;
  std::vector<uint8_t> lengths;
  while (std::ssize(lengths) < literals + distances && !in.IsBeyond()) {
    const int code = decoder.Read(in);
    if (code < 0 || (code == kRepeat && lengths.empty())) return std::nullopt;
    if (code < kRepeat) {
      lengths.push_back(static_cast<uint8_t>(code));
      continue;
    }
    const uint32_t count = code == kRepeat     ? 3 + in.Read(2)
                           : code == kFewZeros ? 3 + in.Read(3)
                                               : 11 + in.Read(7);
    lengths.insert(lengths.end(), count, code == kRepeat ? lengths.back() : 0);
  }
  if (std::ssize(lengths) != literals + distances || in.IsBeyond()) {
    return std::nullopt;
  }
  DeflateCodes codes;
  const auto end = lengths.begin() + literals;
  std::copy(lengths.begin(), end, codes.literals.begin());
  std::copy(end, lengths.end(), codes.distances.begin());
  return codes;
}

// Bits `begin` to `end`.
BitString Cut(std::span<const uint8_t> bytes, int64_t begin, int64_t end) {
  BitReader in(bytes.subspan(static_cast<size_t>(begin / 8)));
  in.Skip(static_cast<int>(begin % 8));
  BitString cut;
  for (cut.size = end - begin; 8 * std::ssize(cut.bytes) < cut.size;) {
    const int64_t left = cut.size - 8 * std::ssize(cut.bytes);
    const auto count = static_cast<int>(std::min<int64_t>(left, 8));
    cut.bytes.push_back(static_cast<uint8_t>(in.Read(count)));
  }
  return cut;
}

// Reads blocks as long as there are some.
class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, int64_t most)
      : bytes_(bytes), most_(most), in_(bytes) {}

  DeflatedData Run(int64_t& work);

 private:
  // Of a block behind its kind. False: its end is not there.
  bool ReadBlock(DeflateBlock& block);
  bool ReadStored(DeflateBlock& block);
  bool ReadTokens(const DeflateCodes& codes);
  // Null: there is none, or no room for it.
  std::optional<DeflateToken> ReadCopy(int length_code);
  bool IsRoomFor(int64_t bytes) const {
    return std::ssize(out_.data) + bytes <= most_;
  }

  const std::span<const uint8_t> bytes_;
  const int64_t most_;
  BitReader in_;
  DeflatedData out_;
  Decoder literals_, distances_;
};

DeflatedData Reader::Run(int64_t& work) {
  constexpr int64_t kBlockWork = 256;  // a block costs as much as some bytes
  for (bool more = true; more;) {
    const size_t data = out_.data.size(), tokens = out_.tokens.size();
    DeflateBlock block;
    block.last = in_.Read(1) == 1;
    block.kind = static_cast<DeflateKind>(in_.Read(2));
    block.whole = ReadBlock(block);
    const bool padded = in_.Peek(static_cast<int>(-in_.at() & 7)) == 0;
    const bool kept = !in_.IsBeyond() &&
                      (block.whole ? !block.last || padded : block.count > 0);
    work += kBlockWork;
    if (!kept || !block.whole || block.last) {
      work += in_.at() / 8 + std::ssize(out_.data);
    }
    if (!kept) {
      out_.data.resize(data);
      out_.tokens.resize(tokens);
      break;
    }
    out_.bits = in_.at();
    out_.ended = block.whole && block.last;
    more = block.whole && !block.last;
    out_.blocks.push_back(std::move(block));
  }
  return std::move(out_);
}

bool Reader::ReadBlock(DeflateBlock& block) {
  if (block.kind == DeflateKind::kStored) return ReadStored(block);
  const size_t before = out_.tokens.size();
  bool whole = false;
  if (block.kind == DeflateKind::kFixed) {
    whole = ReadTokens(DeflateCodes::Fixed());
  } else if (block.kind == DeflateKind::kDynamic) {
    const int64_t begin = in_.at();
    const auto codes = ReadCodes(in_);
    if (!codes) return false;
    block.header = Cut(bytes_, begin, in_.at());
    whole = ReadTokens(*codes);
  }
  block.count = static_cast<int64_t>(out_.tokens.size() - before);
  return whole;
}

bool Reader::ReadStored(DeflateBlock& block) {
  if (in_.Read(static_cast<int>(-in_.at() & 7)) != 0) return false;
  const auto size = static_cast<int64_t>(in_.Read(16));
  const uint32_t inverse = in_.Read(16);
  const int64_t begin = in_.at() / 8;
  if ((static_cast<uint32_t>(size) ^ inverse) != 0xFFFF || !IsRoomFor(size) ||
      size > std::ssize(bytes_) - begin) {
    return false;
  }
  const auto stored =
      bytes_.subspan(static_cast<size_t>(begin), static_cast<size_t>(size));
  out_.data.insert(out_.data.end(), stored.begin(), stored.end());
  in_.SetAt(8 * (begin + size));
  block.count = size;
  return true;
}

bool Reader::ReadTokens(const DeflateCodes& codes) {
  if (!literals_.Set(codes.literals) || !distances_.Set(codes.distances)) {
    return false;
  }
  for (;;) {
    const int64_t begin = in_.at();
    const int code = literals_.Read(in_);
    if (code == kEndOfBlock && !in_.IsBeyond()) return true;
    std::optional<DeflateToken> token;
    if (code > kEndOfBlock) {
      token = ReadCopy(code);
    } else if (code >= 0 && code < kEndOfBlock && IsRoomFor(1)) {
      token = {0, static_cast<uint8_t>(code)};
    }
    if (!token || in_.IsBeyond()) {
      in_.SetAt(begin);
      return false;
    }
    out_.tokens.push_back(*token);
    if (token->distance == 0) {
      out_.data.push_back(token->value);
      continue;
    }
    for (int64_t left = token->length(); left > 0; --left) {
      out_.data.push_back(out_.data[out_.data.size() - token->distance]);
    }
  }
}

std::optional<DeflateToken> Reader::ReadCopy(int length_code) {
  constexpr int kLengths = 29;
  const int code = length_code - kEndOfBlock - 1;
  if (code >= kLengths) return std::nullopt;
  int64_t length = code;  // less kShortestCopy
  if (code == kLengths - 1) {
    length = kLongestCopy - kShortestCopy;
  } else if (code >= 8) {
    const int extra = code / 4 - 1;
    length = ((4 + code % 4) << extra) + int64_t{in_.Read(extra)};
    // Nobody says the longest copy so; it would not be written again.
    if (length == kLongestCopy - kShortestCopy) return std::nullopt;
  }
  const int distance_code = distances_.Read(in_);
  if (distance_code < 0) return std::nullopt;
  int64_t distance = distance_code + 1;
  if (distance_code >= 4) {
    const int extra = distance_code / 2 - 1;
    distance =
        ((2 + distance_code % 2) << extra) + int64_t{in_.Read(extra)} + 1;
  }
  if (distance > std::ssize(out_.data) || !IsRoomFor(length + kShortestCopy)) {
    return std::nullopt;
  }
  return DeflateToken{static_cast<uint16_t>(distance),
                      static_cast<uint8_t>(length)};
}

}  // namespace

void BitString::Add(uint32_t bits, int count) {
  for (int i = 0; i < count; ++i, ++size) {
    if (size % 8 == 0) bytes.push_back(0);
    bytes.back() |= static_cast<uint8_t>((bits >> i & 1) << size % 8);
  }
}

const DeflateCodes& DeflateCodes::Fixed() {
  static const DeflateCodes fixed = [] {
    DeflateCodes codes;
    for (size_t v = 0; v < kMostLiterals; ++v) {
      codes.literals[v] = v < 144 ? 8 : v < 256 ? 9 : v < 280 ? 7 : 8;
    }
    codes.distances.fill(5);
    return codes;
  }();
  return fixed;
}

std::optional<DeflateCodes> DeflateCodes::Read(const BitString& header) {
  BitReader in(header.bytes);
  const auto codes = ReadCodes(in);
  const bool sound = codes && in.at() == header.size &&
                     HuffmanCodes(codes->literals) &&
                     HuffmanCodes(codes->distances);
  return sound ? codes : std::nullopt;
}

std::optional<std::vector<uint16_t>> HuffmanCodes(
    std::span<const uint8_t> lengths) {
  std::array<uint32_t, kMostCodeBits + 2> next{}, counts{};
  for (const uint8_t length : lengths) ++counts[length];
  for (size_t bits = 1; bits <= kMostCodeBits; ++bits) {
    const uint32_t end = next[bits] + counts[bits];
    if (end > 1u << bits) return std::nullopt;
    next[bits + 1] = end << 1;
  }
  std::vector<uint16_t> codes;
  for (const uint8_t length : lengths) {
    uint32_t reversed = 0;
    if (length > 0) {
      const uint32_t code = next[length]++;
      for (int i = 0; i < length; ++i) {
        reversed |= (code >> i & 1) << (length - 1 - i);
      }
    }
    codes.push_back(static_cast<uint16_t>(reversed));
  }
  return codes;
}

DeflateExtra LengthCode(const DeflateToken& copy) {
  const int length = copy.value;
  if (length == kLongestCopy - kShortestCopy) return {285, 0, 0};
  if (length < 8) return {257 + length, 0, 0};
  const int count = static_cast<int>(std::bit_width(unsigned(length))) - 3;
  return {257 + 4 * count + (length >> count), count,
          static_cast<uint32_t>(length) & ((1u << count) - 1)};
}

DeflateExtra DistanceCode(const DeflateToken& copy) {
  const int distance = copy.distance - 1;
  if (distance < 4) return {distance, 0, 0};
  const int count = static_cast<int>(std::bit_width(unsigned(distance))) - 2;
  return {2 * count + (distance >> count), count,
          static_cast<uint32_t>(distance) & ((1u << count) - 1)};
}

DeflatedData ReadDeflated(std::span<const uint8_t> bytes, int64_t most,
                          int64_t& work) {
  return Reader(bytes, most).Run(work);
}

}  // namespace nncpp
