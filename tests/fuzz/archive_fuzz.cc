// tests/fuzz/archive_fuzz.cc -- the container's reader against hostile bytes.
//
// Each input is read as it is and once more with its checks made right. What
// the reader accepts must be the only spelling of its content: written again,
// it gives the same bytes.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/base/bytes.h"
#include "src/base/check.h"
#include "src/base/error.h"
#include "src/format/files.h"
#include "src/format/payload.h"
#include "src/model/config.h"
#include "tests/support/archives.h"
#include "tests/support/resign.h"

namespace nncpp {
namespace {

// Anything but these two kinds of Error is a bug and ends the fuzzer.
void ExpectDamage(const Error& error) {
  NNCPP_CHECK(error.kind() == ErrorKind::kFormat ||
              error.kind() == ErrorKind::kUnsupported);
}

void SplitPayload(const TestBlock& block) {
  for (const int64_t streams : {1, 2, 5, 1 << 20}) {
    try {
      int64_t total = 0;
      for (const auto part : SplitStreams(block.payload, streams)) {
        total += std::ssize(part);
      }
      NNCPP_CHECK(total <= std::ssize(block.payload));
    } catch (const Error& error) {
      ExpectDamage(error);
    }
  }
}

void RewriteConfig(const std::vector<uint8_t>& bytes) {
  try {
    ByteReader in(bytes);
    ByteWriter out;
    WriteConfig(ParseConfig(in), out);
    NNCPP_CHECK(out.bytes() == bytes);
  } catch (const Error& error) {
    ExpectDamage(error);
  }
}

void ReadAndRewrite(const std::vector<uint8_t>& bytes) {
  try {
    const TestArchive archive = ReadArchive(bytes);
    for (const TestBlock& block : archive.blocks) SplitPayload(block);
    NNCPP_CHECK(WriteArchive(archive) == bytes);
    RewriteConfig(archive.header.config);
    const std::vector<uint8_t>& files = archive.header.files;
    if (files.empty()) return;
    NNCPP_CHECK(FilesField(ParseFiles(files, *archive.header.original_bytes)) ==
                files);
  } catch (const Error& error) {
    ExpectDamage(error);
  }
}

}  // namespace
}  // namespace nncpp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<uint8_t> bytes(data, data + size);
  nncpp::ReadAndRewrite(bytes);
  nncpp::ReadAndRewrite(nncpp::Resign(bytes));
  return 0;
}
