// tests/fuzz/jpeg_fuzz.cc -- any bytes may be followed as a JPEG file.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "src/model/context_mixing/jpeg_scan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto scan = std::make_unique<nncpp::JpegScan>();
  for (size_t i = 0; i < size; ++i) {
    if (scan->Coded()) {
      for (int bit = 7; bit >= 0; --bit) scan->PutBit(data[i] >> bit & 1);
    }
    scan->PutByte(data[i]);
    if (!scan->Sound()) std::abort();
  }
  return 0;
}
