// tests/support/wide_octets.h -- originals of symbols of 16 bits, for tests.
#pragma once

#include <cstdint>
#include <vector>

#include "preproc/wide_symbols.h"
#include "tests/support/codec_runs.h"

namespace nncpp {

// English whose bytes are spread over an alphabet, the last symbol among them.
inline Octets WideAlice(int64_t count, int64_t alphabet) {
  std::vector<uint16_t> symbols;
  for (const uint8_t byte : Alice(count)) {
    symbols.push_back(static_cast<uint16_t>(byte * (alphabet - 1) / 255));
  }
  if (count > 0) symbols.back() = static_cast<uint16_t>(alphabet - 1);
  Octets bytes;
  WideSymbolsToBytes(symbols, bytes);
  return bytes;
}

inline CodecOptions WideSymbols() {
  CodecOptions options = OneThread();
  options.prep.wide_symbols = true;
  return options;
}

}  // namespace nncpp
