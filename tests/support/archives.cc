// tests/support/archives.cc -- contract: archives.h
#include "tests/support/archives.h"

#include "src/base/hash.h"
#include "src/base/memory_stream.h"
#include "src/format/archive_reader.h"
#include "src/format/archive_writer.h"

namespace nncpp {

TestBlock CodedBlock(int64_t symbols, int64_t payload_bytes, uint64_t seed) {
  TestBlock block;
  block.header.kind = BlockKind::kCoded;
  block.header.symbols = symbols;
  block.header.original_bytes = symbols;
  block.header.original_hash = HashBytes64({}, seed);
  block.header.model_digest = HashBytes64({}, seed + 1);
  for (int64_t i = 0; i < payload_bytes; ++i) {
    block.payload.push_back(
        static_cast<uint8_t>(HashBytes64({}, seed + static_cast<uint64_t>(i))));
  }
  return block;
}

TestBlock StoredBlock(const std::string& original, uint64_t digest) {
  TestBlock block;
  block.header.kind = BlockKind::kStored;
  block.header.original_bytes = static_cast<int64_t>(original.size());
  block.header.model_digest = digest;
  block.payload.assign(original.begin(), original.end());
  block.header.original_hash = HashBytes64(block.payload);
  return block;
}

TestArchive ThreeBlocks() {
  TestArchive archive;
  archive.header.config = {1, 2, 3};
  archive.blocks = {CodedBlock(300, 20, 100), StoredBlock("stored", 7),
                    CodedBlock(40, 11, 200)};
  archive.blocks.back().header.model_restarts = true;
  archive.header.original_bytes = 346;
  archive.original_hash = {3, 4};
  return archive;
}

std::vector<uint8_t> WriteArchive(const TestArchive& archive) {
  MemorySink sink;
  ArchiveWriter writer(sink);
  writer.WriteHeader(archive.header);
  for (const TestBlock& block : archive.blocks) {
    writer.WriteBlock(block.header, block.payload);
  }
  writer.WriteEnd(archive.original_hash, archive.part_follows);
  return sink.Take();
}

TestArchive ReadArchive(const std::vector<uint8_t>& bytes) {
  MemorySource source(bytes);
  ArchiveReader reader(source);
  TestArchive archive;
  archive.header = reader.ReadHeader();
  while (reader.NextBlock() != BlockKind::kEnd) {
    const auto payload = reader.payload();
    archive.blocks.push_back(
        {reader.block(), {payload.begin(), payload.end()}});
  }
  archive.original_hash = reader.end().original_hash;
  archive.part_follows = reader.end().part_follows;
  return archive;
}

}  // namespace nncpp
