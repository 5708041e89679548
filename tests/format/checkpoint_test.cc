// tests/format/checkpoint_test.cc -- the file of a run that stopped.
#include "src/format/checkpoint.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "src/base/memory_stream.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

using Octets = std::vector<uint8_t>;

CheckpointHead Head() {
  CheckpointHead head;
  head.direction = Direction::kDecompress;
  head.arithmetic = 0x1122334455667788;
  head.header = {1, 2, 3};
  head.blocks = 300;
  head.stored_blocks = 2;
  head.original_bytes = int64_t{1} << 40;
  head.link = ~uint64_t{0};
  head.original_hash = {5, 6};
  head.archive_bytes = 7;
  head.archive_hash = {8, 9};
  head.state_bytes = 10;
  head.states = 2;
  head.block = {4, 0, 4};
  return head;
}

Octets States() {
  Octets states(20);
  std::iota(states.begin(), states.end(), uint8_t{1});
  return states;
}

Octets Written() {
  MemorySink out;
  CheckpointWriter writer(out);
  writer.WriteHead(Head());
  writer.Write(std::span<const uint8_t>(States()).first(3));
  writer.Write(std::span<const uint8_t>(States()).subspan(3));
  writer.Finish();
  return out.Take();
}

void ReadAll(const Octets& bytes) {
  MemorySource in(bytes);
  CheckpointReader reader(in, "file");
  reader.ReadHead();
  Octets states(100);
  states.resize(static_cast<size_t>(reader.Read(states)));
  reader.Finish();
  EXPECT_EQ(states, States());
}

TEST(Checkpoint, IsReadAsItWasWritten) {
  const Octets bytes = Written();
  MemorySource in(bytes);
  CheckpointReader reader(in, "file");
  EXPECT_EQ(reader.ReadHead(), Head());
  EXPECT_EQ(reader.SizeHint(), 20);
  ReadAll(bytes);
}

TEST(Checkpoint, IsRefusedWhenTruncatedAnywhere) {
  const Octets bytes = Written();
  for (size_t length = 0; length < bytes.size(); ++length) {
    const Octets part(bytes.begin(),
                      bytes.begin() + static_cast<int64_t>(length));
    ExpectError(ErrorKind::kUsage, "file: ", [&] { ReadAll(part); });
  }
}

TEST(Checkpoint, IsRefusedWhenAnyBitIsFlipped) {
  const Octets bytes = Written();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Octets damaged = bytes;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    ExpectError(ErrorKind::kUsage, bit < 64 ? "is no checkpoint" : "is damaged",
                [&] { ReadAll(damaged); });
  }
}

TEST(Checkpoint, IsRefusedWhenSomethingFollows) {
  Octets bytes = Written();
  bytes.push_back(0);
  ExpectError(ErrorKind::kUsage, "is damaged", [&] { ReadAll(bytes); });
}

TEST(Checkpoint, IsRefusedWhenItIsOfAnotherVersion) {
  Octets bytes = Written();
  // Number, format and numerics are the first three bytes of the head.
  const size_t head = kCheckpointMagic.size() + 4;
  const size_t hash = bytes.size() - 16 - 20 - 16;
  for (const size_t field : {0u, 1u, 2u}) {
    Octets other = bytes;
    ++other[head + field];
    ByteWriter signature;
    const Hash128 right = HashBytes128(std::span(other.data(), hash));
    signature.U64(right.low);
    signature.U64(right.high);
    std::copy(signature.bytes().begin(), signature.bytes().end(),
              other.begin() + static_cast<int64_t>(hash));
    ExpectError(ErrorKind::kUsage, "another version", [&] { ReadAll(other); });
  }
}

}  // namespace
}  // namespace nncpp
