// tests/fuzz/checkpoint_fuzz.cc -- resuming from hostile checkpoints.
//
// An input changes a sound checkpoint of a tiny run: its first byte chooses
// which, then four bytes each are a change: where (0 head, 1 state, 2 the end
// of the head is cut, 3 the whole file, after its hashes were made right), an
// offset of two bytes, and a value that is XORed. So inputs stay small, and fit
// however the layout changes. The bytes are also read as a checkpoint
// themselves.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/format/checkpoint.h"
#include "tests/support/checkpoints.h"

namespace nncpp {
namespace {

constexpr size_t kFixedBytes = 12;  // magic and length
constexpr size_t kHashBytes = 16;

struct Fixture {
  CodecRun run;
  CutRun sound;
};

ModelConfig TinyConfig() {
  ModelConfig config = ProfileConfig("tiny");
  config.block_symbols = 64;
  config.streams = 2;
  config.stream_symbols = 20;
  config.steps = 4;
  config.cells = 3;
  config.ngram_bits = 4;
  return config;
}

const std::vector<Fixture>& Fixtures() {
  static const std::vector<Fixture> fixtures = [] {
    std::vector<Fixture> made;
    Octets text;
    for (int i = 0; i < 150; ++i) {
      text.push_back(static_cast<uint8_t>('a' + i % 7 * (i % 3)));
    }
    const CodecRun compress = Compressing(text, TinyConfig());
    const CodecRun decompress =
        Decompressing(CompressBytes(text, TinyConfig()));
    for (const int64_t cut : {0, 4, 9, 12}) {
      made.push_back({compress, *RunUntil(compress, cut)});
      made.push_back({decompress, *RunUntil(decompress, cut)});
    }
    return made;
  }();
  return fixtures;
}

void AppendHash(Octets& bytes) {
  ByteWriter hash;
  const Hash128 right = HashBytes128(bytes);
  hash.U64(right.low);
  hash.U64(right.high);
  bytes.insert(bytes.end(), hash.bytes().begin(), hash.bytes().end());
}

Octets Signed(const Octets& head, const Octets& states) {
  ByteWriter record;
  record.Bytes(kCheckpointMagic);
  record.U32(static_cast<uint32_t>(head.size()));
  record.Bytes(head);
  Octets bytes = record.Take();
  AppendHash(bytes);
  bytes.insert(bytes.end(), states.begin(), states.end());
  AppendHash(bytes);
  return bytes;
}

void Change(Octets& bytes, size_t offset, uint8_t value) {
  if (!bytes.empty()) bytes[offset % bytes.size()] ^= value;
}

Octets Changed(const Octets& sound, const uint8_t* data, size_t size) {
  const size_t length = sound[8] | sound[9] << 8 | sound[10] << 16;
  const auto head_end = sound.begin() + static_cast<int64_t>(kFixedBytes) +
                        static_cast<int64_t>(length);
  Octets head(sound.begin() + kFixedBytes, head_end);
  Octets states(head_end + kHashBytes, sound.end() - kHashBytes);
  for (size_t i = 0; i + 4 <= size; i += 4) {
    const size_t offset = data[i + 1] | data[i + 2] << 8;
    if (data[i] % 4 == 0) Change(head, offset, data[i + 3]);
    if (data[i] % 4 == 1) Change(states, offset, data[i + 3]);
    if (data[i] % 4 == 2 && offset < head.size()) head.resize(offset);
  }
  Octets bytes = Signed(head, states);
  for (size_t i = 0; i + 4 <= size; i += 4) {
    if (data[i] % 4 != 3) continue;
    Change(bytes, static_cast<size_t>(data[i + 1] | data[i + 2] << 8),
           data[i + 3]);
  }
  return bytes;
}

void GoOn(const Fixture& fixture, const Octets& checkpoint) {
  try {
    Resume(fixture.run, {checkpoint, fixture.sound.output});
  } catch (const Error& error) {
    // A changed state may decode to something else, which is noticed.
    NNCPP_CHECK(error.kind() == ErrorKind::kUsage ||
                error.kind() == ErrorKind::kNumerics ||
                error.kind() == ErrorKind::kFormat);
  }
}

}  // namespace
}  // namespace nncpp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const nncpp::Octets bytes(data, data + size);
  try {
    nncpp::MemorySource in(bytes);
    nncpp::SummaryOfCheckpoint(in, "input");
  } catch (const nncpp::Error& error) {
    NNCPP_CHECK(error.kind() == nncpp::ErrorKind::kUsage);
  }
  if (size == 0 || size > 400) return 0;
  const auto& fixtures = nncpp::Fixtures();
  const nncpp::Fixture& fixture = fixtures[data[0] % fixtures.size()];
  nncpp::GoOn(fixture,
              nncpp::Changed(fixture.sound.checkpoint, data + 1, size - 1));
  return 0;
}
