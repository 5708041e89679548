// tests/base/memory_stream_test.cc -- streams in memory.
#include "src/base/memory_stream.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

namespace nncpp {
namespace {

TEST(MemorySource, DeliversLessOnlyAtItsEnd) {
  const std::vector<uint8_t> bytes = {1, 2, 3};
  MemorySource source(bytes);
  std::array<uint8_t, 2> part = {};
  EXPECT_EQ(source.SizeHint(), 3);
  EXPECT_EQ(source.Read(part), 2);
  EXPECT_EQ(part, (std::array<uint8_t, 2>{1, 2}));
  EXPECT_EQ(source.SizeHint(), 1);
  EXPECT_EQ(source.Read(part), 1);
  EXPECT_EQ(part[0], 3);
  EXPECT_EQ(source.Read(part), 0);
  EXPECT_EQ(source.SizeHint(), 0);
}

TEST(MemorySource, MayHideItsSize) {
  const std::vector<uint8_t> bytes = {1, 2, 3};
  EXPECT_EQ(MemorySource(bytes, /*size_known=*/false).SizeHint(), -1);
}

TEST(MemorySink, KeepsWhatItTook) {
  const std::vector<uint8_t> bytes = {1, 2, 3};
  MemorySink sink;
  sink.Write(bytes);
  sink.Write({});
  sink.Write(bytes);
  EXPECT_EQ(sink.bytes(), (std::vector<uint8_t>{1, 2, 3, 1, 2, 3}));
  EXPECT_EQ(sink.Take().size(), 6u);
  EXPECT_TRUE(sink.bytes().empty());
}

TEST(NullSink, TakesEverything) {
  const std::vector<uint8_t> bytes = {1, 2, 3};
  NullSink().Write(bytes);
}

}  // namespace
}  // namespace nncpp
