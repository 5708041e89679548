// preproc/dictionary_coding.cc -- contract: preproc/dictionary_coding.h
#include "preproc/dictionary_coding.h"

#include <algorithm>
#include <array>
#include <string>

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/coder/range_coder.h"

namespace nncpp {
namespace {

constexpr int kContexts = 5;
constexpr size_t kTableSize = size_t{1} << 18;
constexpr uint16_t kCountLimit = 250;

// What a bit depends on, from the least telling to the most.
using Contexts = std::array<uint32_t, kContexts>;

uint32_t Hash(uint32_t a, uint32_t b) {
  const uint32_t x = (a * 0x9E3779B1u + b + 1) * 0x85EBCA6Bu;
  return x ^ x >> 15;
}

// One class for both directions: where there is an encoder, Code writes the
// bit it is given, otherwise it reads one.
class BitCoder {
 public:
  explicit BitCoder(RangeEncoder& encoder) : encoder_(&encoder) {}
  explicit BitCoder(RangeDecoder& decoder) : decoder_(&decoder) {}

  // Counts of the contexts are added up, each weighing kWeight times the one
  // before it.
  int Code(int bit, const Contexts& contexts) {
    uint64_t zeros = 1;
    uint64_t ones = 1;
    uint64_t weight = 1;
    for (const uint32_t context : contexts) {
      const Counts& counts = table_[context % kTableSize];
      zeros += counts.of[0] * weight;
      ones += counts.of[1] * weight;
      weight *= kWeight;
    }
    bit = Transfer(bit, zeros, zeros + ones);
    for (const uint32_t context : contexts) {
      Learn(table_[context % kTableSize], bit);
    }
    return bit;
  }

 private:
  static constexpr uint64_t kWeight = 2;

  struct Counts {
    std::array<uint16_t, 2> of = {0, 0};
  };

  int Transfer(int bit, uint64_t zeros, uint64_t total) {
    if (decoder_ != nullptr) bit = decoder_->Target(total) < zeros ? 0 : 1;
    const uint64_t begin = bit == 0 ? 0 : zeros;
    const uint64_t width = bit == 0 ? zeros : total - zeros;
    if (encoder_ != nullptr) encoder_->Encode(begin, width, total);
    if (decoder_ != nullptr) decoder_->Consume(begin, width, total);
    return bit;
  }

  // What happened counts twice, and the other event fades.
  static void Learn(Counts& counts, int bit) {
    uint16_t& seen = counts.of[static_cast<size_t>(bit)];
    uint16_t& other = counts.of[static_cast<size_t>(1 - bit)];
    seen = std::min<uint16_t>(static_cast<uint16_t>(seen + 2), kCountLimit);
    if (other > 2) other = static_cast<uint16_t>(other / 2 + 1);
  }

  RangeEncoder* encoder_ = nullptr;
  RangeDecoder* decoder_ = nullptr;
  std::vector<Counts> table_ = std::vector<Counts>(kTableSize);
};

// The contexts of a bit of kind `kind`, from what is known, the most telling
// fact first.
Contexts MakeContexts(uint32_t kind, uint32_t first, uint32_t second,
                      uint32_t third, uint32_t fourth) {
  Contexts contexts;
  uint32_t hash = Hash(0, kind);
  contexts[0] = hash;
  size_t i = 1;
  for (const uint32_t fact : {first, second, third, fourth}) {
    hash = Hash(hash, fact);
    contexts[i++] = hash;
  }
  return contexts;
}

enum Kind : uint32_t { kShared = 1, kMore = 2, kByte = 3 };

uint32_t At(const std::string& word, size_t back) {
  return word.size() < back
             ? 0
             : static_cast<uint8_t>(word[word.size() - back]) + 1u;
}

// The length of the prefix that both words have.
size_t SharedPrefix(const std::string& a, const std::string& b) {
  const auto [end, unused] =
      std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<size_t>(end - a.begin());
}

// Codes words one after the other, each by what it adds to the one before.
class WordCoder {
 public:
  explicit WordCoder(BitCoder coder) : coder_(std::move(coder)) {}

  // Writes `word`, or reads and returns one; `word` is not looked at then.
  std::string Code(const std::string* word) {
    const size_t shared =
        CodeShared(word == nullptr ? 0 : SharedPrefix(before_, *word));
    std::string known = before_.substr(0, shared);
    // The word is not the shared prefix alone, or it would not come after the
    // one before.
    do {
      known += CodeByte(word == nullptr ? '\0' : (*word)[known.size()], shared,
                        known);
    } while (std::ssize(known) < kMaxWordBytes &&
             CodeMore(word == nullptr || known.size() < word->size(), known));
    shared_before_ = static_cast<uint32_t>(shared);
    before_ = known;
    return known;
  }

 private:
  size_t CodeShared(size_t shared) {
    size_t count = 0;
    while (count < before_.size()) {
      const auto done = static_cast<uint32_t>(count);
      const auto rest = static_cast<uint32_t>(before_.size() - count);
      const uint32_t last =
          count == 0 ? 0 : static_cast<uint8_t>(before_[count - 1]) + 1u;
      const Contexts contexts =
          MakeContexts(kShared, done, shared_before_, std::min(rest, 3u), last);
      if (coder_.Code(count < shared ? 1 : 0, contexts) == 0) break;
      ++count;
    }
    return count;
  }

  bool CodeMore(bool more, const std::string& known) {
    if (std::ssize(known) < kMinWordBytes) return true;
    const Contexts contexts =
        MakeContexts(kMore, static_cast<uint32_t>(known.size()), At(known, 1),
                     At(known, 2), At(known, 3));
    return coder_.Code(more ? 1 : 0, contexts) != 0;
  }

  char CodeByte(char byte, size_t shared, const std::string& known) {
    // The first byte that differs is above the one it replaces.
    const bool differs = known.size() == shared && shared < before_.size();
    const uint32_t above =
        differs ? static_cast<uint8_t>(before_[shared]) + 1u : 0u;
    uint32_t bits = 1;
    for (int i = 7; i >= 0; --i) {
      const uint32_t node = bits | above << 8;
      const int bit = static_cast<uint8_t>(byte) >> i & 1;
      const Contexts contexts =
          MakeContexts(kByte, node, At(known, 1), At(known, 2), At(known, 3));
      bits = bits << 1 | static_cast<uint32_t>(coder_.Code(bit, contexts));
    }
    return static_cast<char>(bits & 255);
  }

  BitCoder coder_;
  std::string before_;
  uint32_t shared_before_ = 0;
};

}  // namespace

std::vector<uint8_t> EncodeDictionary(const Dictionary& dictionary) {
  RangeEncoder encoder;
  WordCoder words{BitCoder(encoder)};
  for (int64_t s = kByteSymbols; s < dictionary.alphabet(); ++s) {
    const std::string word(dictionary.Bytes(s));
    words.Code(&word);
  }
  ByteWriter out;
  out.Varint(static_cast<uint64_t>(dictionary.words()));
  out.Bytes(encoder.Finish());
  return out.Take();
}

Dictionary DecodeDictionary(std::span<const uint8_t> bytes) {
  ByteReader in(bytes);
  const uint64_t count = in.Varint();
  if (count > uint64_t{kMaxWords}) {
    throw Error(ErrorKind::kFormat, "the dictionary has too many words");
  }
  RangeDecoder decoder(in.Bytes(in.remaining()));
  WordCoder coder{BitCoder(decoder)};
  std::vector<std::string> words;
  for (uint64_t i = 0; i < count; ++i) {
    words.push_back(coder.Code(nullptr));
    if (i > 0 && words[i - 1] >= words[i]) {
      throw Error(ErrorKind::kFormat, "the dictionary is not in order");
    }
  }
  const Dictionary dictionary(std::move(words));
  // Other bytes may decode to the same words; only one spelling is sound.
  const std::vector<uint8_t> again = EncodeDictionary(dictionary);
  if (!std::equal(again.begin(), again.end(), bytes.begin(), bytes.end())) {
    throw Error(ErrorKind::kFormat,
                "the dictionary is not spelt as a coder does");
  }
  return dictionary;
}

}  // namespace nncpp
