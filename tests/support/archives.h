// tests/support/archives.h -- small archives of made-up blocks, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/format/archive.h"

namespace nncpp {

// One block as ArchiveWriter takes it and ArchiveReader gives it back.
struct TestBlock {
  BlockHeader header;
  std::vector<uint8_t> payload;
  bool operator==(const TestBlock&) const = default;
};

struct TestArchive {
  ArchiveHeader header;
  std::vector<TestBlock> blocks;
  Hash128 original_hash;
  bool part_follows = false;
  bool operator==(const TestArchive&) const = default;
};

// A block of made-up numbers; no model could decode the coded one.
TestBlock CodedBlock(int64_t symbols, int64_t payload_bytes, uint64_t seed);
TestBlock StoredBlock(const std::string& original, uint64_t digest);

// A coded and a stored block, then a coded one after which the model restarts.
TestArchive ThreeBlocks();

std::vector<uint8_t> WriteArchive(const TestArchive& archive);

// Throws what ArchiveReader throws.
TestArchive ReadArchive(const std::vector<uint8_t>& bytes);

}  // namespace nncpp
