// preproc/deflated_stream.h -- deflated data as what it holds and how zlib
// makes it of that, with what another program did otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "preproc/deflate_tokens.h"
#include "preproc/zlib_tokens.h"
#include "src/base/bytes.h"
#include "src/base/error.h"

namespace nncpp {

// Which blocks there are. The values are part of the format (docs/format.md,
// "Streams").
enum class StreamEnding : uint8_t {
  kFinish = 0,   // zlib's: full ones, then the last
  kPartial = 1,  // the same by Z_PARTIAL_FLUSH, then an empty last block
  kListed = 2,   // others
  kCut = 3,      // others, without what follows them
};

// How a block of a list says its tokens.
enum class BlockForm : uint8_t {
  kAsZlib = 0,      // with the fixed code or its own, as zlib would
  kStored = 1,      // as bytes
  kFixed = 2,       // with the fixed code
  kZlibCodes = 3,   // with a code of its own, as zlib would make it
  kGivenCodes = 4,  // with another
};
inline constexpr BlockForm kLastBlockForm = BlockForm::kGivenCodes;

struct ListedBlock {
  int64_t count = 0;  // tokens, or bytes
  BlockForm form = BlockForm::kAsZlib;
  bool last = false;  // it says so
  bool whole = true;  // else it has no end: the last one of kCut
  BitString header;   // of kGivenCodes
};

// A token that is not what zlib would make.
struct TokenChange {
  int64_t after = 0;  // tokens since the last change
  // A literal's value is that of the data.
  DeflateToken token = {};
};

struct StreamCode {
  ZlibSettings settings;
  StreamEnding ending = StreamEnding::kFinish;
  std::vector<ListedBlock> blocks;  // of kListed and kCut
  std::vector<TokenChange> changes;
};

// Finds how streams come about.
class StreamCoder {
 public:
  struct Hint {
    int window_bits = 15;
    int level = 6;  // the first to try
  };

  // As near to zlib as there are settings. DeflateAgain() of the code and
  // read.data is what was read, whole bytes of it, unless the code would be
  // longer than that.
  // REQUIRES: there are blocks, MostBlocks() of the data at most.
  StreamCode Code(const DeflatedData& read, const Hint& hint);

 private:
  // After so many streams that no settings make, those of the last one
  // alone are tried: the file is another program's.
  static constexpr int kMostMissed = 8;

  ZlibSettings Choose(const DeflatedData& read, const Hint& hint);

  ZlibTables tables_;
  ZlibSettings last_;
  int missed_ = 0;
};

// The deflated data. Throws Error(kFormat) for a code that is none of this
// data, or of more than `most` bytes.
std::vector<uint8_t> DeflateAgain(std::span<const uint8_t> data,
                                  const StreamCode& code, int64_t most,
                                  ZlibTables& tables);

// For what an archive says of a stream and cannot be: kFormat.
Error NoStream();

// What stands for blocks and changes in the list of streams.
void WriteDetails(const StreamCode& code, ByteWriter& out);
// Into the code, whose ending is known, of `size` bytes. Throws Error(kFormat).
void ReadDetails(ByteReader& in, int64_t size, StreamCode& code);

// Blocks that data of so many bytes may have in a list.
int64_t MostBlocks(int64_t size);

}  // namespace nncpp
