// tests/support/checkpoints.h -- runs that are cut off and resumed in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "src/base/memory_stream.h"
#include "src/codec/codec.h"
#include "tests/support/codec_runs.h"

namespace nncpp {

// What a cut run leaves: its checkpoint, and its output so far.
struct CutRun {
  Octets checkpoint;
  Octets output;
};

// Thrown after the checkpoint of a run that is cut.
struct RunCut {};

// Writes a checkpoint and cuts the run at the `cut`-th question whether one is
// due, counted from 0; never for -1.
class MemoryCheckpointer : public Checkpointer {
 public:
  MemoryCheckpointer(MemorySink& output, int64_t cut)
      : output_(output), cut_(cut) {}
  MemoryCheckpointer(MemorySink& output, const CutRun& from, int64_t cut)
      : output_(output), cut_(cut), kept_(from.output) {
    resumed_ = std::make_unique<MemorySource>(from.checkpoint);
  }

  bool IsDue(int64_t) override { return asked_++ == cut_; }
  void Store(const Writer& write) override {
    MemorySink checkpoint;
    write(checkpoint);
    checkpoint_ = checkpoint.Take();
    throw RunCut();
  }
  void Rest(const Writer&) override {}
  Source* Resumed() override { return resumed_.get(); }
  void KeepOutput(int64_t bytes, StreamHasher& hasher) override {
    const size_t most = std::min(kept_.size(), static_cast<size_t>(bytes));
    const std::span<const uint8_t> kept(kept_.data(), most);
    hasher.Update(kept);
    output_.Write(kept);
  }
  const std::string& name() const override { return name_; }
  const std::string& output_name() const override { return output_name_; }

  const Octets& checkpoint() const { return checkpoint_; }

 private:
  MemorySink& output_;
  int64_t cut_;
  int64_t asked_ = 0;
  Octets kept_;  // the output of the run before, and more
  std::unique_ptr<MemorySource> resumed_;
  Octets checkpoint_;
  std::string name_ = "checkpoint";
  std::string output_name_ = "output";
};

// A run of Compress or Decompress on the sink, with the checkpointer.
using CodecRun = std::function<void(Sink&, Checkpointer&)>;

inline CodecRun Compressing(const Octets& original, const ModelConfig& config,
                            int threads = 1, bool self_check = false) {
  return [=](Sink& out, Checkpointer& checkpointer) {
    CodecOptions options = OneThread();
    options.threads = threads;
    options.self_check = self_check;
    options.checkpointer = &checkpointer;
    MemorySource in(original);
    Compress(in, out, config, options);
  };
}

inline CodecRun Decompressing(const Octets& archive, int threads = 1) {
  return [=](Sink& out, Checkpointer& checkpointer) {
    CodecOptions options = OneThread();
    options.threads = threads;
    options.checkpointer = &checkpointer;
    MemorySource in(archive);
    Decompress(in, out, options);
  };
}

// Runs until the `cut`-th question; empty when the run ends before. Some
// rubbish follows the output, as after a crash between two checkpoints.
inline std::optional<CutRun> RunUntil(const CodecRun& run, int64_t cut,
                                      const CutRun* from = nullptr) {
  MemorySink out;
  auto checkpointer =
      from == nullptr ? std::make_unique<MemoryCheckpointer>(out, cut)
                      : std::make_unique<MemoryCheckpointer>(out, *from, cut);
  try {
    run(out, *checkpointer);
  } catch (const RunCut&) {
    CutRun left{checkpointer->checkpoint(), out.Take()};
    left.output.insert(left.output.end(), {1, 2, 3});
    return left;
  }
  return {};
}

// The whole output of a run that goes on from `from`.
inline Octets Resume(const CodecRun& run, const CutRun& from) {
  MemorySink out;
  MemoryCheckpointer checkpointer(out, from, -1);
  run(out, checkpointer);
  return out.Take();
}

// Cuts the compression of `original` at every `step`-th question, then the
// decompression, and resumes each run. How many cuts there were; throws at the
// first after which the output is another.
inline int64_t CutsThatResume(const Octets& original, const ModelConfig& config,
                              const CodecOptions& options, int64_t step) {
  const Octets archive = CompressBytes(original, config, options);
  const CodecRun compressing = [&](Sink& out, Checkpointer& checkpointer) {
    CodecOptions with = options;
    with.checkpointer = &checkpointer;
    MemorySource in(original);
    Compress(in, out, config, with);
  };
  int64_t cuts = 0;
  for (const auto& [run, whole] :
       {std::pair(compressing, archive), {Decompressing(archive), original}}) {
    for (int64_t cut = 0;; cut += step, ++cuts) {
      const auto left = RunUntil(run, cut);
      if (!left) break;
      if (Resume(run, *left) != whole) {
        throw std::runtime_error("another output after cut " +
                                 std::to_string(cut));
      }
    }
  }
  return cuts;
}

}  // namespace nncpp
