// tests/base/bytes_test.cc -- fields in byte strings.
#include "src/base/bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/support/errors.h"

namespace nncpp {
namespace {

std::vector<uint8_t> VarintBytes(uint64_t value) {
  ByteWriter writer;
  writer.Varint(value);
  return writer.Take();
}

TEST(Bytes, AreLittleEndian) {
  ByteWriter writer;
  writer.U8(0x01);
  writer.U16(0x0203);
  writer.U32(0x04050607);
  writer.U64(0x08090A0B0C0D0E0F);
  const std::vector<uint8_t> expected = {0x01, 0x03, 0x02, 0x07, 0x06,
                                         0x05, 0x04, 0x0F, 0x0E, 0x0D,
                                         0x0C, 0x0B, 0x0A, 0x09, 0x08};
  EXPECT_EQ(writer.bytes(), expected);
}

TEST(Bytes, ComeBackAsTheyWereWritten) {
  ByteWriter writer;
  const std::vector<uint8_t> tail = {9, 8, 7};
  writer.U8(0xFF);
  writer.U16(0xFEDC);
  writer.U32(0xFEDCBA98);
  writer.U64(0xFEDCBA9876543210);
  writer.Bytes(tail);
  const std::vector<uint8_t> bytes = writer.Take();
  ByteReader reader(bytes);
  EXPECT_EQ(reader.U8(), 0xFF);
  EXPECT_EQ(reader.U16(), 0xFEDC);
  EXPECT_EQ(reader.U32(), 0xFEDCBA98);
  EXPECT_EQ(reader.U64(), 0xFEDCBA9876543210);
  EXPECT_EQ(reader.position(), 15);
  EXPECT_EQ(reader.remaining(), 3);
  const auto rest = reader.Bytes(3);
  EXPECT_EQ(std::vector<uint8_t>(rest.begin(), rest.end()), tail);
  EXPECT_EQ(reader.remaining(), 0);
}

TEST(Varint, TakesSevenBitsAByte) {
  EXPECT_EQ(VarintBytes(0), (std::vector<uint8_t>{0x00}));
  EXPECT_EQ(VarintBytes(127), (std::vector<uint8_t>{0x7F}));
  EXPECT_EQ(VarintBytes(128), (std::vector<uint8_t>{0x80, 0x01}));
  EXPECT_EQ(VarintBytes(300), (std::vector<uint8_t>{0xAC, 0x02}));
  EXPECT_EQ(VarintBytes(UINT64_MAX).size(), 10u);
}

TEST(Varint, ComesBackForEveryLength) {
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t power = uint64_t{1} << bit;
    for (const uint64_t value : {power - 1, power, power + 1, ~power}) {
      const std::vector<uint8_t> bytes = VarintBytes(value);
      ByteReader reader(bytes);
      EXPECT_EQ(reader.Varint(), value);
      EXPECT_EQ(reader.remaining(), 0);
    }
  }
}

TEST(Varint, IsRefusedWhenItIsLongerThanItMustBe) {
  for (const std::vector<uint8_t>& bytes :
       {std::vector<uint8_t>{0x80, 0x00}, {0xFF, 0x80, 0x00}}) {
    ExpectError(ErrorKind::kFormat, "longer than it must be",
                [&] { ByteReader(bytes).Varint(); });
  }
}

TEST(Varint, IsRefusedBeyond64Bits) {
  std::vector<uint8_t> bytes(9, 0xFF);
  bytes.push_back(0x02);
  ExpectError(ErrorKind::kFormat, "64 bits",
              [&] { ByteReader(bytes).Varint(); });
  bytes.back() = 0x81;
  bytes.push_back(0x01);
  ExpectError(ErrorKind::kFormat, "64 bits",
              [&] { ByteReader(bytes).Varint(); });
}

TEST(ByteReader, RefusesToReadPastTheEnd) {
  const std::vector<uint8_t> bytes = {0x80, 0x80, 0x80};
  const auto reader = [&] { return ByteReader(bytes); };
  const auto refuses = [](auto&& act) {
    ExpectError(ErrorKind::kFormat, "past the end", act);
  };
  refuses([&] { reader().U32(); });
  refuses([&] { reader().U64(); });
  refuses([&] { reader().Varint(); });
  refuses([&] { reader().Bytes(4); });
  refuses([&] { reader().Bytes(-1); });
  refuses([&] { reader().Bytes(INT64_MAX); });
  refuses([] { ByteReader({}).U8(); });
  EXPECT_TRUE(ByteReader({}).Bytes(0).empty());
}

}  // namespace
}  // namespace nncpp
