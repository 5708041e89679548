// src/model/segment_symbols.h -- a segment's symbols, and the coding of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <tuple>
#include <vector>

#include "kernels/backend.h"
#include "src/coder/range_coder.h"
#include "src/model/config.h"

namespace nncpp {

// A net's inputs and targets: the last K symbols of each stream before the
// segment, oldest first, then those of the segment, in the host's and in the
// backend's memory; and the frequencies that the net gives to each row.
class SegmentSymbols {
 public:
  // `recent`: K.
  SegmentSymbols(const ModelConfig& config, Backend& backend, int64_t recent);

  // Begins a block: stream 0 goes on where stream `from` was, the others with
  // symbols 0.
  void StartBlock(int64_t streams, int64_t from);

  // Symbols 0 for `streams` streams, until EndReplay brings back the present.
  void StartReplay(int64_t streams);
  void EndReplay();

  // All of the targets of `steps` steps, as Model::Train is given them.
  void PutTargets(int64_t steps, std::span<const int32_t> targets);

  // The inputs of steps [first, first + count), each the symbol k + 1 steps
  // before, and their targets, in the backend's memory.
  ConstSymbols Inputs(int64_t k, int64_t first, int64_t count) const {
    return Window(recent_ - 1 - k + first, count);
  }
  ConstSymbols Targets(int64_t first, int64_t count) const {
    return Window(recent_ + first, count);
  }
  // The different symbols among those inputs, ascending. REQUIRES: PutTargets.
  std::vector<int32_t> Occurring(int64_t k, int64_t steps) const;

  // The segment is over: its last symbols become those before the next one.
  void Carry(int64_t steps);

  Frequencies& frequencies() const { return *frequencies_; }

  // Backend::Run of a part of a segment, which is the same in every segment of
  // so many steps (and of this many streams, in replay or outside it).
  enum class Part { kPredict, kDecode, kLearn };
  void Run(Part part, int64_t steps, uint64_t updates,
           const std::function<void()>& work);

  // Model::Predict, which may look at the inputs among the targets,
  // Model::Encode and Model::Decode. `predict` computes the frequencies of the
  // steps, or of one. With `from_host`, it needs the targets of the steps
  // before; otherwise it is of the kind that Run takes.
  void Predict(int64_t first, int64_t count, std::span<const int32_t> targets,
               bool from_host, uint64_t updates,
               const std::function<void()>& predict);
  void Encode(std::span<const int32_t> targets,
              std::span<RangeEncoder> encoders);
  void Decode(std::span<const int64_t> counts, std::span<RangeDecoder> decoders,
              std::span<int32_t> targets, bool from_host, uint64_t updates,
              const std::function<void(int64_t step)>& predict);

  // K x S, of which the first K x B count: a part of the net's state.
  std::vector<int32_t>& before() { return before_; }
  bool StateIsSound() const;
  // The state was replaced by one of so many streams.
  void Replaced(int64_t streams) { streams_ = streams; }

 private:
  Symbols Window(int64_t row, int64_t rows) const {
    return {on_backend_.get() + row * streams_, rows, streams_};
  }
  std::span<int32_t> HostRows(int64_t row, int64_t rows) {
    return std::span(window_).subspan(static_cast<size_t>(row * streams_),
                                      static_cast<size_t>(rows * streams_));
  }
  void Upload(int64_t row, int64_t rows);
  void PutInputs(int64_t first, int64_t count,
                 std::span<const int32_t> targets);

  const ModelConfig& config_;
  Backend& backend_;
  const int64_t recent_;
  int64_t streams_ = 1;          // B
  std::vector<int32_t> before_;  // K x B
  std::vector<int32_t> window_;  // (K + T) x B
  std::shared_ptr<int32_t[]> on_backend_;
  std::unique_ptr<Frequencies> frequencies_;
  bool replaying_ = false;
  struct {
    int64_t streams;
    std::vector<int32_t> before;
  } away_;  // during a replay
  std::map<std::tuple<Part, int64_t, int64_t, bool>, std::unique_ptr<Routine>>
      routines_;  // by part, steps, streams, replay
};

}  // namespace nncpp
