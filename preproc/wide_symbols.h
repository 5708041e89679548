// preproc/wide_symbols.h -- symbols of 16 bits as bytes: two each, the high
// one first, as NNCP's preprocessor writes them.
#pragma once

#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

namespace nncpp {

inline constexpr int64_t kWideSymbolBytes = 2;

// REQUIRES: the number of bytes is even.
inline void BytesToWideSymbols(std::span<const uint8_t> bytes,
                               std::vector<uint16_t>& symbols) {
  symbols.resize(bytes.size() / 2);
  for (size_t i = 0; i < symbols.size(); ++i) {
    symbols[i] = static_cast<uint16_t>(bytes[2 * i] * 256u + bytes[2 * i + 1]);
  }
}

inline void WideSymbolsToBytes(std::span<const uint16_t> symbols,
                               std::vector<uint8_t>& bytes) {
  bytes.resize(symbols.size() * 2);
  for (size_t i = 0; i < symbols.size(); ++i) {
    bytes[2 * i] = static_cast<uint8_t>(symbols[i] >> 8);
    bytes[2 * i + 1] = static_cast<uint8_t>(symbols[i] & 0xFF);
  }
}

}  // namespace nncpp
