// tests/fuzz/dictionary_fuzz.cc -- coded dictionaries and their text form
// against hostile bytes, and symbols against a dictionary.
//
// The only allowed ends are Error(kFormat) or a dictionary that is spelt as
// its bytes are.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "preproc/dictionary_coding.h"
#include "preproc/text_transform.h"
#include "src/base/check.h"
#include "src/base/error.h"

namespace nncpp {
namespace {

template <typename Act>
void Try(const Act& act) {
  try {
    act();
  } catch (const Error& error) {
    NNCPP_CHECK(error.kind() == ErrorKind::kFormat);
  }
}

void TestCoding(const std::vector<uint8_t>& bytes) {
  Try([&] { NNCPP_CHECK(EncodeDictionary(DecodeDictionary(bytes)) == bytes); });
}

void TestText(const std::vector<uint8_t>& bytes) {
  const std::string text(bytes.begin(), bytes.end());
  Try([&] { NNCPP_CHECK(DictionaryText(ParseDictionary(text)) == text); });
}

void TestSymbols(const std::vector<uint8_t>& bytes) {
  const TextTransform transform(
      Dictionary({"\x01 ", "\x02 the", "the", "and", std::string(64, 'a')}));
  std::vector<uint16_t> symbols;
  for (const uint8_t byte : bytes) {
    symbols.push_back(byte < 240 ? byte : byte + 16);
  }
  std::vector<uint8_t> back;
  Try([&] {
    transform.Decode(symbols, 1000, back);
    NNCPP_CHECK(back.size() <= 1000);
  });
  symbols.clear();
  transform.Encode(bytes, symbols);
  back.clear();
  transform.Decode(symbols, static_cast<int64_t>(bytes.size()), back);
  NNCPP_CHECK(back == bytes);
}

}  // namespace
}  // namespace nncpp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const std::vector<uint8_t> bytes(data, data + size);
  nncpp::TestCoding(bytes);
  nncpp::TestText(bytes);
  nncpp::TestSymbols(bytes);
  return 0;
}
