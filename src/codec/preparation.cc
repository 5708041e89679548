// src/codec/preparation.cc -- contract: src/codec/preparation.h
#include "src/codec/preparation.h"

#include <algorithm>
#include <limits>
#include <string>

#include "preproc/bytes.h"
#include "preproc/dictionary_coding.h"
#include "preproc/primer.h"
#include "preproc/primer_library.h"
#include "preproc/wide_symbols.h"
#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/hash.h"
#include "src/codec/step.h"
#include "src/model/context_mixing/context_mixer.h"

namespace nncpp {
namespace {

// Bits of the field's first byte; all others are reserved.
constexpr uint8_t kWords = 0x01;    // the dictionary follows
constexpr uint8_t kNamed = 0x02;    // its hash follows
constexpr uint8_t kPrimed = 0x04;   // the primer's length and hash follow
constexpr uint8_t kWide = 0x08;     // wide symbols; alone
constexpr uint8_t kOwn = 0x10;      // the hash of the user's primer follows
constexpr uint8_t kLibrary = 0x20;  // the primer is of the library
constexpr uint8_t kAllParts = 0x3F;

constexpr int64_t kSampleBytes = 6'000'000;

// Below, a head says too little; above, the text itself soon teaches more
// (docs/results.md).
constexpr int64_t kLeastPrimed = 1000;
constexpr int64_t kMostPrimed = 16'000'000;

// Bytes of primer for so many of the input. Many contexts gain most from it, up
// to a length; what replays its past takes any time. A net alone learns it no
// faster than the input; the fast contexts would spend on it what they save.
int64_t PrimerBytesFor(const ModelConfig& config, int64_t input) {
  constexpr int64_t kLeast = 200'000;
  constexpr int64_t kForEach = 6;
  constexpr int64_t kMost = 1'750'000;
  if (config.mixing == 0) return input / 4;
  if (config.mixing == 1) return 0;
  if (config.replay_period > 0) return std::numeric_limits<int64_t>::max();
  return std::min(kLeast + input * kForEach, kMost);
}

// The last `bytes` bytes of PrimerText(), or all.
std::string EnglishEnd(int64_t bytes) {
  const std::string_view all = PrimerText();
  return std::string(all.substr(
      all.size() - std::min(all.size(), static_cast<size_t>(bytes))));
}

// An archive's length of a primer, which may be any number, is cut to this.
constexpr uint64_t kMostLength = uint64_t{1} << 32;

Error NoSuchPrimer() {
  return {ErrorKind::kUnsupported,
          "the model was primed with a text that this program does not have; "
          "use the nncpp that made the archive"};
}

// A byte of English makes 0.53 symbols of 255 words, 0.29 of 1,776.
constexpr double kSymbolsOfWords = 0.4;

bool IsShort(size_t symbols, size_t bytes) { return symbols * 4 <= bytes * 3; }

// Context mixing without its net.
void Learn(std::span<const uint16_t> symbols, bool beside, ContextMixer& mixer,
           const std::function<void()>& done) {
  constexpr size_t kBetweenCalls = 4096;
  const std::vector<int32_t> all(symbols.begin(), symbols.end());
  const int64_t length = std::ssize(symbols);
  mixer.StartBlock({&length, 1});
  for (std::span<const int32_t> left = all; !left.empty(); done()) {
    const auto some = left.first(std::min(left.size(), kBetweenCalls));
    mixer.Code(0, some, beside, {});
    left = left.subspan(some.size());
  }
}

void CheckEven(int64_t bytes) {
  if (bytes % kWideSymbolBytes == 0) return;
  throw Error(ErrorKind::kUsage,
              "--symbols u16: the input has an odd number of bytes; give two "
              "for each symbol");
}

void CheckWide(std::span<const uint16_t> symbols, int64_t alphabet) {
  for (const uint16_t symbol : symbols) {
    if (symbol < alphabet) continue;
    throw Error(ErrorKind::kUsage,
                "--symbols u16: symbol " + std::to_string(symbol) +
                    " is beyond the alphabet of " + std::to_string(alphabet) +
                    "; give a larger --alphabet, 65535 at most");
  }
}

}  // namespace

int64_t Preparation::HeadBytes(const PrepOptions& options) {
  if (options.wide_symbols) return 0;
  if (options.learn_words) return kSampleBytes;
  return options.priming == Priming::kIfAlike ? kPrimerHead : 0;
}

Preparation Preparation::Choose(std::span<const uint8_t> head, int64_t size,
                                const ModelConfig& config,
                                const PrepOptions& options) {
  Preparation chosen;
  chosen.wide_ = options.wide_symbols;
  if (chosen.wide_) {
    if (size >= 0) CheckEven(size);
    return chosen;
  }
  chosen.ChoosePrimer(head, size, config, options);
  if (options.dictionary != nullptr) {
    chosen.words_ = std::make_shared<TextTransform>(*options.dictionary);
    chosen.named_ = true;
  } else if (options.learn_words) {
    const auto words =
        std::make_shared<TextTransform>(TrainOnText(head, options.goal));
    std::vector<uint16_t> symbols;
    words->Encode(head, symbols);
    if (IsShort(symbols.size(), head.size())) chosen.words_ = words;
  }
  return chosen;
}

void Preparation::ChoosePrimer(std::span<const uint8_t> head, int64_t size,
                               const ModelConfig& config,
                               const PrepOptions& options) {
  const int64_t known = size < 0 ? std::ssize(head) : size;
  const int64_t bytes = PrimerBytesFor(config, known);
  if (options.priming == Priming::kEnglish) {
    constexpr int64_t kQuarters[] = {1, 0, 24};  // for each mixing
    primer_ = EnglishEnd(known / 4 * kQuarters[config.mixing]);
  }
  if (options.priming == Priming::kIfAlike &&
      std::ssize(head) >= kLeastPrimed && size <= kMostPrimed && bytes > 0) {
    last_ = MostAlike(head);
    if (!last_.empty()) {
      texts_ = std::ssize(PrimerLibrary());
      primer_ = LibraryEnd(texts_, last_, bytes);
    }
  }
  own_ = options.own_primer;
}

int64_t Preparation::PrimerLength(std::span<const uint8_t> head, int64_t size,
                                  const ModelConfig& config,
                                  const PrepOptions& options) {
  Preparation chosen;
  if (options.wide_symbols) return 0;
  chosen.ChoosePrimer(head, size, config, options);
  return std::ssize(chosen.primer_) +
         (chosen.own_ == nullptr ? 0 : std::ssize(*chosen.own_));
}

Preparation Preparation::Parse(std::span<const uint8_t> field,
                               const PrepOptions& options) {
  Preparation parsed;
  if (field.empty()) return parsed;
  ByteReader in(field);
  const uint8_t parts = in.U8();
  const bool words = (parts & kWords) != 0;
  parsed.named_ = (parts & kNamed) != 0;
  const bool library = (parts & kLibrary) != 0;
  const bool primed = library || (parts & kPrimed) != 0;
  parsed.wide_ = (parts & kWide) != 0;
  if (parts > kAllParts || (parsed.wide_ && parts != kWide) ||
      (words && parsed.named_) || (library && (parts & kPrimed) != 0)) {
    throw Error(ErrorKind::kUnsupported,
                "the original was prepared in a way that this program does "
                "not know; use a newer nncpp");
  }
  if (library) parsed.ParseLibrary(in);
  if (primed) {
    const uint64_t length = in.Varint();
    const auto bytes = static_cast<int64_t>(std::min(length, kMostLength));
    parsed.primer_ = library ? LibraryEnd(parsed.texts_, parsed.last_, bytes)
                             : EnglishEnd(bytes);
    if (length == 0 || parsed.primer_.size() != length ||
        in.U64() != PrimerHash(parsed.primer_)) {
      throw NoSuchPrimer();
    }
  }
  if ((parts & kOwn) != 0) {
    const Hash128 hash = {in.U64(), in.U64()};
    if (options.own_primer == nullptr ||
        HashBytes128(*options.own_primer) != hash) {
      throw Error(ErrorKind::kUnsupported,
                  "the model was primed with a file of hash " + HashText(hash) +
                      "; name it with --prime");
    }
    parsed.own_ = options.own_primer;
  }
  if (words) {
    parsed.words_ = std::make_shared<TextTransform>(
        DecodeDictionary(in.Bytes(in.remaining())));
  } else if (parsed.named_) {
    const Hash128 hash = {in.U64(), in.U64()};
    if (options.dictionary == nullptr || options.dictionary->Hash() != hash) {
      throw Error(ErrorKind::kUnsupported,
                  "needs the dictionary of hash " + HashText(hash) +
                      "; name its file with --dictionary");
    }
    parsed.words_ = std::make_shared<TextTransform>(*options.dictionary);
  }
  if (parts == 0 || in.remaining() != 0) {
    throw Error(ErrorKind::kFormat,
                "the header's preparation is not one; get the archive again");
  }
  return parsed;
}

void Preparation::ParseLibrary(ByteReader& in) {
  texts_ = in.U8();
  const auto last = in.Bytes(in.U8());
  last_.assign(last.begin(), last.end());
  if (texts_ > std::ssize(PrimerLibrary())) throw NoSuchPrimer();
  std::vector<uint8_t> sorted = last_;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.empty() || sorted.back() >= texts_ ||
      std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    throw Error(ErrorKind::kFormat,
                "the header's primer is none; get the archive again");
  }
}

std::vector<uint8_t> Preparation::Field() const {
  if (wide_) return {kWide};
  if (words_ == nullptr && primer_.empty() && own_ == nullptr) return {};
  const bool embedded = words_ != nullptr && !named_;
  ByteWriter out;
  out.U8(static_cast<uint8_t>((embedded ? kWords : 0) | (named_ ? kNamed : 0) |
                              (primer_.empty() ? 0
                               : texts_ > 0    ? kLibrary
                                               : kPrimed) |
                              (own_ == nullptr ? 0 : kOwn)));
  if (texts_ > 0) {
    out.U8(static_cast<uint8_t>(texts_));
    out.U8(static_cast<uint8_t>(last_.size()));
    out.Bytes(last_);
  }
  if (!primer_.empty()) {
    out.Varint(primer_.size());
    out.U64(PrimerHash(primer_));
  }
  const auto add = [&out](const Hash128& hash) {
    out.U64(hash.low);
    out.U64(hash.high);
  };
  if (own_ != nullptr) add(HashBytes128(*own_));
  if (embedded) out.Bytes(EncodeDictionary(words_->dictionary()));
  if (named_) add(words_->dictionary().Hash());
  return out.Take();
}

std::string_view Preparation::SymbolsOf(std::span<const uint8_t> field) {
  const int parts = field.empty() ? 0 : field.front();
  if ((parts & kWide) != 0) return "u16";
  return (parts & (kWords | kNamed)) != 0 ? "words" : "bytes";
}

int64_t Preparation::Alphabet(int64_t configured) const {
  if (wide_) return configured;
  return words_ == nullptr ? kByteAlphabet : words_->dictionary().alphabet();
}

double Preparation::SymbolsPerByte() const {
  if (wide_) return 1.0 / kWideSymbolBytes;
  return words_ == nullptr ? 1 : kSymbolsOfWords;
}

int64_t Preparation::PrimerBytes(const ModelConfig& config) const {
  const int64_t all = std::ssize(primer_);
  const int64_t own = own_ == nullptr ? 0 : std::ssize(*own_);
  if (config.layers == 0 || all <= kNetPrimer) return all + own;
  return kNetPrimer + (config.mixing > 0 ? (all - kNetPrimer) / 2 : 0) + own;
}

int64_t Preparation::BlockBytes(int64_t symbols) const {
  return wide_ ? symbols * kWideSymbolBytes : symbols;
}

void Preparation::Prime(const ModelConfig& config, Model& model,
                        const std::function<void()>& done) const {
  const auto learn = [&](std::span<const uint16_t> symbols) {
    BlockCursor cursor;
    EncodeBlock(config, symbols, model, cursor,
                [&](int64_t, int64_t) { done(); });
  };
  std::vector<uint16_t> symbols;
  if (!primer_.empty()) {
    ToSymbols(
        {reinterpret_cast<const uint8_t*>(primer_.data()), primer_.size()},
        config.alphabet, symbols);
    std::span<const uint16_t> rest = symbols;
    if (config.layers > 0 && std::ssize(rest) > kNetPrimer) {
      const auto first = rest.first(rest.size() - kNetPrimer);
      if (ContextMixer* mixer = model.Mixer()) {
        Learn(first, model.LeavesCore(), *mixer, done);
      }
      rest = rest.last(kNetPrimer);
    }
    learn(rest);
  }
  if (own_ == nullptr) return;
  for (std::span<const uint8_t> left = *own_; !left.empty();) {
    const auto block = left.first(std::min(
        left.size(), static_cast<size_t>(BlockBytes(config.block_symbols))));
    ToSymbols(block, config.alphabet, symbols);
    learn(symbols);
    left = left.subspan(block.size());
  }
}

bool Preparation::ToSymbols(std::span<const uint8_t> bytes, int64_t alphabet,
                            std::vector<uint16_t>& symbols) const {
  symbols.clear();
  if (wide_) {
    CheckEven(std::ssize(bytes));
    BytesToWideSymbols(bytes, symbols);
    CheckWide(symbols, alphabet);
    return false;
  }
  if (words_ != nullptr) {
    words_->Encode(bytes, symbols);
    if (IsShort(symbols.size(), bytes.size())) return false;
  }
  BytesToSymbols(bytes, symbols);
  return words_ != nullptr;
}

std::vector<uint8_t> Preparation::ToBytes(std::span<const uint16_t> symbols,
                                          bool plain, int64_t size) const {
  std::vector<uint8_t> bytes;
  if (wide_) {
    WideSymbolsToBytes(symbols, bytes);
    return bytes;
  }
  if (words_ != nullptr && !plain) {
    words_->Decode(symbols, size, bytes);
    return bytes;
  }
  if (std::any_of(symbols.begin(), symbols.end(),
                  [](uint16_t s) { return s >= kByteAlphabet; })) {
    throw Error(ErrorKind::kFormat, "a symbol is no byte");
  }
  SymbolsToBytes(symbols, bytes);
  return bytes;
}

bool Preparation::Fits(int64_t symbols, int64_t bytes, bool plain) const {
  if (wide_) return symbols * kWideSymbolBytes == bytes && !plain;
  if (words_ != nullptr && !plain) return symbols <= bytes;
  return symbols == bytes && (words_ != nullptr || !plain);
}

}  // namespace nncpp
