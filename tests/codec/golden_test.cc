// tests/codec/golden_test.cc -- archives that must decode for ever.
//
// Each tests/golden/NAME.nncpp holds tests/golden/NAME.orig. They pin the
// format and every bit of the arithmetic. Each file of tests/damaged must be
// refused. Both folders are read by a loop: a file put there is a test.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "src/format/archive_reader.h"
#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"
#include "tests/support/part_runs.h"

namespace nncpp {
namespace {

// Of the archives in a folder, without .nncpp; none where it is not there.
std::vector<std::string> Archives(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code missing;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder, missing)) {
    if (entry.path().extension() == ".nncpp") {
      names.push_back(entry.path().stem());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The preparation that make_golden.sh asked for: words as here, a primer,
// addresses, streams, or wide symbols.
CodecOptions OptionsFor(const Octets& archive, ModelConfig& config) {
  CodecOptions options = OneThread();
  MemorySource in(archive);
  ArchiveReader reader(in);
  const std::vector<uint8_t> field = reader.ReadHeader().preparation;
  if (field.empty()) return options;
  options.prep.wide_symbols = Preparation::SymbolsOf(field) == "u16";
  if (options.prep.wide_symbols) return options;
  const int conversion = (field.front() & 0x40) != 0 ? field[1] : 0;
  options.prep.addresses = conversion >= 1 && conversion <= 3;
  options.prep.streams = conversion >= 4;
  if (config.alphabet == 256 && (field.front() & 0x24) != 0) {
    const bool library = (field.front() & 0x20) != 0;
    options.prep.priming = library ? Priming::kIfAlike : Priming::kEnglish;
  }
  options.prep.learn_words = config.alphabet != 256;
  options.prep.goal = {.words = 100, .min_frequency = 4};
  config.alphabet = 256;
  return options;
}

class GoldenArchive : public ::testing::TestWithParam<std::string> {
 protected:
  static Octets File(const std::string& extension) {
    return FileOctets("tests/golden/" + GetParam() + extension);
  }
};
INSTANTIATE_TEST_SUITE_P(All, GoldenArchive,
                         ::testing::ValuesIn(Archives("tests/golden")),
                         [](const auto& test) { return test.param; });

TEST_P(GoldenArchive, DecodesToItsOriginal) {
  EXPECT_EQ(DecompressBytes(File(".nncpp")), File(".orig"));
}

// But for one, of a form that is not made any more.
std::vector<std::string> TodaysArchives() {
  std::vector<std::string> names = Archives("tests/golden");
  std::erase(names, "streams");
  return names;
}

using GoldenArchiveOfToday = GoldenArchive;
INSTANTIATE_TEST_SUITE_P(All, GoldenArchiveOfToday,
                         ::testing::ValuesIn(TodaysArchives()),
                         [](const auto& test) { return test.param; });

TEST_P(GoldenArchiveOfToday, IsMadeAgainBitForBit) {
  const Octets archive = File(".nncpp");
  MemorySource in(archive);
  ModelConfig config = List(in).config;
  const CodecOptions options = OptionsFor(archive, config);
  EXPECT_EQ(CompressBytes(File(".orig"), config, options), archive);
}

TEST(GoldenParts, DecodeToTheirOriginalsAndAreMadeAgain) {
  const std::string set = "tests/golden/chained.nncpp";
  std::vector<Octets> parts;
  for (const char* number : {".001", ".002", ".003"}) {
    parts.push_back(FileOctets(set + number));
  }
  const Octets original = FileOctets("tests/golden/chained.orig");
  EXPECT_EQ(JoinedParts(parts), original);
  MemorySource in(parts.front());
  const ModelConfig config = List(in).config;
  EXPECT_EQ(CompressParts(original, config, {.count = 3}), parts);
}

class DamagedGolden : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, DamagedGolden,
                         ::testing::ValuesIn(Archives("tests/damaged")),
                         [](const auto& test) { return test.param; });

TEST_P(DamagedGolden, IsRefused) {
  const Octets archive = FileOctets("tests/damaged/" + GetParam() + ".nncpp");
  EXPECT_TRUE(RefusesArchive([&] { DecompressBytes(archive); }));
}

}  // namespace
}  // namespace nncpp
