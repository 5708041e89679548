// preproc/deflated_stream_list.cc -- what archives say of a stream; contract:
// preproc/deflated_stream.h
#include "preproc/deflated_stream.h"
#include "src/base/error.h"

namespace nncpp {
namespace {

// In the list of blocks, beside the form.
constexpr uint8_t kSaysLast = 0x08, kHasNoEnd = 0x10;
constexpr uint64_t kMostHeaderBits = 8192;  // more than any header has

}  // namespace

Error NoStream() {
  return {ErrorKind::kFormat, "a stream is none that deflated data can be"};
}

int64_t MostBlocks(int64_t size) { return 1024 + size / 16; }

void WriteDetails(const StreamCode& code, ByteWriter& out) {
  if (code.ending >= StreamEnding::kListed) {
    out.Varint(code.blocks.size());
    for (const ListedBlock& block : code.blocks) {
      out.Varint(static_cast<uint64_t>(block.count));
      out.U8(static_cast<uint8_t>(static_cast<int>(block.form) |
                                  (block.last ? kSaysLast : 0) |
                                  (block.whole ? 0 : kHasNoEnd)));
      if (block.form != BlockForm::kGivenCodes) continue;
      out.Varint(static_cast<uint64_t>(block.header.size));
      out.Bytes(block.header.bytes);
    }
  }
  out.Varint(code.changes.size());
  for (const TokenChange& change : code.changes) {
    out.Varint(static_cast<uint64_t>(change.after));
    const bool copy = change.token.distance != 0;
    out.Varint(copy ? change.token.value + uint64_t{1} : 0);
    if (copy) out.Varint(change.token.distance - uint64_t{1});
  }
}

void ReadDetails(ByteReader& in, int64_t size, StreamCode& code) {
  const auto read = [&in](uint64_t most) {
    const uint64_t value = in.Varint();
    if (value > most) throw NoStream();
    return static_cast<int64_t>(value);
  };
  constexpr uint64_t kMost = uint64_t{1} << 48;
  if (code.ending >= StreamEnding::kListed) {
    // A stream has few blocks of nothing; each takes more memory than bytes.
    const uint64_t blocks = in.Varint();
    if (blocks > static_cast<uint64_t>(MostBlocks(size))) throw NoStream();
    for (uint64_t left = blocks; left > 0; --left) {
      ListedBlock& block = code.blocks.emplace_back();
      block.count = read(kMost);
      const uint8_t says = in.U8();
      block.last = (says & kSaysLast) != 0;
      block.whole = (says & kHasNoEnd) == 0;
      block.form = static_cast<BlockForm>(says & ~(kSaysLast | kHasNoEnd));
      if (block.form > kLastBlockForm) throw NoStream();
      if (block.form != BlockForm::kGivenCodes) continue;
      block.header.size = read(kMostHeaderBits);
      const auto bytes = in.Bytes((block.header.size + 7) / 8);
      block.header.bytes.assign(bytes.begin(), bytes.end());
    }
  }
  for (uint64_t left = in.Varint(); left > 0; --left) {
    TokenChange& change = code.changes.emplace_back();
    change.after = read(kMost);
    const int64_t says = read(kLongestCopy - kShortestCopy + 1);
    if (says == 0) continue;
    change.token = {static_cast<uint16_t>(1 + read(kFarthestCopy - 1)),
                    static_cast<uint8_t>(says - 1)};
  }
}

}  // namespace nncpp
