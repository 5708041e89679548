// src/model/replay.h -- a model that learns its recent past again.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/model/model.h"

namespace nncpp {

// Passes everything on to `model`, and each time config.replay_period symbols
// were learnt lets it learn the last config.replay_passes periods again: what
// NNCP calls retraining [bellard2021nncp]. Those are symbols of the blocks
// before, then of each stream of this block, cut into up to
// config.replay_streams parts of equal length; what is left over, less than a
// symbol a part, is not replayed. REQUIRES: config.replay_period > 0.
class Replay : public Model {
 public:
  Replay(const ModelConfig& config, Backend& backend,
         std::unique_ptr<Model> model);

  void StartBlock(int64_t streams) override;
  void Predict(int64_t first, int64_t count,
               std::span<const int32_t> targets) override;
  std::span<const uint64_t> FrequenciesAt(int64_t row) const override;
  uint64_t TotalAt(int64_t row) const override;
  void Encode(std::span<const int32_t> targets,
              std::span<RangeEncoder> encoders) override;
  void Decode(std::span<const int64_t> counts, std::span<RangeDecoder> decoders,
              std::span<int32_t> targets) override;
  void Train(int64_t steps, std::span<const int32_t> targets) override;
  void StartReplay(int64_t streams) override;
  void ReplaySegment(int64_t steps, std::span<const int32_t> targets) override;
  void EndReplay() override;
  void VisitState(StateVisitor& visitor) override;
  void StateReplaced() override;

  // Bytes that the history takes, its copy included.
  static int64_t Bytes(const ModelConfig& config);

 private:
  // The symbols of stream b that this block has so far.
  std::span<uint16_t> Stream(int64_t b);
  std::vector<uint16_t> Recent();
  void Run();

  const ModelConfig config_;
  std::unique_ptr<Model> model_;
  const int64_t window_;          // symbols that a replay looks at
  std::vector<uint16_t> before_;  // the blocks before: the last symbols, then 0
  std::vector<uint16_t> block_;   // this block, stream by stream, then 0
  std::vector<int64_t> lengths_;  // of the streams; 0 for those it has not
  struct {
    int64_t before = 0;        // symbols of before_
    int64_t streams = 1;       // of this block
    int64_t until_replay = 0;  // symbols
  } counts_;
};

}  // namespace nncpp
