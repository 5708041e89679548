// src/cli/checkpoint_file.h -- checkpoints of one run, in one file.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "src/base/file.h"
#include "src/base/helper_thread.h"
#include "src/base/huge_pages.h"
#include "src/base/output_file.h"
#include "src/base/part_file.h"
#include "src/cli/options.h"
#include "src/codec/checkpointer.h"
#include "src/codec/codec.h"

namespace nncpp {

// Thrown after the last checkpoint of a run that a signal ends; only main
// catches it.
struct Stopped {
  int signal = 0;       // 0: none; the run ends well, to be continued
  std::string message;  // what to tell; empty: nothing
};

// Writes the checkpoints that the options ask for, each in place of the one
// before: whichever of the two a crash leaves is complete. The first is written
// before the work begins, the last after SIGINT, SIGTERM or SIGHUP. A large one
// in between is copied where memory allows it, written while the work goes on,
// and takes its place at the first IsDue, Rest or Store after that, or at the
// end of a run that fails; what goes wrong with it is thrown there.
class CheckpointFile : public Checkpointer {
 public:
  // From now on signals are held back. REQUIRES: CheckCheckpointName has
  // passed. All arguments outlive it.
  CheckpointFile(const Options& options, FileSource& input, PartFile& output);
  ~CheckpointFile() override;

  bool IsDue(int64_t blocks) override;
  void Store(const Writer& write) override;
  void Rest(const Writer& write) override;
  Source* Resumed() override { return resumed_.get(); }
  void KeepOutput(int64_t bytes, StreamHasher& hasher) override;
  const std::string& name() const override { return options_.checkpoint; }
  const std::string& output_name() const override {
    return output_->part_path();
  }

  // The output goes on in another file. The next checkpoint is due at once, and
  // `then` is called when it is on the disk; with --one-part, that ends the
  // run.
  void ChangeOutput(PartFile& output, std::function<void()> then);

  // The run is complete: the checkpoint has done its work, and one that is on
  // its way is dropped.
  void Remove();

 private:
  double Seconds() const;
  // Whether the file of this name is there. Throws Error(kUsage) if it is not
  // this run's.
  bool CheckOurs() const;
  // Whether the next checkpoint, of about the size of the last, may be copied.
  bool MayCopy() const;
  // Copies it and has it written by another thread, unless it returns false.
  bool WriteBeside(std::unique_ptr<OutputFile>& file, const Writer& write);
  void TakePlace(OutputFile& file);
  void FinishPending();
  void Wake();
  std::string StopMessage() const;

  const Options& options_;
  PartFile* output_;
  std::function<void()> then_;  // empty: the output did not change
  std::optional<FileIdentity> input_;
  std::unique_ptr<FileSource> resumed_;
  std::optional<FileIdentity> last_;  // the file written or resumed last
  Writer rest_;
  std::chrono::steady_clock::time_point start_;
  double last_seconds_ = 0;
  int64_t last_blocks_ = -1;  // -1: not known yet
  int64_t size_ = 0;          // bytes of the last one, if written by this run
  Table<uint8_t> copy_;       // of the state
  std::unique_ptr<OutputFile> pending_;  // on its way to the disk
  HelperThread helper_;                  // ends before what it works on
};

// Refuses before any work is done, with Error(kUsage): a checkpoint that exists
// in a run that is not to be resumed (unless forced, and it is one or empty),
// that does not exist in one that is, that is no regular file, or that has the
// name of another file of the run.
void CheckCheckpointName(const Options& options);

// What the checkpoint of the run to be resumed says. Throws Error(kUsage).
CheckpointSummary SummaryOfCheckpoint(const Options& options);

}  // namespace nncpp
