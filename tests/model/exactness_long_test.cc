// tests/model/exactness_long_test.cc -- what exact arithmetic costs in bits.
//
// The same model, once with the integer products of law 1 and once with fp32
// products (a mode that exists in tests only), learns the same symbols.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/make_backend.h"
#include "src/codec/step.h"
#include "src/model/model.h"
#include "tests/support/codec_runs.h"
#include "tests/support/float_backend.h"

namespace nncpp {
namespace {

// enwik6 where it is, otherwise the text that ships with the project.
std::vector<uint16_t> Text(int64_t count) {
  Octets bytes = FileOctets("../shared/data/enwik6", count);
  if (bytes.empty()) bytes = Alice(count);
  return {bytes.begin(), bytes.end()};
}

// Replaces frequent pairs of neighbours by new symbols, 256 pairs a round,
// until there are `alphabet` symbols. Ties go to the smaller pair.
std::vector<uint16_t> Merge(std::vector<uint16_t> text, int32_t alphabet) {
  for (int32_t next = 256; next < alphabet;) {
    std::map<std::pair<uint16_t, uint16_t>, int64_t> count;
    for (size_t i = 0; i + 1 < text.size(); ++i)
      ++count[{text[i], text[i + 1]}];
    std::vector<std::pair<int64_t, std::pair<uint16_t, uint16_t>>> ranked;
    for (const auto& [pair, n] : count) ranked.push_back({-n, pair});
    std::sort(ranked.begin(), ranked.end());
    std::map<std::pair<uint16_t, uint16_t>, uint16_t> symbol;
    for (size_t i = 0; i < 256 && next < alphabet && i < ranked.size(); ++i) {
      symbol[ranked[i].second] = static_cast<uint16_t>(next++);
    }
    std::vector<uint16_t> merged;
    for (size_t i = 0; i < text.size(); ++i) {
      const auto found = i + 1 < text.size()
                             ? symbol.find({text[i], text[i + 1]})
                             : symbol.end();
      if (found == symbol.end()) {
        merged.push_back(text[i]);
      } else {
        merged.push_back(found->second);
        ++i;
      }
    }
    text = std::move(merged);
  }
  return text;
}

double BitsPerSymbol(const ModelConfig& config,
                     const std::vector<uint16_t>& symbols, Backend& backend) {
  const std::unique_ptr<Model> model = MakeModel(config, backend);
  int64_t bytes = 0;
  for (const auto& stream :
       EncodeBlock(config, symbols, *model, [](int64_t, int64_t) {})) {
    bytes += std::ssize(stream);
  }
  return 8.0 * static_cast<double>(bytes) / static_cast<double>(symbols.size());
}

void ExpectCloseToFloat(const ModelConfig& config,
                        const std::vector<uint16_t>& symbols) {
  const auto exact_backend = MakeCpuBackend();
  testing::FloatBackend float_backend(testing::FloatBackend::Products::kFloat,
                                      /*threads=*/0);
  const double exact = BitsPerSymbol(config, symbols, *exact_backend);
  const double fp32 = BitsPerSymbol(config, symbols, float_backend);
  std::printf(
      "%s, V = %lld, n-grams %lld: exact %.4f, fp32 %.4f bits/symbol, "
      "%+.3f %%\n",
      config.model == kTransformer ? "Transformer" : "LSTM",
      static_cast<long long>(config.alphabet),
      static_cast<long long>(config.ngram_orders), exact, fp32,
      100 * (exact / fp32 - 1));
  EXPECT_LE(exact, fp32 * 1.003);
}

// How much of what is learnt: `bytes` of text, and of the symbols they merge to
// at most `symbols`, so that no case takes long.
struct Case {
  const char* name;
  const char* profile;
  int64_t alphabet, ngram_orders, bytes, symbols;
};

class ExactEngine : public ::testing::TestWithParam<Case> {};

TEST_P(ExactEngine, IsWithinThreeThousandthsOfFp32) {
  const Case& which = GetParam();
  ModelConfig config = ProfileConfig(which.profile);
  config.alphabet = which.alphabet;
  config.ngram_orders = which.ngram_orders;
  config.ngram_bits = 16;
  config.stream_symbols = 1024;
  std::vector<uint16_t> symbols =
      Merge(Text(which.bytes), static_cast<int32_t>(which.alphabet));
  ASSERT_GE(std::ssize(symbols), which.symbols);
  symbols.resize(static_cast<size_t>(which.symbols));
  ExpectCloseToFloat(config, symbols);
}

INSTANTIATE_TEST_SUITE_P(
    Nets, ExactEngine,
    ::testing::Values(
        Case{"Lstm256", "lstm", 256, 0, 100'000, 100'000},
        Case{"Lstm256WithFeatures", "lstm", 256, 6, 100'000, 100'000},
        Case{"Lstm4096", "lstm", 4096, 0, 200'000, 40'000},
        Case{"Lstm4096WithFeatures", "lstm", 4096, 6, 200'000, 40'000},
        Case{"Lstm16384", "lstm", 16384, 0, 700'000, 15'000},
        Case{"Transformer256", "transformer", 256, 0, 30'000, 30'000},
        Case{"Transformer4096", "transformer", 4096, 0, 200'000, 30'000},
        Case{"Transformer16384", "transformer", 16384, 0, 700'000, 10'000}),
    [](const ::testing::TestParamInfo<Case>& info) { return info.param.name; });

}  // namespace
}  // namespace nncpp
