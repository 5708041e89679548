// src/cli/checkpoint_file.cc -- contract: checkpoint_file.h
#include "src/cli/checkpoint_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>
#include <vector>

#include "src/base/error.h"
#include "src/base/machine.h"
#include "src/base/output_path.h"
#include "src/base/unfinished.h"
#include "src/cli/own_files.h"
#include "src/cli/part_input.h"
#include "src/cli/signals.h"
#include "src/format/checkpoint.h"

namespace nncpp {
namespace {

// A checkpoint knows what it is made of.
const FileAttributes kAttributes{0600, {0, UTIME_NOW}};

// Smaller ones are on the disk before a segment of a model is over.
constexpr int64_t kLarge = int64_t{16} << 20;

class CopySink : public Sink {
 public:
  explicit CopySink(Table<uint8_t>& to) : to_(to) { to_.clear(); }
  void Write(std::span<const uint8_t> bytes) override {
    to_.insert(to_.end(), bytes.begin(), bytes.end());
  }

 private:
  Table<uint8_t>& to_;
};

// Whether two names, of which neither need exist, mean one file.
bool SameName(const std::string& a, const std::string& b) {
  std::error_code ignored;
  const auto full = [&ignored](const std::string& name) {
    return std::filesystem::weakly_canonical(
        std::filesystem::absolute(name, ignored), ignored);
  };
  return a == b || full(a) == full(b);
}

std::unique_ptr<FileSource> OpenCheckpoint(const std::string& path) {
  if (!IdentityOfPath(path)) {
    throw Error(ErrorKind::kUsage,
                path +
                    ": there is no such checkpoint; leave --resume out to "
                    "start anew");
  }
  return std::make_unique<FileSource>(path);
}

// Refuses a file that a checkpoint cannot be. Not opened before: that of a FIFO
// would wait for ever.
void CheckRegular(const std::string& path) {
  std::error_code ignored;
  if (!IdentityOfPath(path) ||
      std::filesystem::is_regular_file(path, ignored)) {
    return;
  }
  throw Error(ErrorKind::kUsage,
              path +
                  ": is no regular file, as a checkpoint must be; name another "
                  "file for it");
}

// Refuses a file that -f must not take for an older checkpoint.
void CheckReplaceable(const std::string& path) {
  std::array<uint8_t, kCheckpointMagic.size()> magic = {};
  const int64_t count = FileSource(path).Read(magic);
  if (count == 0 || magic == kCheckpointMagic) return;
  throw Error(ErrorKind::kUsage,
              path +
                  ": is no checkpoint, which alone -f replaces; name another "
                  "file for it, or move this one away");
}

// Whether it is a file that the run reads or writes, or a part of such a set.
bool IsOfRun(const std::string& name, const Options& options) {
  if (IsRead(options, name)) return true;
  std::vector<std::string> others = options.inputs;
  others.insert(others.end(),
                {options.input, options.output, options.output + ".part"});
  const std::string set = SetOfPartName(name);
  return std::any_of(
      others.begin(), others.end(), [&](const std::string& other) {
        return SameName(name, other) || (!set.empty() && SameName(set, other));
      });
}

}  // namespace

void CheckCheckpointName(const Options& options) {
  const std::string& name = options.checkpoint;
  if (IsOfRun(name, options)) {
    throw Error(ErrorKind::kUsage, name +
                                       ": is another file of this run; name a "
                                       "file of its own for the checkpoint");
  }
  CheckRegular(name);
  if (options.resume) {
    OpenCheckpoint(name);
  } else if (IdentityOfPath(name)) {
    CheckReplaceable(name);
    if (options.force) return;
    throw Error(ErrorKind::kUsage,
                name +
                    ": exists already; continue it with --resume, or start "
                    "anew with -f");
  }
}

CheckpointSummary SummaryOfCheckpoint(const Options& options) {
  return SummaryOfCheckpoint(*OpenCheckpoint(options.checkpoint),
                             options.checkpoint);
}

CheckpointFile::CheckpointFile(const Options& options, FileSource& input,
                               PartFile& output)
    : options_(options),
      output_(&output),
      input_(input.Identity()),
      start_(std::chrono::steady_clock::now()) {
  if (options.resume) {
    output_->Preserve();
    resumed_ = OpenCheckpoint(name());
    last_ = resumed_->Identity();
    OutputFile::RemoveAbandoned(name());
  } else {
    CheckOutputPath(name(), options.force, input_);
  }
  HoldEndings();
  input.WakeBy(WakeDescriptor(), [this] { Wake(); });
}

CheckpointFile::~CheckpointFile() {
  try {
    FinishPending();
  } catch (...) {  // the one before stays
  }
}

double CheckpointFile::Seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                       start_)
      .count();
}

bool CheckpointFile::IsDue(int64_t blocks) {
  if (helper_.IsIdle()) FinishPending();
  if (HeldEnding() != 0 || then_) return true;
  if (!last_) {
    last_blocks_ = blocks;
    return true;
  }
  const CheckpointEvery& every = options_.checkpoint_every;
  if (every.blocks > 0) {
    if (last_blocks_ < 0) last_blocks_ = blocks;  // resumed
    if (blocks - last_blocks_ < every.blocks) return false;
    last_blocks_ = blocks;
    return true;
  }
  return Seconds() - last_seconds_ >= every.seconds;
}

bool CheckpointFile::CheckOurs() const {
  const auto there = IdentityOfPath(name());
  if (!there || there == last_ || (!last_ && options_.force)) {
    return there.has_value();
  }
  throw Error(ErrorKind::kUsage,
              name() +
                  ": another run has written it; give each run a "
                  "checkpoint of its own");
}

// With a self-check and what a block that is stored needs, a run takes three
// states, and a checkpoint may hold two.
bool CheckpointFile::MayCopy() const {
  const int64_t most =
      options_.memory_limit >= 0 ? options_.memory_limit : MemoryOfMachine();
  return size_ >= kLarge && size_ <= most / 6 && last_ && !then_ &&
         HeldEnding() == 0;
}

void CheckpointFile::TakePlace(OutputFile& file) {
  file.Commit(kAttributes);
  last_ = IdentityOfPath(name());
  size_ = file.bytes_written();
}

void CheckpointFile::FinishPending() {
  if (!pending_) return;
  const std::unique_ptr<OutputFile> file = std::move(pending_);
  helper_.Wait();
  CheckOurs();
  TakePlace(*file);
}

bool CheckpointFile::WriteBeside(std::unique_ptr<OutputFile>& file,
                                 const Writer& write) {
  if (!MayCopy()) return false;
  try {
    if (copy_.capacity() < static_cast<size_t>(size_)) {
      copy_ = {};
      copy_.reserve(static_cast<size_t>(size_ + size_ / 64));
    }
    CopySink copy(copy_);
    write(copy);
    helper_.Start([this, to = file.get()] {
      to->WriteDirectly(copy_);
      to->Seal(kAttributes);
    });
  } catch (const std::bad_alloc&) {  // then without a copy
    return false;
  } catch (const std::system_error&) {  // or without a thread
    return false;
  }
  pending_ = std::move(file);
  return true;
}

void CheckpointFile::Store(const Writer& write) {
  FinishPending();
  const bool overwrite = CheckOurs();
  output_->Sync();
  auto file = std::make_unique<OutputFile>(name(), overwrite, input_);
  const bool beside = WriteBeside(file, write);
  if (!beside) write(*file);
  last_seconds_ = Seconds();
  if (beside) return;
  // A signal in between could take the output that the checkpoint speaks of.
  const SignalPause pause;
  TakePlace(*file);
  if (then_) {
    std::exchange(then_, {})();
    if (options_.one_part) throw Stopped{HeldEnding(), StopMessage()};
  }
  output_->Preserve();
  if (HeldEnding() != 0) throw Stopped{HeldEnding(), StopMessage()};
}

// A file does not keep one waiting.
void CheckpointFile::Rest(const Writer& write) {
  if (!input_ || helper_.IsIdle()) FinishPending();
  rest_ = write;
}

// A signal came while the run waited for input.
void CheckpointFile::Wake() {
  const Writer write = rest_;
  if (write) Store(write);
  throw Stopped{HeldEnding(), StopMessage()};
}

std::string CheckpointFile::StopMessage() const {
  if (options_.quiet || !last_) return {};
  return name() + ": written; continue with --resume";
}

void CheckpointFile::KeepOutput(int64_t bytes, StreamHasher& hasher) {
  output_->Cut(bytes, hasher);
}

void CheckpointFile::ChangeOutput(PartFile& output,
                                  std::function<void()> then) {
  output_ = &output;
  then_ = std::move(then);
}

void CheckpointFile::Remove() {
  helper_.Settle();
  pending_.reset();
  if (last_ && IdentityOfPath(name()) == last_) ::unlink(name().c_str());
}

}  // namespace nncpp
