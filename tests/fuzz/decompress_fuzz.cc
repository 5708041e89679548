// tests/fuzz/decompress_fuzz.cc -- the whole decoder against hostile bytes.
//
// Each input is decoded as it is and once more with its checks made right. The
// only allowed ends are an Error of the archive or a complete original, whose
// size the archive declares.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/base/check.h"
#include "src/base/error.h"
#include "tests/support/codec_runs.h"
#include "tests/support/resign.h"

namespace nncpp {
namespace {

constexpr int64_t kMemory = 24 << 20;  // a tiny model fits, few others do
// These two bound the time of one input.
constexpr int64_t kMostBytes = 4096;
constexpr int64_t kMostSegments = 400;

struct TooLong {};

void Decode(const std::vector<uint8_t>& bytes) {
  MemorySink out;
  CodecOptions options = OneThread(kMemory);
  options.as_files = true;
  int64_t segments = 0;
  options.progress = [&segments](const Progress& now) {
    if (now.original_bytes > kMostBytes || ++segments > kMostSegments) {
      throw TooLong();
    }
  };
  try {
    DecompressInto(bytes, out, options);
  } catch (const TooLong&) {
  } catch (const Error& error) {
    NNCPP_CHECK(error.kind() == ErrorKind::kFormat ||
                error.kind() == ErrorKind::kUnsupported ||
                error.kind() == ErrorKind::kNumerics);
  }
}

}  // namespace
}  // namespace nncpp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const std::vector<uint8_t> bytes(data, data + size);
  nncpp::Decode(bytes);
  nncpp::Decode(nncpp::Resign(bytes));
  return 0;
}
