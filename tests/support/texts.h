// tests/support/texts.h -- byte strings as inputs of transforms have them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace nncpp::testing {

inline std::vector<uint8_t> BytesOf(std::string_view text) {
  return {text.begin(), text.end()};
}

// The first bytes of tests/data/alice29.txt.
std::vector<uint8_t> AliceHead(int64_t bytes);

// Input number `seed` of many: words in every case, runs, flags of capitals,
// broken UTF-8, and plain noise, up to some hundreds of bytes.
std::vector<uint8_t> AnyText(uint32_t seed);

}  // namespace nncpp::testing
