// src/codec/preparation.cc -- contract: src/codec/preparation.h
#include "src/codec/preparation.h"

#include <algorithm>
#include <limits>
#include <string>

#include "preproc/bytes.h"
#include "preproc/primer.h"
#include "preproc/primer_library.h"
#include "preproc/wide_symbols.h"
#include "src/base/check.h"
#include "src/base/deflate.h"
#include "src/base/error.h"
#include "src/codec/step.h"
#include "src/model/context_mixing/context_mixer.h"

namespace nncpp {
namespace {

constexpr int64_t kSampleBytes = 6'000'000;
constexpr int64_t kCodeHead = int64_t{1} << 20;
static_assert(kCodeHead >= kPrimerHead);

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
  if (options.addresses || options.streams) return kCodeHead;
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
  const Seen seen = See(head, size, config, options);
  if (seen.inflated) chosen.streams_ = StreamsForm::kAny;
  chosen.growth_ = seen.growth;
  chosen.ChoosePrimer(seen, config, options);
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
  if (options.addresses && chosen.words_ == nullptr && !seen.inflated) {
    chosen.addresses_ = AddressesOf(head);
  }
  return chosen;
}

Preparation::Seen Preparation::See(std::span<const uint8_t> head, int64_t size,
                                   const ModelConfig& config,
                                   const PrepOptions& options) {
  if (options.streams && !options.wide_symbols && !options.learn_words &&
      options.dictionary == nullptr) {
    const int64_t block = config.block_symbols / kRoomForStreams;
    const auto first =
        head.first(std::min(head.size(), static_cast<size_t>(block)));
    auto inflated = InflateStreams(first, config.block_symbols);
    if (inflated && inflated->AreMany(std::ssize(first))) {
      const double growth = static_cast<double>(inflated->bytes.size()) /
                            static_cast<double>(first.size());
      const auto grown =
          static_cast<int64_t>(static_cast<double>(size) * growth);
      return {std::move(inflated->bytes), size < 0 ? size : grown, true,
              growth};
    }
  }
  return {{head.begin(), head.end()}, size, false};
}

void Preparation::ChoosePrimer(const Seen& seen, const ModelConfig& config,
                               const PrepOptions& options) {
  const auto& head = seen.head;
  const int64_t size = seen.size;
  const int64_t known =
      size < 0 ? std::min(std::ssize(head), std::ptrdiff_t{kPrimerHead}) : size;
  const int64_t bytes = PrimerBytesFor(config, known);
  if (options.priming == Priming::kEnglish) {
    constexpr int64_t kQuarters[] = {1, 0, 24};  // for each mixing
    primer_ = PrimerEnd(known / 4 * kQuarters[config.mixing]);
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

int64_t Preparation::PrimerLength(const Seen& seen, const ModelConfig& config,
                                  const PrepOptions& options) {
  if (options.wide_symbols) return 0;
  Preparation chosen;
  chosen.ChoosePrimer(seen, config, options);
  return std::ssize(chosen.primer_);
}

int64_t Preparation::Alphabet(int64_t configured) const {
  if (wide_) return configured;
  return words_ == nullptr ? kByteAlphabet : words_->dictionary().alphabet();
}

double Preparation::SymbolsPerByte() const {
  if (wide_) return 1.0 / kWideSymbolBytes;
  return words_ == nullptr ? growth_ : kSymbolsOfWords;
}

int64_t Preparation::PrimerBytes(const ModelConfig& config) const {
  const int64_t all = std::ssize(primer_);
  const int64_t own = own_ == nullptr ? 0 : std::ssize(*own_);
  if (config.layers == 0 || all <= kNetPrimer) return all + own;
  return kNetPrimer + (config.mixing > 0 ? (all - kNetPrimer) / 2 : 0) + own;
}

int64_t Preparation::BlockBytes(int64_t symbols) const {
  if (wide_) return symbols * kWideSymbolBytes;
  if (!InflatesStreams()) return symbols;
  return std::max<int64_t>(symbols / kRoomForStreams, 1);
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
    Spell({reinterpret_cast<const uint8_t*>(primer_.data()), primer_.size()},
          symbols);
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
  std::vector<uint8_t> block;
  for (std::span<const uint8_t> left = *own_; !left.empty();) {
    const auto most = static_cast<size_t>(BlockBytes(config.block_symbols));
    const auto next = left.first(std::min(left.size(), most));
    block.assign(next.begin(), next.end());
    if (HasAddresses())
      ToAbsolute(addresses_, block, left.data() - own_->data());
    Spell(block, symbols);
    learn(symbols);
    left = left.subspan(block.size());
  }
}

bool Preparation::ToSymbols(std::span<const uint8_t> bytes, int64_t at,
                            const ModelConfig& config,
                            std::vector<uint16_t>& symbols) const {
  if (wide_) {
    CheckEven(std::ssize(bytes));
    BytesToWideSymbols(bytes, symbols);
    CheckWide(symbols, config.alphabet);
    return false;
  }
  if (InflatesStreams()) {
    const auto inflated = InflateStreams(bytes, config.block_symbols);
    BytesToSymbols(inflated ? inflated->bytes : bytes, symbols);
    NNCPP_CHECK(Fits(std::ssize(symbols), std::ssize(bytes), !inflated));
    return !inflated;
  }
  if (HasAddresses() && AddressesRepeat(addresses_, bytes, at)) {
    std::vector<uint8_t> code(bytes.begin(), bytes.end());
    ToAbsolute(addresses_, code, at);
    BytesToSymbols(code, symbols);
    return false;
  }
  return Spell(bytes, symbols) || HasAddresses();
}

bool Preparation::Spell(std::span<const uint8_t> bytes,
                        std::vector<uint16_t>& symbols) const {
  symbols.clear();
  if (words_ != nullptr) {
    words_->Encode(bytes, symbols);
    if (IsShort(symbols.size(), bytes.size())) return false;
  }
  BytesToSymbols(bytes, symbols);
  return words_ != nullptr;
}

bool Preparation::ShrinkSurely(std::span<const uint8_t> bytes,
                               std::span<const uint16_t> symbols,
                               bool plain) const {
  constexpr int64_t kMost = 15;  // sixteenths of the bytes
  if (!InflatesStreams() || plain) {
    return DeflatedBytes(bytes) < std::ssize(bytes) / 16 * kMost;
  }
  // Contexts take three quarters of what deflate does, or less.
  std::vector<uint8_t> inflated;
  SymbolsToBytes(symbols, inflated);
  return DeflatedBytes(inflated) / 4 * 3 < std::ssize(bytes) / 16 * kMost;
}

std::vector<uint8_t> Preparation::ToBytes(std::span<const uint16_t> symbols,
                                          bool plain, int64_t at,
                                          int64_t size) const {
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
  if (InflatesStreams() && !plain) {
    return DeflateStreams(bytes, streams_, size);
  }
  if (HasAddresses() && !plain) ToRelative(addresses_, bytes, at);
  return bytes;
}

bool Preparation::Fits(int64_t symbols, int64_t bytes, bool plain) const {
  if (wide_) return symbols * kWideSymbolBytes == bytes && !plain;
  if (words_ != nullptr && !plain) return symbols <= bytes;
  if (InflatesStreams() && !plain) return symbols >= bytes;
  return symbols == bytes && (Converts() || !plain);
}

}  // namespace nncpp
