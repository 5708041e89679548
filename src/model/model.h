// src/model/model.h -- what the codec asks of a model that learns as it codes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "src/base/stream.h"
#include "src/coder/range_coder.h"
#include "src/model/config.h"
#include "src/model/state.h"

namespace nncpp {

class ContextMixer;

// A predictor of B streams side by side. The codec calls, for each block,
// StartBlock once and then, for each segment of up to T steps, Predict for all
// its steps and Train once. Both directions make the same calls, except that
// the encoder predicts all steps of a segment at once and the decoder one by
// one (in Decode): the frequencies are the same in every bit.
class Model {
 public:
  explicit Model(Backend& backend) : backend_(backend) {}
  virtual ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Begins a block of `streams` streams, 1 <= streams <= config.streams.
  virtual void StartBlock(int64_t streams) = 0;

  // Computes the frequencies of steps [first, first + count) of the segment.
  // targets[t * streams + b] is the symbol of stream b at step t; those of
  // steps below first + count - 1 must be known, later ones are not looked at.
  virtual void Predict(int64_t first, int64_t count,
                       std::span<const int32_t> targets) = 0;

  // The frequencies of step t and stream b: V integers >= 1, and their total.
  // Empty, and 0, where only contexts are mixed.
  virtual std::span<const uint64_t> FrequenciesAt(int64_t row) const = 0;
  virtual uint64_t TotalAt(int64_t row) const = 0;

  // What mixes contexts with the frequencies, node by node of a symbol's tree,
  // or null: then the frequencies alone code. The codec starts its blocks and
  // calls it in the order of rows; its state belongs to the model's.
  virtual ContextMixer* Mixer() { return nullptr; }

  // Where the frequencies alone code: Encode codes the targets of a segment
  // that was predicted, with an encoder for each stream. Decode predicts one
  // and finds its targets, of which stream b has counts[b]; it throws
  // Error(kFormat) when no encoder made the decoders' bytes.
  virtual void Encode(std::span<const int32_t> targets,
                      std::span<RangeEncoder> encoders);
  virtual void Decode(std::span<const int64_t> counts,
                      std::span<RangeDecoder> decoders,
                      std::span<int32_t> targets);

  // Learns the segment's `steps` steps, all predicted before. A target of -1
  // is a row past the end of its stream: nothing is learnt from it.
  virtual void Train(int64_t steps, std::span<const int32_t> targets) = 0;

  // Replay: learning again from symbols of the past, with dropout.
  // StartReplay puts the streams' states away and begins `streams` others from
  // nothing, 1 <= streams <= config.replay_streams; ReplaySegment learns up to
  // config.replay_steps steps of them; EndReplay brings the states back.
  virtual void StartReplay(int64_t streams) = 0;
  virtual void ReplaySegment(int64_t steps,
                             std::span<const int32_t> targets) = 0;
  virtual void EndReplay() = 0;

  // Backend::leaves_core of its backend.
  bool LeavesCore() const { return backend_.leaves_core(); }

  // A hash of everything that later predictions depend on. It, like the rest
  // below, means the state between two segments or two blocks.
  uint64_t Digest();

  // False once a weight or a state in the backend's memory is infinite or not
  // a number.
  bool IsFinite();

  // Keeps, goes back to, and gives up a copy of the present state. REQUIRES:
  // Restore comes after a Save.
  void Save();
  void Restore();
  void DropSaved() { saved_ = {}; }
  std::span<const uint8_t> saved() const { return saved_; }  // empty: none

  // The state as StateBytes() bytes, which any backend of a model of the same
  // configuration can read. ReadState throws Error(kFormat) when they end early
  // or cannot be a state; the model is of no use then.
  int64_t StateBytes();
  void WriteState(Sink& out);
  void ReadState(Source& in);
  void ReadSaved(Source& in);  // what Save had kept

  // Shows the visitor each piece of the state.
  virtual void VisitState(StateVisitor& visitor) = 0;

  // Called when the pieces were replaced: makes anew what follows from them.
  // Throws Error(kFormat) for a value that this model never takes and that
  // could do harm, such as an index beyond its table.
  virtual void StateReplaced() = 0;

 protected:
  // For StateReplaced: whether second moments and powers of Adam's can have
  // come of training, and whether every element of an array in the backend's
  // memory lies in [low, high].
  bool MomentsAreSound(const float* second, int64_t count,
                       std::span<const double> powers);
  bool LiesWithin(const float* array, int64_t count, float low, float high);

 private:
  Backend& backend_;
  std::vector<uint8_t> saved_;
};

// Weights of the net, n-gram features apart. Nothing is allocated.
int64_t ParameterCount(const ModelConfig& config);

// Bytes of memory that MakeModel takes, and Save for the copy of the net.
int64_t ModelMemory(const ModelConfig& config);

// Bytes that Save takes for the tables of contexts and n-grams.
int64_t SavedTables(const ModelConfig& config);

// REQUIRES: CheckConfig(config) has passed. The backend must outlive the model.
std::unique_ptr<Model> MakeModel(const ModelConfig& config, Backend& backend);

}  // namespace nncpp
