// tests/base/head_source_test.cc -- what was peeked at is delivered once.
#include "src/base/head_source.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "src/base/memory_stream.h"

namespace nncpp {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Next(Source& in, size_t count) {
  Bytes bytes(count);
  bytes.resize(static_cast<size_t>(in.Read(bytes)));
  return bytes;
}

TEST(HeadSource, DeliversEverythingOnceWhateverWasPeekedAt) {
  const Bytes all = {1, 2, 3, 4, 5, 6, 7};
  for (const bool size_known : {true, false}) {
    for (int64_t peeked = 0; peeked <= 9; ++peeked) {
      for (size_t step = 1; step <= 8; ++step) {
        MemorySource memory(all, size_known);
        HeadSource in(memory);
        const auto head = in.Peek(peeked);
        EXPECT_EQ(
            Bytes(head.begin(), head.end()),
            Bytes(all.begin(), all.begin() + std::min<int64_t>(peeked, 7)));
        Bytes read;
        for (Bytes next = Next(in, step); !next.empty();
             next = Next(in, step)) {
          read.insert(read.end(), next.begin(), next.end());
          const int64_t rest = std::ssize(all) - std::ssize(read);
          EXPECT_EQ(in.SizeHint(), size_known ? rest : -1);
        }
        EXPECT_EQ(read, all);
      }
    }
  }
}

TEST(HeadSource, CanBePeekedAtAgainAtAnyPlace) {
  const Bytes all = {1, 2, 3, 4, 5, 6, 7};
  for (const bool size_known : {true, false}) {
    for (size_t first = 0; first <= 7; ++first) {
      for (int64_t peeked = 0; peeked <= 8; ++peeked) {
        MemorySource memory(all, size_known);
        HeadSource in(memory);
        in.Peek(3);
        const Bytes read = Next(in, first);
        const auto head = in.Peek(peeked);
        const auto begin = all.begin() + static_cast<int64_t>(first);
        const auto most = std::min<int64_t>(peeked, all.end() - begin);
        EXPECT_EQ(Bytes(head.begin(), head.end()), Bytes(begin, begin + most));
        EXPECT_EQ(Next(in, 100), Bytes(begin, all.end()));
      }
    }
  }
}

TEST(HeadSource, KnowsItsSizeAfterAPeek) {
  const Bytes all(10);
  MemorySource memory(all);
  HeadSource in(memory);
  EXPECT_EQ(in.SizeHint(), 10);
  in.Peek(4);
  EXPECT_EQ(in.SizeHint(), 10);
}

}  // namespace
}  // namespace nncpp
