// src/cli/alphabet.cc -- contract: alphabet.h
#include "src/cli/alphabet.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "preproc/wide_symbols.h"
#include "src/base/error.h"

namespace nncpp {
namespace {

constexpr int64_t kPieceBytes = int64_t{1} << 16;  // even
constexpr int64_t kLeast = 2;
constexpr int64_t kMost = 65535;

// 0 for an empty input. Half of a symbol at the end is left out.
int64_t LargestSymbol(Source& in) {
  int64_t largest = 0;
  std::vector<uint8_t> piece(kPieceBytes);
  std::vector<uint16_t> symbols;
  int64_t read = kPieceBytes;
  while (read == kPieceBytes) {
    read = in.Read(piece);
    const auto whole = static_cast<size_t>(read - read % kWideSymbolBytes);
    BytesToWideSymbols(std::span(piece).first(whole), symbols);
    for (const uint16_t symbol : symbols) {
      largest = std::max<int64_t>(largest, symbol);
    }
  }
  return largest;
}

}  // namespace

void FindAlphabet(const FileSource& in, Options& options) {
  if (options.alphabet_given) return;
  if (options.input == "-" || !in.Identity()) {
    throw Error(ErrorKind::kUsage,
                in.name() +
                    ": cannot be read twice, first to find its alphabet; give "
                    "--alphabet N");
  }
  FileSource beforehand(options.input);
  const int64_t alphabet = std::max(LargestSymbol(beforehand) + 1, kLeast);
  if (alphabet > kMost) {
    throw Error(ErrorKind::kUsage,
                in.name() + ": has symbol " + std::to_string(alphabet - 1) +
                    ", and an alphabet ends before it; number the symbols "
                    "from 0 to " +
                    std::to_string(kMost - 1));
  }
  options.config.alphabet = alphabet;
}

}  // namespace nncpp
