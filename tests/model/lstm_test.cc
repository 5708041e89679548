// tests/model/lstm_test.cc -- what only the LSTM has to show; the rest is in
// net_test.cc.
#include "src/model/lstm.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/model_runs.h"

namespace nncpp {
namespace {

using ::nncpp::testing::NewBackend;

// A classic cell that lets everything in and forgets nothing counts its steps.
TEST(Lstm, GoesBackToClassicCellsOfAnySize) {
  ModelConfig config = testing::SmallLstm(2);
  config.classic = 1;
  config.learning_rate = 0;
  const auto backend = NewBackend();
  Lstm model(config, *backend);
  for (const ParameterView& view : model.layout().views()) {
    if (!view.name.starts_with("bias")) continue;
    const std::vector<float> open(static_cast<size_t>(view.count()), 12.0f);
    backend->Upload(open, model.parameters() + view.offset);
  }
  testing::Trace ignored;
  testing::RunBlock(model, config, 2, 6, 0, ignored);
  model.Save();
  const uint64_t saved = model.Digest();
  model.StartBlock(1);
  model.Restore();
  EXPECT_EQ(model.Digest(), saved);
}

}  // namespace
}  // namespace nncpp
