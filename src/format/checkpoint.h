// src/format/checkpoint.h -- a run that stopped, as docs/format.md has it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/stream.h"

namespace nncpp {

inline constexpr std::array<uint8_t, 8> kCheckpointMagic = {
    0x91, 'N', 'N', 'C', 'K', '\r', '\n', 0x1A};

// Raised with every change of the layout or of a model's state.
inline constexpr uint64_t kCheckpointNumber = 5;

// Limits that a reader checks before it takes memory.
inline constexpr int64_t kMaxCheckpointHeadBytes = int64_t{1} << 28;
inline constexpr int64_t kMaxStateBytes = int64_t{1} << 48;

enum class Direction : uint8_t { kCompress = 1, kDecompress = 2 };

// All but the states of the models, which follow it.
struct CheckpointHead {
  Direction direction = Direction::kCompress;
  uint64_t arithmetic = 0;      // what the self-test computes
  std::vector<uint8_t> header;  // of the archive, from magic to check
  int64_t blocks = 0;           // finished
  int64_t stored_blocks = 0;    // of these
  int64_t bytes_before = 0;     // of the original, in the finished parts
  int64_t archive_before = 0;   // bytes of their archives
  int64_t original_bytes = 0;   // of the finished blocks
  // L of docs/format.md after the finished blocks and, when decompressing,
  // after the header of the block at work.
  uint64_t link = 0;
  // The first original_bytes of the original (of a chained part: with all that
  // comes before it), and the block at work where it is known.
  Hash128 original_hash;
  int64_t archive_bytes = 0;   // written so far; 0 when decompressing
  Hash128 archive_hash;        // of them
  int64_t state_bytes = 0;     // of one state
  int64_t states = 0;          // 1, or 2: the second is from before the block
  std::vector<uint8_t> block;  // at work, the codec's business; empty: none
  bool operator==(const CheckpointHead&) const = default;
};

// Calls come in the order of the file: WriteHead, Write with head.states states
// in pieces of any size, Finish. Errors: kIo from the sink.
class CheckpointWriter : public Sink {
 public:
  // `out` must outlive the writer.
  explicit CheckpointWriter(Sink& out) : out_(out) {}

  void WriteHead(const CheckpointHead& head);
  void Write(std::span<const uint8_t> bytes) override;
  void Finish();

 private:
  Sink& out_;
  StreamHasher hasher_;
  int64_t left_ = 0;  // bytes of states
};

// ReadHead, then Read delivers the states, then Finish, which must come before
// anything is believed that the states say. Errors: kIo from the source;
// kUsage "NAME: ..." for a file that is damaged, is no checkpoint, or is of
// another version.
class CheckpointReader : public Source {
 public:
  // `in` must outlive the reader. `name` is for messages.
  CheckpointReader(Source& in, std::string name);

  const CheckpointHead& ReadHead();
  int64_t Read(std::span<uint8_t> bytes) override;
  int64_t SizeHint() const override { return left_; }
  void Finish();

  const CheckpointHead& head() const { return head_; }

  // Throws Error(kUsage) "NAME: <what>".
  [[noreturn]] void Refuse(const std::string& what) const;
  [[noreturn]] void RefuseDamaged() const;

 private:
  void ReadFully(std::span<uint8_t> bytes);
  void ParseHead(ByteReader& fields);

  Source& in_;
  std::string name_;
  StreamHasher hasher_;
  CheckpointHead head_;
  int64_t left_ = 0;  // bytes of states
};

}  // namespace nncpp
