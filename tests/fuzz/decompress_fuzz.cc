// tests/fuzz/decompress_fuzz.cc -- the whole decoder against hostile bytes.
//
// Each input is decoded as it is and once more with its checks made right.
// Memory is bounded by the decoder's own limit, time by the number of bytes
// it is let go on for.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/base/memory_stream.h"
#include "src/codec/codec.h"
#include "tests/support/resign.h"

namespace nncpp {
namespace {

constexpr int64_t kMostBytes = 4096;
constexpr int64_t kMostMemory = 16 << 20;

struct Enough {};

// An archive either decodes to as many bytes as it is found to hold without
// decoding, or is refused with one of these kinds of Error.
void Decode(const std::vector<uint8_t>& bytes) {
  CodecOptions options;
  options.threads = 1;
  options.memory_limit = kMostMemory;
  options.progress = [](const Progress& progress) {
    if (progress.original_bytes > kMostBytes) throw Enough();
  };
  MemorySource in(bytes);
  MemorySink out;
  try {
    const Report report = Decompress(in, out, options);
    NNCPP_CHECK(report.original_bytes == std::ssize(out.bytes()));
    MemorySource again(bytes);
    NNCPP_CHECK(List(again).original_bytes == report.original_bytes);
  } catch (const Error& error) {
    NNCPP_CHECK(error.kind() == ErrorKind::kFormat ||
                error.kind() == ErrorKind::kUnsupported ||
                error.kind() == ErrorKind::kNumerics ||
                error.kind() == ErrorKind::kMemory);
  } catch (const Enough&) {
  }
}

}  // namespace
}  // namespace nncpp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<uint8_t> bytes(data, data + size);
  nncpp::Decode(bytes);
  nncpp::Decode(nncpp::Resign(bytes));
  return 0;
}
