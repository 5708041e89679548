// tests/format/payload_test.cc -- streams in and out of a payload.
#include "src/format/payload.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "src/base/bytes.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

using Streams = std::vector<std::vector<uint8_t>>;

Streams Split(const std::vector<uint8_t>& payload, int64_t streams) {
  Streams parts;
  for (const auto part : SplitStreams(payload, streams)) {
    parts.emplace_back(part.begin(), part.end());
  }
  return parts;
}

TEST(Streams, ComeBackAsTheyWereJoined) {
  for (const Streams& streams :
       {Streams{{1, 2, 3}}, Streams{{}}, Streams{{1}, {2, 3}, {}, {4}},
        Streams{{}, {}, {}}, Streams{{1}, {}},
        Streams{std::vector<uint8_t>(1000, 7), {8}}}) {
    const std::vector<uint8_t> payload = JoinStreams(streams);
    EXPECT_EQ(Split(payload, std::ssize(streams)), streams);
  }
}

TEST(Streams, TakeALengthEachButTheLast) {
  const Streams streams = {{10, 11}, {20}, {30, 31, 32}};
  const std::vector<uint8_t> expected = {2, 1, 10, 11, 20, 30, 31, 32};
  EXPECT_EQ(JoinStreams(streams), expected);
}

TEST(Streams, WithoutTheirLengthsAreRefused) {
  ExpectError(ErrorKind::kFormat, "are missing", [] { Split({0, 0}, 4); });
  ExpectError(ErrorKind::kFormat, "are missing", [] {
    Split({0, 0}, INT64_MAX);
  });
  ExpectError(ErrorKind::kFormat, "past the end", [] {
    Split({0x80, 0x80}, 3);
  });
}

TEST(Streams, CannotRunPastTheirPayload) {
  for (const std::vector<uint8_t>& payload :
       {std::vector<uint8_t>{1}, {3, 1, 2}, {0x7F, 1, 2}}) {
    ExpectError(ErrorKind::kFormat, "past its block",
                [&] { Split(payload, 2); });
  }
  ByteWriter overflowing;
  overflowing.Varint(uint64_t{1} << 63);
  overflowing.Varint(uint64_t{1} << 63);
  ExpectError(ErrorKind::kFormat, "past its block",
              [&] { Split(overflowing.bytes(), 3); });
}

// Any bytes split in one way at most, and that way joins to the same bytes.
TEST(Streams, HaveOneSpelling) {
  std::vector<uint8_t> payload(3);
  for (int bits = 0; bits < 1 << 12; ++bits) {
    for (int i = 0; i < 3; ++i) {
      const int nibble = (bits >> (4 * i)) & 15;
      payload[static_cast<size_t>(i)] =
          static_cast<uint8_t>((nibble & 7) | ((nibble & 8) << 4));
    }
    try {
      EXPECT_EQ(JoinStreams(Split(payload, 2)), payload);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kFormat);
    }
  }
}

}  // namespace
}  // namespace nncpp
