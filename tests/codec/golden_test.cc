// tests/codec/golden_test.cc -- archives that must decode for ever.
//
// Each tests/golden/NAME.nncpp holds tests/golden/NAME.orig. They pin the
// format and every bit of the arithmetic. Each file of tests/damaged must be
// refused. Both folders are read by a loop: a file put there is a test.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

std::vector<std::filesystem::path> Archives(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".nncpp") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

TEST(GoldenArchives, DecodeToTheirOriginals) {
  const auto paths = Archives("tests/golden");
  ASSERT_FALSE(paths.empty());
  for (const auto& path : paths) {
    auto original = path;
    original.replace_extension(".orig");
    EXPECT_EQ(DecompressBytes(FileOctets(path)), FileOctets(original)) << path;
  }
}

TEST(GoldenArchives, AreMadeAgainBitForBit) {
  for (const auto& path : Archives("tests/golden")) {
    auto original = path;
    original.replace_extension(".orig");
    const Octets archive = FileOctets(path);
    MemorySource in(archive);
    const ModelConfig config = List(in).config;
    EXPECT_EQ(CompressBytes(FileOctets(original), config), archive) << path;
  }
}

TEST(DamagedArchives, AreRefused) {
  const auto paths = Archives("tests/damaged");
  ASSERT_FALSE(paths.empty());
  for (const auto& path : paths) {
    const Octets archive = FileOctets(path);
    EXPECT_TRUE(RefusesArchive([&] { DecompressBytes(archive); })) << path;
  }
}

}  // namespace
}  // namespace nncpp
