// tests/model/exactness_long_test.cc -- what exact products cost beside fp32.
//
// One model is trained twice over the same symbols, once in exact arithmetic
// and once with products in fp32; the figures are those of docs/numerics.md.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/make_backend.h"
#include "src/codec/step.h"
#include "src/model/model.h"
#include "tests/support/float_backend.h"

namespace nncpp {
namespace {

using ::nncpp::testing::FloatBackend;

constexpr size_t kTextBytes = 60000;
constexpr int kThreads = 2;

// enwik6 where it is, the text that comes with the project elsewhere.
std::string Text() {
  const char* data = std::getenv("NNCPP_DATA");
  for (const std::string& path :
       {std::string(data == nullptr ? "../shared/data" : data) + "/enwik6",
        std::string("tests/data/alice29.txt")}) {
    std::ifstream file(path, std::ios::binary);
    if (!file) continue;
    return {std::istreambuf_iterator<char>(file), {}};
  }
  return {};
}

std::vector<uint16_t> Bytes(const std::string& text) {
  std::vector<uint16_t> symbols;
  for (const char c : text.substr(0, kTextBytes)) {
    symbols.push_back(static_cast<uint8_t>(c));
  }
  return symbols;
}

// The bytes and the most frequent pairs of bytes, read from left to right.
std::vector<uint16_t> Pairs(const std::string& text, int64_t alphabet) {
  std::vector<int64_t> count(1 << 16);
  const auto pair_at = [&](size_t i) {
    return static_cast<size_t>(static_cast<uint8_t>(text[i])) << 8 |
           static_cast<uint8_t>(text[i + 1]);
  };
  for (size_t i = 0; i + 1 < text.size(); ++i) ++count[pair_at(i)];
  std::vector<size_t> order(count.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return count[a] > count[b]; });
  std::vector<uint16_t> symbol_of(count.size(), 0);
  for (int64_t s = 256; s < alphabet; ++s) {
    symbol_of[order[static_cast<size_t>(s - 256)]] = static_cast<uint16_t>(s);
  }
  std::vector<uint16_t> symbols;
  const size_t end = std::min(text.size(), kTextBytes);
  for (size_t i = 0; i < end; ++i) {
    const uint16_t pair = i + 1 < end ? symbol_of[pair_at(i)] : uint16_t{0};
    symbols.push_back(pair != 0 ? pair : static_cast<uint8_t>(text[i]));
    if (pair != 0) ++i;
  }
  return symbols;
}

double CodedBytes(const ModelConfig& config,
                  const std::vector<uint16_t>& symbols, Backend& backend) {
  const std::unique_ptr<Model> model = MakeModel(config, backend);
  double bytes = 0;
  for (const auto& stream :
       EncodeBlock(config, symbols, *model, [](int64_t, int64_t) {})) {
    bytes += static_cast<double>(stream.size());
  }
  return bytes;
}

struct Case {
  const char* name;
  int64_t alphabet;
  bool features;
};

class ExactEngine : public ::testing::TestWithParam<Case> {};

TEST_P(ExactEngine, IsWithinThreeThousandthsOfTheSameModelInFloat) {
  const Case& c = GetParam();
  const std::string text = Text();
  ASSERT_FALSE(text.empty());
  ModelConfig config = ProfileConfig("default");
  config.alphabet = c.alphabet;
  if (!c.features) config.ngram_orders = 0;
  const std::vector<uint16_t> symbols =
      c.alphabet == 256 ? Bytes(text) : Pairs(text, c.alphabet);
  const double exact = CodedBytes(config, symbols, *MakeCpuBackend(kThreads));
  FloatBackend backend(FloatBackend::Products::kFloat, kThreads);
  const double fp32 = CodedBytes(config, symbols, backend);
  std::printf(
      "%s: %zu bytes of text, %zu symbols of %ld: exact %.0f bytes, "
      "fp32 %.0f, difference %+.3f %%\n",
      c.name, std::min(text.size(), kTextBytes), symbols.size(),
      static_cast<long>(c.alphabet), exact, fp32, 100 * (exact / fp32 - 1));
  RecordProperty("exact_bytes", std::to_string(exact));
  RecordProperty("fp32_bytes", std::to_string(fp32));
  EXPECT_LE(std::abs(exact / fp32 - 1), 0.003);
}

INSTANTIATE_TEST_SUITE_P(Alphabets, ExactEngine,
                         ::testing::Values(Case{"Bytes", 256, true},
                                           Case{"BytesNetAlone", 256, false},
                                           Case{"Pairs", 4096, true},
                                           Case{"PairsNetAlone", 4096, false}),
                         [](const ::testing::TestParamInfo<Case>& info) {
                           return std::string(info.param.name);
                         });

}  // namespace
}  // namespace nncpp
