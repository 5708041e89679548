// tests/codec/golden_test.cc -- stored archives decode, damaged ones do not.
//
// Nothing is listed by hand: tests/golden/NAME.nncpp decodes to
// tests/golden/NAME, and every file of tests/damaged is refused.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "src/base/error.h"
#include "src/codec/codec.h"
#include "tests/support/codec.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

using ::nncpp::testing::Decompressed;
using ::nncpp::testing::ReadFile;

std::vector<std::string> Files(const std::string& folder,
                               const std::string& extension) {
  std::vector<std::string> paths;
  if (!std::filesystem::is_directory(folder)) return paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string path = entry.path().string();
    if (entry.is_regular_file() && path.ends_with(extension) &&
        !path.ends_with(".sh")) {
      paths.push_back(path);
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

TEST(GoldenArchives, DecodeToTheirOriginals) {
  const std::string extension = ".nncpp";
  const auto archives = Files("tests/golden", extension);
  if (archives.empty()) {
    GTEST_SKIP()
        << "no golden archives; tests/golden/make_golden.sh makes them";
  }
  for (const std::string& path : archives) {
    const std::string original = path.substr(0, path.size() - extension.size());
    try {
      EXPECT_TRUE(Decompressed(ReadFile(path)) == ReadFile(original)) << path;
    } catch (const Error& error) {
      ADD_FAILURE() << path << ": " << error.what()
                    << " (a wanted change of bits: make_golden.sh)";
    }
  }
  RecordProperty("archives", std::to_string(archives.size()));
}

TEST(DamagedFiles, AreAllRefused) {
  const auto files = Files("tests/damaged", "");
  if (files.empty()) GTEST_SKIP() << "no files in tests/damaged";
  for (const std::string& path : files) {
    EXPECT_TRUE(RefusesArchive([&] { Decompressed(ReadFile(path)); })) << path;
  }
  RecordProperty("files", std::to_string(files.size()));
}

}  // namespace
}  // namespace nncpp
