// tests/model/replay_test.cc -- which symbols are learnt again, and when.
#include "src/model/replay.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_backend.h"
#include "tests/support/codec_runs.h"

namespace nncpp {
namespace {

// Writes down what it is asked to do.
class Notebook : public Model {
 public:
  Notebook(Backend& backend, std::string* notes)
      : Model(backend), notes_(notes) {}
  void StartBlock(int64_t) override {}
  void Predict(int64_t, int64_t, std::span<const int32_t>) override {}
  std::span<const uint64_t> FrequenciesAt(int64_t) const override { return {}; }
  uint64_t TotalAt(int64_t) const override { return 0; }
  void Train(int64_t, std::span<const int32_t>) override { *notes_ += "t "; }
  void StartReplay(int64_t streams) override {
    *notes_ += "[" + std::to_string(streams) + ": ";
  }
  void ReplaySegment(int64_t steps, std::span<const int32_t> targets) override {
    *notes_ += std::to_string(steps) + "x(";
    for (const int32_t s : targets) *notes_ += std::to_string(s) + " ";
    *notes_ += ") ";
  }
  void EndReplay() override { *notes_ += "] "; }
  void VisitState(StateVisitor&) override {}
  void StateReplaced() override {}

 private:
  std::string* notes_;
};

ModelConfig Config(int64_t period, int64_t passes, int64_t streams,
                   int64_t steps) {
  ModelConfig config;
  config.replay_period = period;
  config.replay_passes = passes;
  config.replay_streams = streams;
  config.replay_steps = steps;
  config.block_symbols = 64;
  return config;
}

TEST(Replay, LearnsThePastOfEachStreamAfterEveryPeriod) {
  std::string notes;
  cpu::CpuBackend backend(cpu::AvailableForms()[0], 1);
  Replay replay(Config(6, 100, 2, 2), backend,
                std::make_unique<Notebook>(backend, &notes));
  replay.StartBlock(2);
  // Stream 0 holds 1 2 3 4, stream 1 holds 11 12 13 and ends.
  replay.Train(2, std::vector<int32_t>{1, 11, 2, 12});
  EXPECT_EQ(notes, "t ");
  replay.Train(2, std::vector<int32_t>{3, 13, 4, -1});
  EXPECT_EQ(notes, "t t [2: 2x(1 4 2 11 ) 1x(3 12 ) ] ") << "3 each of 7";
  notes.clear();
  replay.StartBlock(1);
  replay.Train(3, std::vector<int32_t>{21, 22, 23});
  EXPECT_EQ(notes, "t ") << "one symbol of the period before, and 3";
  replay.Train(2, std::vector<int32_t>{24, 25});
  EXPECT_EQ(notes, "t t [2: 2x(1 13 2 21 ) 2x(3 22 4 23 ) 2x(11 24 12 25 ) ] ");
}

TEST(Replay, ForgetsWhatIsOlderThanItsSymbols) {
  std::string notes;
  cpu::CpuBackend backend(cpu::AvailableForms()[0], 1);
  Replay replay(Config(5, 1, 1, 100), backend,
                std::make_unique<Notebook>(backend, &notes));
  replay.StartBlock(1);
  replay.Train(3, std::vector<int32_t>{1, 2, 3});
  replay.StartBlock(2);
  replay.Train(2, std::vector<int32_t>{4, 14, 5, 15});
  EXPECT_EQ(notes, "t t [1: 5x(3 4 5 14 15 ) ] ");
}

TEST(Replay, OneSymbolIsOneStream) {
  std::string notes;
  cpu::CpuBackend backend(cpu::AvailableForms()[0], 1);
  Replay replay(Config(1, 9, 4, 8), backend,
                std::make_unique<Notebook>(backend, &notes));
  replay.StartBlock(1);
  replay.Train(1, std::vector<int32_t>{5});
  EXPECT_EQ(notes, "t [1: 1x(5 ) ] ");
}

TEST(Replay, RestoreForgetsWhatWasLearntSinceSave) {
  std::string notes;
  cpu::CpuBackend backend(cpu::AvailableForms()[0], 1);
  Replay replay(Config(3, 9, 1, 8), backend,
                std::make_unique<Notebook>(backend, &notes));
  replay.StartBlock(1);
  replay.Train(2, std::vector<int32_t>{1, 2});
  replay.Save();
  const uint64_t digest = replay.Digest();
  replay.StartBlock(1);
  replay.Train(2, std::vector<int32_t>{8, 9});
  EXPECT_NE(replay.Digest(), digest);
  replay.Restore();
  EXPECT_EQ(replay.Digest(), digest);
  notes.clear();
  replay.StartBlock(1);
  replay.Train(1, std::vector<int32_t>{3});
  EXPECT_EQ(notes, "t [1: 3x(1 2 3 ) ] ");
}

ModelConfig TinyWithReplay() {
  ModelConfig config = ProfileConfig("tiny");
  config.block_symbols = 1500;
  config.layers = 2;
  config.replay_period = 400;
  config.replay_passes = 2;
  config.replay_streams = 5;  // more than the streams of a block
  config.replay_steps = 11;
  return config;
}

// Learns `text` as one stream, so that replays come and go.
void LearnText(Model& model, const Octets& text, int64_t steps) {
  model.StartBlock(1);
  const std::vector<int32_t> symbols(text.begin(), text.end());
  const std::span<const int32_t> all = symbols;
  for (size_t at = 0; at + static_cast<size_t>(steps) <= all.size();
       at += static_cast<size_t>(steps)) {
    const auto segment = all.subspan(at, static_cast<size_t>(steps));
    model.Predict(0, steps, segment);
    model.Train(steps, segment);
  }
}

TEST(Replay, ModelIsAsBeforeButForWhatItLearnt) {
  cpu::CpuBackend backend(cpu::AvailableForms().back(), 1);
  ModelConfig config = TinyWithReplay();
  const auto with = MakeModel(config, backend);
  LearnText(*with, Alice(400), 16);  // ends with a replay
  config.replay_rate = 0;
  const auto idle = MakeModel(config, backend);
  LearnText(*idle, Alice(400), 16);
  EXPECT_NE(with->Digest(), idle->Digest());
  // A replay that changes no weight changes no prediction but by the moments
  // of Adam: at once after it, none at all.
  config.replay_period = 0;
  const auto none = MakeModel(config, backend);
  LearnText(*none, Alice(400), 16);
  const std::vector<int32_t> target = {'e'};
  idle->Predict(0, 1, target);
  none->Predict(0, 1, target);
  EXPECT_TRUE(std::equal(idle->FrequenciesAt(0).begin(),
                         idle->FrequenciesAt(0).end(),
                         none->FrequenciesAt(0).begin()));
}

TEST(Replay, DropoutChangesWhatIsLearnt) {
  cpu::CpuBackend backend(cpu::AvailableForms().back(), 1);
  ModelConfig config = TinyWithReplay();
  const auto dropped = MakeModel(config, backend);
  config.dropout = 0;
  const auto whole = MakeModel(config, backend);
  LearnText(*dropped, Alice(512), 16);
  LearnText(*whole, Alice(512), 16);
  EXPECT_NE(dropped->Digest(), whole->Digest());
}

TEST(Replay, RoundTripsOverBlocksAndForms) {
  const Octets original = Alice(4000);
  const ModelConfig config = TinyWithReplay();
  const Octets archive = CompressBytes(original, config);
  EXPECT_EQ(DecompressBytes(archive), original);
  CodecOptions options = OneThread();
  options.threads = 3;
  EXPECT_EQ(CompressBytes(original, config, options), archive);
  ModelConfig without = config;
  without.replay_period = 0;
  EXPECT_LT(archive.size(), CompressBytes(original, without).size());
}

// A block that ends stored is not part of the past.
TEST(Replay, StoredBlocksAreForgotten) {
  Octets original = Alice(1500);
  const Octets noise = RandomOctets(1500, 3);
  original.insert(original.end(), noise.begin(), noise.end());
  const Octets text = Alice(3000);
  original.insert(original.end(), text.begin(), text.end());
  const Octets archive = CompressBytes(original, TinyWithReplay());
  MemorySource in(archive);
  EXPECT_EQ(List(in).stored_blocks, 1);
  EXPECT_EQ(DecompressBytes(archive), original);
}

}  // namespace
}  // namespace nncpp
