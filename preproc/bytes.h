// preproc/bytes.h -- the transform that every input has: a byte is a symbol.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nncpp {

inline constexpr int64_t kByteAlphabet = 256;

inline void BytesToSymbols(std::span<const uint8_t> bytes,
                           std::vector<uint16_t>& symbols) {
  symbols.assign(bytes.begin(), bytes.end());
}

// REQUIRES: every symbol < kByteAlphabet.
inline void SymbolsToBytes(std::span<const uint16_t> symbols,
                           std::vector<uint8_t>& bytes) {
  bytes.resize(symbols.size());
  for (size_t i = 0; i < symbols.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(symbols[i]);
  }
}

}  // namespace nncpp
