// tests/support/texts.cc -- contract: tests/support/texts.h
#include "tests/support/texts.h"

#include <fstream>
#include <random>
#include <string>

namespace nncpp::testing {

std::vector<uint8_t> AliceHead(int64_t bytes) {
  std::ifstream file("tests/data/alice29.txt", std::ios::binary);
  std::string text(static_cast<size_t>(bytes), ' ');
  file.read(text.data(), bytes);
  text.resize(static_cast<size_t>(file.gcount()));
  return BytesOf(text);
}

std::vector<uint8_t> AnyText(uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&random](uint32_t n) { return random() % n; };
  static const std::vector<std::string> kPieces = {"the",
                                                   " The",
                                                   " THE",
                                                   "tHE",
                                                   "THe",
                                                   " a",
                                                   "A",
                                                   " I ",
                                                   "  ",
                                                   " ",
                                                   "\n",
                                                   ".",
                                                   "1",
                                                   "Z9",
                                                   "\x01",
                                                   "\x02",
                                                   "\x03",
                                                   "\x04",
                                                   "\xC3",
                                                   "\xE9",
                                                   "\xC3\x89t",
                                                   "camelCase",
                                                   "HTTPServer",
                                                   "",
                                                   "\x02 ",
                                                   "\x03"
                                                   "a",
                                                   "\x01\x01",
                                                   "Aa",
                                                   "aA",
                                                   "[",
                                                   "@",
                                                   "`",
                                                   "{"};
  std::vector<uint8_t> bytes;
  for (uint32_t pieces = below(40); pieces > 0; --pieces) {
    switch (below(6)) {
      case 0:  // a run
        bytes.insert(bytes.end(), below(100), static_cast<uint8_t>(random()));
        break;
      case 1:  // noise, or flags only
        for (uint32_t i = below(8); i > 0; --i) {
          bytes.push_back(static_cast<uint8_t>(below(seed % 2 ? 256 : 6)));
        }
        break;
      default:
        const std::string& piece =
            kPieces[below(static_cast<uint32_t>(kPieces.size()))];
        bytes.insert(bytes.end(), piece.begin(), piece.end());
    }
  }
  return bytes;
}

}  // namespace nncpp::testing
