// tests/fuzz/addresses_fuzz.cc -- addresses of any bytes come back, both ways.
//
// The first byte is what kind they are of, the next eight where the rest
// begins.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "preproc/code_addresses.h"
#include "src/base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using nncpp::CodeAddresses;
  if (size < 9) return 0;
  nncpp::ByteReader in({data, size});
  const auto which = static_cast<CodeAddresses>(in.U8() % 4);
  const auto at = static_cast<int64_t>(in.U64() >> 2);
  const auto code = in.Bytes(in.remaining());
  std::vector<uint8_t> there(code.begin(), code.end()), back = there;
  nncpp::ToAbsolute(which, there, at);
  nncpp::ToRelative(which, there, at);
  nncpp::ToRelative(which, back, at);
  nncpp::ToAbsolute(which, back, at);
  if (!std::equal(code.begin(), code.end(), there.begin()) || back != there) {
    std::abort();
  }
  nncpp::AddressesRepeat(which, code, at);
  nncpp::AddressesOf(code);
  return 0;
}
