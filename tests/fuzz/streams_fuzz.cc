// tests/fuzz/streams_fuzz.cc -- any bytes as an original whose streams are
// inflated, and as what an archive says of inflated streams.
//
// The first two bytes are the size that an archive says.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "preproc/deflated_streams.h"
#include "src/base/bytes.h"
#include "src/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  nncpp::ByteReader in({data, size});
  const int64_t said = in.U16();
  const auto bytes = in.Bytes(in.remaining());
  const int64_t most = std::ssize(bytes) * 4;
  if (const auto inflated = nncpp::InflateStreams(bytes, most)) {
    const auto back = nncpp::DeflateStreams(
        inflated->bytes, nncpp::StreamsForm::kAny, std::ssize(bytes));
    if (std::ssize(inflated->bytes) > most ||
        inflated->bytes.size() < bytes.size() ||
        !std::equal(back.begin(), back.end(), bytes.begin(), bytes.end())) {
      std::abort();
    }
  }
  for (const auto form :
       {nncpp::StreamsForm::kOfZlib, nncpp::StreamsForm::kAny}) {
    try {
      const auto back = nncpp::DeflateStreams(bytes, form, said);
      if (std::ssize(back) != said) std::abort();
    } catch (const nncpp::Error&) {
    }
  }
  return 0;
}
