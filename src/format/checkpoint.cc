// src/format/checkpoint.cc -- contract: checkpoint.h
#include "src/format/checkpoint.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/format/archive.h"

namespace nncpp {
namespace {

// Memory for the head is taken in steps of this, as the bytes arrive.
constexpr int64_t kHeadStepBytes = int64_t{1} << 20;
constexpr int64_t kHashBytes = 16;
constexpr int64_t kMaxHeaderRecordBytes = int64_t{1} << 27;

void WriteHash(const Hash128& hash, ByteWriter& out) {
  out.U64(hash.low);
  out.U64(hash.high);
}

Hash128 ReadHash(ByteReader& in) {
  Hash128 hash;
  hash.low = in.U64();
  hash.high = in.U64();
  return hash;
}

int64_t ReadAtMost(ByteReader& in, int64_t most) {
  const uint64_t value = in.Varint();
  if (value > static_cast<uint64_t>(most)) {
    throw Error(ErrorKind::kFormat, "a number is out of its range");
  }
  return static_cast<int64_t>(value);
}

std::vector<uint8_t> ReadString(ByteReader& in, int64_t most) {
  const auto bytes = in.Bytes(ReadAtMost(in, most));
  return {bytes.begin(), bytes.end()};
}

void WriteCount(int64_t count, ByteWriter& out) {
  out.Varint(static_cast<uint64_t>(count));
}

void WriteFields(const CheckpointHead& head, ByteWriter& out) {
  out.Varint(kCheckpointNumber);
  out.Varint(kFormatNumber);
  out.Varint(kNumericsNumber);
  out.U64(head.arithmetic);
  out.U8(static_cast<uint8_t>(head.direction));
  WriteCount(std::ssize(head.header), out);
  out.Bytes(head.header);
  WriteCount(head.blocks, out);
  WriteCount(head.stored_blocks, out);
  WriteCount(head.bytes_before, out);
  WriteCount(head.archive_before, out);
  WriteCount(head.original_bytes, out);
  out.U64(head.link);
  WriteHash(head.original_hash, out);
  WriteCount(head.archive_bytes, out);
  WriteHash(head.archive_hash, out);
  WriteCount(head.state_bytes, out);
  WriteCount(head.states, out);
  out.Bytes(head.block);
}

}  // namespace

void CheckpointWriter::WriteHead(const CheckpointHead& head) {
  ByteWriter fields;
  WriteFields(head, fields);
  NNCPP_CHECK(std::ssize(fields.bytes()) <= kMaxCheckpointHeadBytes);
  ByteWriter record;
  record.Bytes(kCheckpointMagic);
  record.U32(static_cast<uint32_t>(fields.bytes().size()));
  record.Bytes(fields.bytes());
  WriteHash(HashBytes128(record.bytes()), record);
  hasher_.Update(record.bytes());
  out_.Write(record.bytes());
  left_ = head.state_bytes * head.states;
}

void CheckpointWriter::Write(std::span<const uint8_t> bytes) {
  NNCPP_CHECK(std::ssize(bytes) <= left_);
  left_ -= std::ssize(bytes);
  hasher_.Update(bytes);
  out_.Write(bytes);
}

void CheckpointWriter::Finish() {
  NNCPP_CHECK(left_ == 0);
  ByteWriter hash;
  WriteHash(hasher_.Digest(), hash);
  out_.Write(hash.bytes());
}

CheckpointReader::CheckpointReader(Source& in, std::string name)
    : in_(in), name_(std::move(name)) {}

const CheckpointHead& CheckpointReader::ReadHead() {
  std::vector<uint8_t> record(kCheckpointMagic.size() + 4);
  const int64_t count = in_.Read(record);
  if (count < std::ssize(kCheckpointMagic) ||
      !std::equal(kCheckpointMagic.begin(), kCheckpointMagic.end(),
                  record.begin())) {
    Refuse("is no checkpoint; name the file that --checkpoint has written");
  }
  if (count != std::ssize(record)) RefuseDamaged();
  ByteReader length_field(
      std::span<const uint8_t>(record).subspan(kCheckpointMagic.size()));
  const int64_t length = length_field.U32();
  if (length > kMaxCheckpointHeadBytes) RefuseDamaged();
  const auto first = std::ssize(record);
  for (int64_t done = 0; done < length;) {
    const int64_t step = std::min(length - done, kHeadStepBytes);
    record.resize(static_cast<size_t>(first + done + step));
    ReadFully(std::span(record).subspan(static_cast<size_t>(first + done)));
    done += step;
  }
  std::array<uint8_t, kHashBytes> hash = {};
  ReadFully(hash);
  ByteReader hash_field(hash);
  if (ReadHash(hash_field) != HashBytes128(record)) RefuseDamaged();
  hasher_.Update(record);
  hasher_.Update(hash);
  ByteReader fields(
      std::span<const uint8_t>(record).subspan(static_cast<size_t>(first)));
  try {
    ParseHead(fields);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFormat) throw;
    RefuseDamaged();
  }
  left_ = head_.state_bytes * head_.states;
  return head_;
}

void CheckpointReader::ParseHead(ByteReader& fields) {
  const uint64_t number = fields.Varint();
  const uint64_t format = fields.Varint();
  const uint64_t numerics = fields.Varint();
  if (number != kCheckpointNumber || format != kFormatNumber ||
      numerics != kNumericsNumber) {
    Refuse(
        "is of another version of nncpp; continue with the one that made "
        "it");
  }
  head_.arithmetic = fields.U64();
  const uint8_t direction = fields.U8();
  if (direction != static_cast<uint8_t>(Direction::kCompress) &&
      direction != static_cast<uint8_t>(Direction::kDecompress)) {
    RefuseDamaged();
  }
  head_.direction = static_cast<Direction>(direction);
  head_.header = ReadString(fields, kMaxHeaderRecordBytes);
  head_.blocks = ReadAtMost(fields, kMaxOriginalBytes);
  head_.stored_blocks = ReadAtMost(fields, head_.blocks);
  head_.bytes_before = ReadAtMost(fields, kMaxOriginalBytes);
  head_.archive_before = ReadAtMost(fields, 2 * kMaxOriginalBytes);
  head_.original_bytes = ReadAtMost(fields, kMaxOriginalBytes);
  head_.link = fields.U64();
  head_.original_hash = ReadHash(fields);
  head_.archive_bytes = ReadAtMost(fields, 2 * kMaxOriginalBytes);
  head_.archive_hash = ReadHash(fields);
  head_.state_bytes = ReadAtMost(fields, kMaxStateBytes);
  head_.states = ReadAtMost(fields, 2);
  const auto block = fields.Bytes(fields.remaining());
  head_.block.assign(block.begin(), block.end());
}

int64_t CheckpointReader::Read(std::span<uint8_t> bytes) {
  const auto most =
      static_cast<size_t>(std::min(left_, static_cast<int64_t>(bytes.size())));
  ReadFully(bytes.first(most));
  hasher_.Update(bytes.first(most));
  left_ -= static_cast<int64_t>(most);
  return static_cast<int64_t>(most);
}

void CheckpointReader::Finish() {
  std::array<uint8_t, kHashBytes> hash = {};
  uint8_t beyond = 0;
  if (left_ != 0) RefuseDamaged();
  ReadFully(hash);
  ByteReader field(hash);
  if (ReadHash(field) != hasher_.Digest() || in_.Read({&beyond, 1}) != 0) {
    RefuseDamaged();
  }
}

void CheckpointReader::ReadFully(std::span<uint8_t> bytes) {
  if (in_.Read(bytes) != std::ssize(bytes)) RefuseDamaged();
}

void CheckpointReader::Refuse(const std::string& what) const {
  throw Error(ErrorKind::kUsage, name_ + ": " + what);
}

void CheckpointReader::RefuseDamaged() const {
  Refuse("the checkpoint is damaged; start anew with -f and without --resume");
}

}  // namespace nncpp
