// tests/model/make_model_test.cc -- counts of parameters and memory.
#include <cstdint>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_backend.h"
#include "src/model/lstm.h"
#include "src/model/model.h"

namespace nncpp {
namespace {

int64_t CountOfViews(const ParameterLayout& layout) {
  int64_t count = 0;
  for (const ParameterView& view : layout.views()) count += view.count();
  return count;
}

TEST(ParameterCount, IsThatOfTheModelMade) {
  cpu::CpuBackend backend(cpu::AvailableForms()[0], 1);
  for (const int64_t classic : {0, 1}) {
    for (const int64_t embedding : {0, 11}) {
      for (const int64_t layers : {1, 3}) {
        ModelConfig config = ProfileConfig("tiny");
        config.classic = classic;
        config.embedding = embedding;
        config.layers = layers;
        const Lstm model(config, backend);
        EXPECT_EQ(ParameterCount(config), CountOfViews(model.layout()))
            << classic << " " << embedding << " " << layers;
      }
    }
  }
}

// An embedding of 1024, 8 layers of 4000 classic cells that see the embedding
// and the layer below, a softmax over all of them [knoll2020tfcompress].
TEST(ParameterCount, OfTensorflowCompressIsThePublishedOne) {
  ModelConfig config = ProfileConfig("tensorflow-compress");
  config.alphabet = 8192;
  const int64_t first = 4 * 4000 * (1024 + 4000 + 1);
  const int64_t others = 7 * 4 * 4000 * (1024 + 4000 + 4000 + 1);
  const int64_t softmax = (8 * 4000 + 1) * 8192;
  EXPECT_EQ(ParameterCount(config), 8192 * 1024 + first + others + softmax);
  EXPECT_EQ(ParameterCount(config) / 10'000'000, 136) << "1.36 G";
}

// 3 layers of 90 classic cells; symbols are columns of every layer's weights
// [knoll2019lstm].
TEST(ParameterCount, OfLstmCompressIsThePublishedOne) {
  const ModelConfig config = ProfileConfig("lstm-compress");
  const int64_t gates = 4 * 90;
  EXPECT_EQ(ParameterCount(config),
            3 * gates * (256 + 90 + 1) + 2 * gates * 90 + (3 * 90 + 1) * 256);
}

}  // namespace
}  // namespace nncpp
