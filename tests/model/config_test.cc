// tests/model/config_test.cc -- how a header spells a configuration.
#include "src/model/config.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "src/base/bytes.h"
#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Written(const ModelConfig& config) {
  ByteWriter out;
  WriteConfig(config, out);
  return out.Take();
}

ModelConfig Parsed(const Bytes& bytes) {
  ByteReader in(bytes);
  return ParseConfig(in);
}

void ExpectRefused(const Bytes& bytes, ErrorKind kind,
                   const std::string& part) {
  ExpectError(kind, part, [&] { Parsed(bytes); });
}

// A field's place in the order of the archive.
int PlaceOf(const std::string& name) {
  int place = 0;
  while (ConfigFields().at(static_cast<size_t>(place)).name != name) ++place;
  return place;
}

// `present` and then what `write` writes.
Bytes Spelt(uint64_t present, const std::function<void(ByteWriter&)>& write) {
  ByteWriter out;
  out.Varint(present);
  write(out);
  return out.Take();
}

uint64_t Bit(const std::string& name) { return uint64_t{1} << PlaceOf(name); }

TEST(WrittenConfig, ComesBackForEveryProfile) {
  for (const std::string& name : ProfileNames()) {
    for (const int64_t bytes : {0, 1000, 1 << 24}) {
      ModelConfig config = ProfileConfig(name);
      FitTables(bytes, 0, config);
      EXPECT_EQ(Parsed(Written(config)), config) << name;
    }
  }
}

TEST(WrittenConfig, OfTheDefaultsIsOneByte) {
  EXPECT_EQ(Written(ArchiveDefaults()), Bytes{0});
  EXPECT_EQ(Parsed({0}), ArchiveDefaults());
}

TEST(WrittenConfig, HasTheBytesOfTheDocument) {
  ModelConfig config = ArchiveDefaults();
  config.alphabet = 300;
  config.clip = 2;
  config.seed = 1;
  EXPECT_EQ(Written(config), (Bytes{0x81, 0x80, 0x88, 0x80, 0x80, 0x80, 0x01,
                                    0xAC, 0x02, 0, 0, 0, 0x40, 1}));
}

// Each field alone, a real with a value next to its default.
TEST(WrittenConfig, ComesBackWhicheverFieldDiffers) {
  for (const ConfigField& field : ConfigFields()) {
    ModelConfig config = ArchiveDefaults();
    if (field.whole != nullptr) {
      const bool least = config.*field.whole == field.minimum;
      config.*field.whole =
          static_cast<int64_t>(least ? field.maximum : field.minimum);
    } else if (field.real != nullptr) {
      auto& real = config.*field.real;
      real = std::bit_cast<float>(std::bit_cast<uint32_t>(real) ^ 1);
    } else {
      config.*field.bits = ~uint64_t{0};
    }
    const Bytes bytes = Written(config);
    EXPECT_EQ(Parsed(bytes), config) << field.name;
    for (size_t size = 0; size < bytes.size(); ++size) {
      ExpectRefused({bytes.begin(), bytes.begin() + static_cast<long>(size)},
                    ErrorKind::kFormat, "runs past the end");
    }
    Bytes longer = bytes;
    longer.push_back(0);
    ExpectRefused(longer, ErrorKind::kFormat, "bytes follow");
  }
}

TEST(WrittenConfig, TellsTheSignsOfZero) {
  ModelConfig config = ArchiveDefaults();
  config.dropout = 0;
  ModelConfig negative = config;
  negative.dropout = -0.0f;
  EXPECT_NE(Written(config), Written(negative));
  EXPECT_EQ(Written(Parsed(Written(negative))), Written(negative));
}

TEST(HostileConfig, WithADefaultSpeltOutIsDamaged) {
  const ModelConfig defaults = ArchiveDefaults();
  uint64_t bit = 1;
  for (const ConfigField& field : ConfigFields()) {
    const Bytes bytes = Spelt(bit, [&](ByteWriter& out) {
      if (field.whole != nullptr) {
        out.Varint(static_cast<uint64_t>(defaults.*field.whole));
      } else if (field.real != nullptr) {
        out.U32(std::bit_cast<uint32_t>(defaults.*field.real));
      } else {
        out.Varint(defaults.*field.bits);
      }
    });
    ExpectRefused(bytes, ErrorKind::kFormat,
                  std::string(field.name) + " stands in the header although");
    bit <<= 1;
  }
}

TEST(HostileConfig, WithAnUnknownFieldIsUnsupported) {
  for (size_t bit = ConfigFields().size(); bit < 64; ++bit) {
    ExpectRefused(Spelt(uint64_t{1} << bit, [](ByteWriter&) {}),
                  ErrorKind::kUnsupported, "fields that this program does not");
  }
  ExpectRefused({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02},
                ErrorKind::kFormat, "exceeds 64 bits");
}

TEST(HostileConfig, WithANumberLongerThanItMustBeIsDamaged) {
  ExpectRefused({0x80, 0x00}, ErrorKind::kFormat, "longer than it must be");
  ExpectRefused({0x10, 0x90, 0x00}, ErrorKind::kFormat,
                "longer than it must be");
}

TEST(HostileConfig, WithAValueOutOfRangeIsUnsupported) {
  const auto whole = [](const std::string& name, uint64_t value) {
    ExpectRefused(Spelt(Bit(name), [&](ByteWriter& out) { out.Varint(value); }),
                  ErrorKind::kUnsupported, name + " is out of range");
  };
  whole("cells", 0);
  whole("cells", 8193);
  whole("cells", uint64_t{1} << 40);
  whole("cells", (uint64_t{1} << 40) + 96);
  whole("cells", ~uint64_t{0});
  const auto real = [](const std::string& name, uint32_t bits) {
    ExpectRefused(Spelt(Bit(name), [&](ByteWriter& out) { out.U32(bits); }),
                  ErrorKind::kUnsupported, name + " is out of range");
  };
  real("clip", 0);
  real("dropout", 0x7FC00000);  // not a number
  real("dropout", 0xBF000000);  // -0.5
}

TEST(HostileConfig, WithNothingToPredictWithIsUnsupported) {
  ExpectRefused(Spelt(Bit("layers") | Bit("mixing"),
                      [](ByteWriter& out) {
                        out.Bytes(Bytes{0, 0});
                      }),
                ErrorKind::kUnsupported, "nothing to predict with");
}

TEST(HostileConfig, WithModelsOfFilesNeedsBytesOfOneStreamThatAreMixed) {
  for (const auto& [field, value] : {std::pair{&ModelConfig::jpeg, 1},
                                     {&ModelConfig::samples, 1},
                                     {&ModelConfig::samples, 2}}) {
    for (auto change : {+[](ModelConfig& c) { c.mixing = 1; },
                        +[](ModelConfig& c) { c.streams = 2; },
                        +[](ModelConfig& c) { c.alphabet = 300; }}) {
      ModelConfig config = ContextsAlone(14);
      config.*field = value;
      CheckConfig(config);
      change(config);
      EXPECT_ANY_THROW(CheckConfig(config));
    }
  }
}

// A bound as the document writes it: also 2^24, and with a real minus.
double Bound(const std::string& text) {
  if (text.starts_with("−")) return -Bound(text.substr(3));
  if (text.starts_with("2^")) return std::exp2(std::stod(text.substr(2)));
  return std::stod(text);
}

// Ranges and defaults are normative in docs/format.md, and with them the order.
TEST(FormatDocument, HasTheFieldsOfTheProgram) {
  std::ifstream file("docs/format.md");
  std::stringstream all;
  all << file.rdbuf();
  std::string text = all.str();
  text.erase(0, text.find("| field | type | range | default |"));
  ASSERT_FALSE(text.empty()) << "tests run in the root of the project";
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  const ModelConfig defaults = ArchiveDefaults();
  for (const ConfigField& field : ConfigFields()) {
    std::getline(lines, line);
    std::vector<std::string> cells;
    for (size_t at = 0; (at = line.find("| ", at)) != std::string::npos;) {
      at += 2;
      cells.push_back(line.substr(at, line.find(" |", at) - at));
    }
    ASSERT_EQ(cells.size(), 5u) << line;
    EXPECT_EQ(cells[0], field.name);
    EXPECT_EQ(cells[1], field.real != nullptr ? "real" : "varint");
    if (field.bits == nullptr) {  // any 64 bits
      const size_t to = cells[2].find(" to ");
      ASSERT_NE(to, std::string::npos) << line;
      EXPECT_EQ(Bound(cells[2].substr(0, to)), field.minimum) << line;
      EXPECT_EQ(Bound(cells[2].substr(to + 4)), field.maximum) << line;
    }
    const char* value = cells[3].c_str();
    if (field.real != nullptr) {
      EXPECT_EQ(std::strtof(value, nullptr), defaults.*field.real) << line;
    } else if (field.whole != nullptr) {
      EXPECT_EQ(std::strtoll(value, nullptr, 10), defaults.*field.whole)
          << line;
    } else {
      EXPECT_EQ(std::strtoull(value, nullptr, 10), defaults.*field.bits)
          << line;
    }
  }
  std::getline(lines, line);
  EXPECT_EQ(line, "") << "a row too many";
}

}  // namespace
}  // namespace nncpp
