// tests/model/profiles_test.cc -- how large the published nets are in ours.
#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_backend.h"
#include "src/base/error.h"
#include "src/model/lstm.h"
#include "src/model/model.h"
#include "src/model/transformer.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

int64_t Counted(const ParameterLayout& layout) {
  int64_t count = 0;
  for (const ParameterView& view : layout.views()) count += view.count();
  return count;
}

TEST(ParameterCount, IsThatOfTheModelsLayout) {
  cpu::CpuBackend backend(cpu::AvailableForms()[0], 1);
  for (const int64_t layers : {1, 3}) {
    ModelConfig config = ProfileConfig("tiny");
    config.layers = layers;
    EXPECT_EQ(ParameterCount(config), Counted(Lstm(config, backend).layout()));
    config.model = kTransformer;
    EXPECT_EQ(ParameterCount(config),
              Counted(Transformer(config, backend).layout()));
  }
}

TEST(FitTables, LeavesWhatTheInputFills) {
  const auto fitted = [](int64_t bytes, int64_t primer_bytes = 0) {
    ModelConfig config = ProfileConfig("default");
    FitTables(bytes, primer_bytes, config);
    return config;
  };
  const ModelConfig usual = ArchiveDefaults();
  EXPECT_EQ(usual.mixing_bits, 25);
  EXPECT_EQ(fitted(int64_t{1} << 20), usual);
  EXPECT_EQ(fitted((int64_t{1} << 24) - 1), usual);
  EXPECT_EQ(usual, ProfileConfig("default"));
  EXPECT_EQ(fitted((1 << 20) - 1).mixing_bits, 24);
  EXPECT_EQ(fitted(1000).mixing_bits, 17);
  EXPECT_EQ(fitted(1000).ngram_bits, 14);
  EXPECT_EQ(fitted(1000, 7192).mixing_bits, 21);
  EXPECT_EQ(fitted(1000, 2000000).mixing_bits, 24);
  EXPECT_EQ(fitted(0), fitted(31));
  ModelConfig tiny = ProfileConfig("tiny");
  FitTables(0, 0, tiny);
  EXPECT_EQ(tiny.ngram_bits, 9);
  EXPECT_EQ(tiny.mixing_bits, ProfileConfig("tiny").mixing_bits);
}

TEST(FitTables, LetsMatchesLookBackOnAllOfTheInput) {
  constexpr int64_t kMega = int64_t{1} << 20;
  const auto fitted = [](const char* level, int64_t bytes) {
    ModelConfig config = ProfileConfig(level);
    FitTables(bytes, 0, config);
    return config.match_bits;
  };
  EXPECT_EQ(fitted("1", 4 * kMega - 1), 24);  // of which 22 count
  EXPECT_EQ(fitted("1", 4 * kMega), 25);
  EXPECT_EQ(fitted("1", 32 * kMega), 26);
  EXPECT_EQ(fitted("3", 16 * kMega - 1), 24);
  EXPECT_EQ(fitted("3", 16 * kMega), 25);
  EXPECT_EQ(fitted("5", 500 * kMega), 25);
}

TEST(FitTables, GivesLargeInputsOfHighLevelsMore) {
  struct Case {
    int64_t bytes, mixing, match, direct;
  };
  constexpr int64_t kMega = int64_t{1} << 20;
  for (const Case& c :
       {Case{kMega - 1, 24, 24, 17}, Case{kMega, 25, 24, 17},
        Case{4 * kMega, 26, 24, 18}, Case{16 * kMega - 1, 27, 24, 19},
        Case{16 * kMega, 28, 25, 20}, Case{128 * kMega, 28, 28, 20},
        Case{int64_t{1} << 40, 28, 28, 20}}) {
    ModelConfig config = ProfileConfig("9");
    FitTables(c.bytes, 0, config);
    EXPECT_EQ(config.mixing_bits, c.mixing) << c.bytes;
    EXPECT_EQ(config.match_bits, c.match) << c.bytes;
    EXPECT_EQ(config.direct_bits, c.direct) << c.bytes;
  }
}

TEST(HalveLargeTables, StopsAtTheUsualOnes) {
  ModelConfig config = ProfileConfig("8");
  ModelConfig usual = config;
  usual.mixing_bits = 25;
  config.match_bits = 28;
  config.direct_bits = 19;
  int halved = 0;
  while (HalveLargeTables(config)) ++halved;
  EXPECT_EQ(halved, 4);  // from 2^28 symbols to 2^24
  EXPECT_EQ(config, usual);
}

// NNCP v3.2 at 16,384 symbols: 20 layers of 13,642,752 parameters and 327,680
// position vectors, two tables of 16,384 x 1024, the final norm's 2,048, the
// output's 16,384 biases, and one set of 8 x 320 position biases: 312.98 M.
// Ours has a set of them in each layer.
TEST(NncpProfile, HasThePublishedParameters) {
  ModelConfig config = ProfileConfig("nncp");
  config.alphabet = 16384;
  constexpr int64_t kPublished =
      20 * (13642752 + 327680) + 2 * 16384 * 1024 + 2048 + 16384 + 8 * 320;
  static_assert(kPublished / 10000 == 31298);
  EXPECT_EQ(ParameterCount(config), kPublished + 19 * 8 * 320);
}

// NNCP's `default` at 256 symbols has 2.24 M. Ours has as many weights in its
// layers, 8 heads' vectors for 64 positions in each, and gains.
TEST(NncpDefaultProfile, HasThePublishedWeights) {
  const ModelConfig config = ProfileConfig("nncp-default");
  constexpr int64_t kLayer = 4 * 256 * 256 + 3 * 256 * 341;
  static_assert(kLayer <= 4 * 256 * 256 + 2 * 256 * 512);
  constexpr int64_t kPositions = 64 * 256 + 8 * 64;
  constexpr int64_t kBiases = 4 * 256 + 2 * 341 + 256;
  EXPECT_EQ(ParameterCount(config), 4 * (kLayer + kPositions + kBiases) +
                                        2 * 256 * 256 + 256 + 2 * 256);
  EXPECT_NEAR(static_cast<double>(ParameterCount(config)), 2.24e6, 0.08e6);
}

TEST(Profiles, AreAllInRange) {
  for (const std::string& name : ProfileNames()) {
    EXPECT_NO_THROW(CheckConfig(ProfileConfig(name))) << name;
  }
}

TEST(CheckConfig, RefusesHeadsThatDoNotDivideTheCells) {
  ModelConfig config = ProfileConfig("transformer");
  config.heads = 7;
  ExpectError(ErrorKind::kUsage, "--heads", [&] { CheckConfig(config); });
  ByteWriter out;
  WriteConfig(config, out);
  ByteReader in(out.bytes());
  ExpectError(ErrorKind::kUnsupported, "heads", [&] { ParseConfig(in); });
  config.model = kLstm;
  EXPECT_NO_THROW(CheckConfig(config));
}

}  // namespace
}  // namespace nncpp
