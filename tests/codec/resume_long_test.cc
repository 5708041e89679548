// tests/codec/resume_long_test.cc -- every way to damage a real checkpoint.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "src/base/error.h"
#include "src/format/checkpoint.h"
#include "tests/support/checkpoints.h"

namespace nncpp {
namespace {

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

// Whether reading the whole file refuses it.
bool IsRefused(const Octets& checkpoint) {
  MemorySource in(checkpoint);
  CheckpointReader reader(in, "file");
  try {
    reader.ReadHead();
    Octets states(1 << 16);
    while (reader.Read(states) > 0) {
    }
    reader.Finish();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::kUsage;
  }
  return false;
}

class DamagedCheckpoint : public ::testing::Test {
 protected:
  void ExpectRefused(const Octets& damaged, const std::string& how) {
    ++cases_;
    EXPECT_TRUE(IsRefused(damaged)) << how;
  }
  ~DamagedCheckpoint() override { RecordProperty("cases", cases_); }

  const Octets text_ = Alice(200);
  const Octets sound_ =
      RunUntil(Compressing(text_, TinyConfig()), 12)->checkpoint;
  const Octets other_ =
      RunUntil(Compressing(text_, TinyConfig()), 13)->checkpoint;
  int cases_ = 0;
};

TEST_F(DamagedCheckpoint, ByAnyBitIsRefused) {
  ASSERT_FALSE(IsRefused(sound_));
  for (size_t bit = 0; bit < sound_.size() * 8; ++bit) {
    Octets damaged = sound_;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    ExpectRefused(damaged, "bit " + std::to_string(bit));
  }
  EXPECT_GT(cases_, 100'000);
}

TEST_F(DamagedCheckpoint, ByTruncationOrExtensionIsRefused) {
  for (size_t length = 0; length < sound_.size(); ++length) {
    const Octets part(sound_.begin(),
                      sound_.begin() + static_cast<int64_t>(length));
    ExpectRefused(part, "length " + std::to_string(length));
  }
  Octets longer = sound_;
  for (int i = 0; i < 100; ++i) {
    longer.push_back(static_cast<uint8_t>(i));
    ExpectRefused(longer, "longer");
  }
}

TEST_F(DamagedCheckpoint, BySplicingIsRefused) {
  ASSERT_FALSE(IsRefused(other_));
  for (size_t at = 0; at <= std::min(sound_.size(), other_.size()); ++at) {
    Octets spliced(sound_.begin(), sound_.begin() + static_cast<int64_t>(at));
    spliced.insert(spliced.end(), other_.begin() + static_cast<int64_t>(at),
                   other_.end());
    if (spliced == sound_ || spliced == other_) continue;
    ExpectRefused(spliced, "at " + std::to_string(at));
  }
}

}  // namespace
}  // namespace nncpp
