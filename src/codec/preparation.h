// src/codec/preparation.h -- what happens to an original before a model sees
// it, and to a model before it sees the original.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "preproc/code_addresses.h"
#include "preproc/deflated_streams.h"
#include "preproc/text_transform.h"
#include "src/base/bytes.h"
#include "src/model/config.h"
#include "src/model/model.h"

namespace nncpp {

// kEnglish: whatever the input is, with the end of PrimerText(), so that
// archives of before the library can be made again.
enum class Priming { kNever, kIfAlike, kEnglish };

// What the caller asks of the compressor; the decompressor looks at
// `dictionary` and `own_primer` only.
struct PrepOptions {
  bool learn_words = false;  // a dictionary from the head of the input
  TrainingGoal goal = {.words = 768, .min_frequency = 16};
  std::shared_ptr<const Dictionary> dictionary;  // given; null: none
  Priming priming = Priming::kNever;
  // A file of the user's that the model learns first, after the primer if
  // there is one; null: none. Not empty.
  std::shared_ptr<const std::vector<uint8_t>> own_primer;
  // Addresses of machine code are made absolute (preproc/code_addresses.h) in
  // blocks where that pays, if the head looks like code and there are no words.
  bool addresses = false;
  // Deflated streams are inflated (preproc/deflated_streams.h) in blocks that
  // have some, if the head has and there are no words. Then addresses stay.
  bool streams = false;
  // The input is symbols of 16 bits (preproc/wide_symbols.h), below the
  // alphabet of the configuration; the rest of these has no effect then.
  bool wide_symbols = false;
};

// Symbols of a block for each byte that it may have where streams are inflated.
inline constexpr int64_t kRoomForStreams = 4;

class Preparation {
 public:
  // Bytes of the input's head that Choose looks at.
  static int64_t HeadBytes(const PrepOptions& options);

  // An input of `size` bytes (-1: not known) with this head as a model will
  // see it: the first block of it where streams are to be inflated.
  struct Seen {
    std::vector<uint8_t> head;
    int64_t size;       // about; -1: not known
    bool inflated;      // there are streams
    double growth = 1;  // by what they hold
  };
  static Seen See(std::span<const uint8_t> head, int64_t size,
                  const ModelConfig& config, const PrepOptions& options);

  // For an input of `size` bytes (-1: not known) with this head. Words that
  // make no fewer symbols are not taken. How much of the primer is learnt
  // depends on the size and on what a byte costs this model. Throws
  // Error(kUsage) for half of a wide symbol.
  static Preparation Choose(std::span<const uint8_t> head, int64_t size,
                            const ModelConfig& config,
                            const PrepOptions& options);

  // Bytes of the primer that Choose would take, without the user's own.
  static int64_t PrimerLength(const Seen& seen, const ModelConfig& config,
                              const PrepOptions& options);

  // The header's field `preparation` (docs/format.md); empty: none. Throws
  // Error(kFormat), or Error(kUnsupported) for what this build or the options
  // do not have.
  static Preparation Parse(std::span<const uint8_t> field,
                           const PrepOptions& options);
  std::vector<uint8_t> Field() const;

  // What an original with such a field is to the model: "bytes", "words" or
  // "u16".
  static std::string_view SymbolsOf(std::span<const uint8_t> field);

  // Symbols of the model. `configured` is what the configuration says, and
  // what counts where the original is wide symbols.
  int64_t Alphabet(int64_t configured) const;

  // Symbols that a byte of the original makes; with words or, as far as they
  // were seen, streams, about.
  double SymbolsPerByte() const;

  // Bytes of an original that take as long as the primer, about; those that
  // contexts learn without their net count half.
  int64_t PrimerBytes(const ModelConfig& config) const;

  // Bytes of the original that a block of so many symbols holds at most.
  int64_t BlockBytes(int64_t symbols) const;

  // Lets `model` learn the primer, if there is one: context mixing all of it,
  // a net the last kNetPrimer symbols; then the user's own, all of it. `done`
  // is called now and then; it may throw.
  static constexpr int64_t kNetPrimer = int64_t{1} << 15;
  void Prime(const ModelConfig& config, Model& model,
             const std::function<void()>& done) const;

  // Fills `symbols` with those of a block that begins at byte `at` of the
  // original; returns whether they are its bytes although there are words,
  // addresses or streams, because these make too little of them. Throws
  // Error(kUsage) for bytes that are not wide symbols of the alphabet, where
  // they should be.
  bool ToSymbols(std::span<const uint8_t> bytes, int64_t at,
                 const ModelConfig& config,
                 std::vector<uint16_t>& symbols) const;

  // Whether contexts are sure to take less than its bytes for a block that
  // ToSymbols made so, since mixing finds what deflate finds, and more.
  bool ShrinkSurely(std::span<const uint8_t> bytes,
                    std::span<const uint16_t> symbols, bool plain) const;

  // The other way, for a block of `size` bytes. Throws Error(kFormat).
  std::vector<uint8_t> ToBytes(std::span<const uint16_t> symbols, bool plain,
                               int64_t at, int64_t size) const;

  // Whether a coded block of so many symbols and bytes can be.
  bool Fits(int64_t symbols, int64_t bytes, bool plain) const;

 private:
  void ChoosePrimer(const Seen& seen, const ModelConfig& config,
                    const PrepOptions& options);
  void ParseConversion(ByteReader& in);
  void ParseLibrary(ByteReader& in);
  bool HasAddresses() const { return addresses_ != CodeAddresses::kNone; }
  bool InflatesStreams() const { return streams_ != StreamsForm::kNone; }
  // Whether some blocks are converted, and some may be plain.
  bool Converts() const {
    return words_ != nullptr || HasAddresses() || InflatesStreams();
  }
  // The symbols of bytes that are neither wide symbols nor code; returns
  // whether they are these bytes although there are words.
  bool Spell(std::span<const uint8_t> bytes,
             std::vector<uint16_t>& symbols) const;

  std::shared_ptr<const TextTransform> words_;  // null: bytes
  bool named_ = false;  // the words are not in the archive
  std::string primer_;  // empty: none
  int64_t texts_ = 0;   // of the library that it is of; 0: of PrimerText()
  std::vector<uint8_t> last_;  // those of them that stand at the end
  std::shared_ptr<const std::vector<uint8_t>> own_;  // null: none
  CodeAddresses addresses_ = CodeAddresses::kNone;   // else there are no words
  // Other than kNone: then there are no words and no addresses.
  StreamsForm streams_ = StreamsForm::kNone;
  double growth_ = 1;  // of bytes by their streams; not known from archives
  bool wide_ = false;  // then there are no words and no primer
};

}  // namespace nncpp
