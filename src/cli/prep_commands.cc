// src/cli/prep_commands.cc -- contract: prep_commands.h
#include "src/cli/prep_commands.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "preproc/text_transform.h"
#include "preproc/wide_symbols.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/cli/endpoints.h"
#include "src/cli/part_input.h"
#include "src/cli/part_output.h"
#include "src/codec/pieces.h"

namespace nncpp {
namespace {

constexpr int64_t kSampleBytes = 6'000'000;
constexpr int64_t kPieceBytes = int64_t{1} << 16;
constexpr int64_t kMaxFileBytes = int64_t{1} << 40;
constexpr int64_t kMaxDictionaryBytes = int64_t{1} << 25;  // as text
constexpr int64_t kMaxPrimerBytes = int64_t{1} << 26;

// Pieces that follow one another where the input is short, and lie evenly
// apart where its size is known; otherwise its head.
std::vector<uint8_t> Sample(Source& in) {
  const int64_t pieces = kSampleBytes / kPieceBytes;
  const int64_t of =
      std::max(pieces, (in.SizeHint() + kPieceBytes - 1) / kPieceBytes);
  std::vector<uint8_t> sample;
  std::vector<uint8_t> piece(kPieceBytes);
  int64_t read = kPieceBytes;
  for (int64_t i = 0; read == kPieceBytes && i < of; ++i) {
    read = in.Read(piece);
    if ((i + 1) * pieces / of == i * pieces / of) continue;
    sample.insert(sample.end(), piece.begin(), piece.begin() + read);
  }
  return sample;
}

std::span<const uint8_t> AsBytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// All that is left of the input, at most `limit` bytes.
std::vector<uint8_t> ReadAll(Source& in, int64_t limit) {
  std::vector<uint8_t> bytes;
  int64_t read = kPieceBytes;
  while (read == kPieceBytes && std::ssize(bytes) < limit) {
    const size_t before = bytes.size();
    bytes.resize(before + kPieceBytes);
    read = in.Read(std::span(bytes).subspan(before));
    bytes.resize(before + static_cast<size_t>(read));
  }
  return bytes;
}

// The input may come from there.
void RefuseStandardInput(const std::string& option, const std::string& path) {
  if (path != "-") return;
  throw Error(ErrorKind::kUsage, option + ": takes the name of a file");
}

// Reads what is left of `in` and writes it.
void Copy(Source& in, Sink& out) {
  std::vector<uint8_t> piece(kPieceBytes);
  while (const int64_t count = in.Read(piece)) {
    out.Write(std::span(piece).first(static_cast<size_t>(count)));
  }
}

}  // namespace

Dictionary ReadDictionary(const std::string& path) {
  RefuseStandardInput("--dictionary", path);
  FileSource in(path);
  const std::vector<uint8_t> bytes = ReadAll(in, kMaxDictionaryBytes);
  try {
    return ParseDictionary(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } catch (const Error& error) {
    throw Error(ErrorKind::kUsage, in.name() + ": " + error.what());
  }
}

std::vector<uint8_t> ReadOwnPrimer(const std::string& path) {
  RefuseStandardInput("--prime", path);
  FileSource in(path);
  std::vector<uint8_t> bytes = ReadAll(in, kMaxPrimerBytes + 1);
  if (bytes.empty() || std::ssize(bytes) > kMaxPrimerBytes) {
    throw Error(ErrorKind::kUsage,
                in.name() + (bytes.empty() ? ": is empty" : ": is too large") +
                    "; --prime takes a file of 1 to " +
                    std::to_string(kMaxPrimerBytes) + " bytes");
  }
  return bytes;
}

void RunSplit(const Options& options) {
  FileSource in(options.input);
  Pieces pieces(in, options.parts);
  PartOutput out(options, in, in.Attributes(), {});
  for (int64_t number = 1;; ++number) {
    pieces.Start(number);
    const int64_t size = pieces.SizeHint();
    Copy(pieces, out);
    if (size >= 0 && pieces.read() != size) {
      throw Error(ErrorKind::kIo,
                  in.name() +
                      ": changed its size while it was read; run again when "
                      "nothing writes to it");
    }
    if (pieces.IsLast()) break;
    out.Next();
  }
  out.Finish();
}

void RunJoin(const Options& options, std::string& subject) {
  PartInput input(options, subject);
  if (!input.is_set()) {
    throw Error(ErrorKind::kUsage,
                PartName(options.input, 1) +
                    ": there is no such piece; give the name of the pieces "
                    "without their number");
  }
  auto in = input.Open();
  Output out(options, *in);
  for (int64_t number = 1;; in = input.Open(++number)) {
    Copy(*in, out);
    if (!input.HasLaterThan(number)) break;
  }
  out.Finish(*in);
}

void RunPrepTrain(const Options& options) {
  FileSource in(options.input);
  Output out(options, in);
  const Dictionary dictionary = TrainOnText(Sample(in), options.goal);
  out.Write(AsBytes(DictionaryText(dictionary)));
  out.Finish(in);
}

void RunPrepEncode(const Options& options) {
  const TextTransform transform(ReadDictionary(options.dictionary));
  FileSource in(options.input);
  Output out(options, in);
  std::vector<uint16_t> symbols;
  transform.Encode(ReadAll(in, kMaxFileBytes), symbols);
  std::vector<uint8_t> coded;
  WideSymbolsToBytes(symbols, coded);
  out.Write(coded);
  out.Finish(in);
}

void RunPrepDecode(const Options& options) {
  const TextTransform transform(ReadDictionary(options.dictionary));
  FileSource in(options.input);
  Output out(options, in);
  const std::vector<uint8_t> coded = ReadAll(in, kMaxFileBytes);
  if (coded.size() % kWideSymbolBytes != 0) {
    throw Error(ErrorKind::kFormat,
                "has an odd number of bytes, and a symbol has two; give what "
                "nncpp prep encode wrote");
  }
  std::vector<uint16_t> symbols;
  BytesToWideSymbols(coded, symbols);
  std::vector<uint8_t> bytes;
  transform.Decode(symbols, kMaxFileBytes, bytes);
  out.Write(bytes);
  out.Finish(in);
}

}  // namespace nncpp
