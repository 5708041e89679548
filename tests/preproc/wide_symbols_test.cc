// tests/preproc/wide_symbols_test.cc -- symbols of 16 bits and their bytes.
#include "preproc/wide_symbols.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace nncpp {
namespace {

TEST(WideSymbols, HaveTheHighByteFirst) {
  std::vector<uint8_t> bytes;
  WideSymbolsToBytes(std::vector<uint16_t>{0x0102, 0xFFFE, 7}, bytes);
  EXPECT_EQ(bytes, (std::vector<uint8_t>{1, 2, 0xFF, 0xFE, 0, 7}));
}

TEST(WideSymbols, ComeBackWhateverTheyAre) {
  std::vector<uint16_t> symbols(65536), back;
  for (size_t i = 0; i < symbols.size(); ++i) {
    symbols[i] = static_cast<uint16_t>(i);
  }
  std::vector<uint8_t> bytes;
  WideSymbolsToBytes(symbols, bytes);
  BytesToWideSymbols(bytes, back);
  EXPECT_EQ(back, symbols);
  BytesToWideSymbols({}, back);
  EXPECT_TRUE(back.empty());
}

}  // namespace
}  // namespace nncpp
