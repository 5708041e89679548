// src/codec/preparation_field.cc -- what archives say of a preparation.
#include <algorithm>
#include <string>

#include "preproc/dictionary_coding.h"
#include "preproc/primer.h"
#include "preproc/primer_library.h"
#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/hash.h"
#include "src/codec/preparation.h"

namespace nncpp {
namespace {

// Bits of the field's first byte; all others are reserved.
constexpr uint8_t kWords = 0x01;      // the dictionary follows
constexpr uint8_t kNamed = 0x02;      // its hash follows
constexpr uint8_t kPrimed = 0x04;     // the primer's length and hash follow
constexpr uint8_t kWide = 0x08;       // wide symbols; alone
constexpr uint8_t kOwn = 0x10;        // the hash of the user's primer follows
constexpr uint8_t kLibrary = 0x20;    // the primer is of the library
constexpr uint8_t kConverted = 0x40;  // what blocks may be follows
constexpr uint8_t kAllParts = 0x7F;

// Behind kConverted: the CodeAddresses that are absolute, or a StreamsForm.
static_assert(static_cast<uint8_t>(StreamsForm::kOfZlib) >
              static_cast<uint8_t>(kLastCodeAddresses));

// An archive's length of a primer, which may be any number, is cut to this.
constexpr uint64_t kMostLength = uint64_t{1} << 32;

Error NoSuchPrimer() {
  return {ErrorKind::kUnsupported,
          "the model was primed with a text that this program does not have; "
          "use the nncpp that made the archive"};
}

Error UnknownPreparation() {
  return {ErrorKind::kUnsupported,
          "the original was prepared in a way that this program does not know; "
          "use a newer nncpp"};
}

}  // namespace

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
  const bool converted = (parts & kConverted) != 0;
  if (parts > kAllParts || (parsed.wide_ && parts != kWide) ||
      words + parsed.named_ + converted > 1 ||
      (library && (parts & kPrimed) != 0)) {
    throw UnknownPreparation();
  }
  if (converted) parsed.ParseConversion(in);
  if (library) parsed.ParseLibrary(in);
  if (primed) {
    const uint64_t length = in.Varint();
    const auto bytes = static_cast<int64_t>(std::min(length, kMostLength));
    parsed.primer_ = library ? LibraryEnd(parsed.texts_, parsed.last_, bytes)
                             : std::string(PrimerEnd(bytes));
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

void Preparation::ParseConversion(ByteReader& in) {
  const uint8_t which = in.U8();
  for (const StreamsForm form : {StreamsForm::kOfZlib, StreamsForm::kAny}) {
    if (which == static_cast<uint8_t>(form)) streams_ = form;
  }
  if (InflatesStreams()) return;
  addresses_ = static_cast<CodeAddresses>(which);
  if (!HasAddresses() || addresses_ > kLastCodeAddresses) {
    throw UnknownPreparation();
  }
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
  const bool converted = HasAddresses() || InflatesStreams();
  if (words_ == nullptr && primer_.empty() && own_ == nullptr && !converted) {
    return {};
  }
  const bool embedded = words_ != nullptr && !named_;
  ByteWriter out;
  out.U8(static_cast<uint8_t>((embedded ? kWords : 0) | (named_ ? kNamed : 0) |
                              (primer_.empty() ? 0
                               : texts_ > 0    ? kLibrary
                                               : kPrimed) |
                              (own_ == nullptr ? 0 : kOwn) |
                              (converted ? kConverted : 0)));
  if (converted) {
    out.U8(InflatesStreams() ? static_cast<uint8_t>(streams_)
                             : static_cast<uint8_t>(addresses_));
  }
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

}  // namespace nncpp
