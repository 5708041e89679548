// src/codec/codec.h -- compress, decompress, list: streams in, streams out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "src/base/stream.h"
#include "src/codec/checkpointer.h"
#include "src/codec/pieces.h"
#include "src/codec/preparation.h"
#include "src/format/archive.h"
#include "src/format/files.h"
#include "src/model/config.h"

namespace nncpp {

// What a long run says of itself; times are the caller's business.
struct Progress {
  int64_t original_bytes = 0;   // done so far
  int64_t coded_bytes = 0;      // produced (c) or consumed (d) so far
  int64_t original_total = -1;  // -1: not known
};

// What a run will take, as a rehearsal has it.
struct Expectation {
  int64_t memory_bytes = 0;     // MemoryNeeded, MemoryToDecode
  double bytes_per_second = 0;  // of the original
  double seconds = -1;          // in all; -1: the original's size is not known
};

// Opens the part of a set that has this number. What it throws leaves the run.
using OpenPart = std::function<Source&(int64_t number)>;

struct CodecOptions {
  int threads = 0;            // 0: one per core this process may use
  int64_t memory_limit = -1;  // bytes; -1: what the machine has
  int64_t max_output = -1;    // decompress only: bytes; -1: as many as come
  bool self_check = false;    // compress only: decode each block at once
  PrepOptions prep;           // a resumed run looks at `dictionary` only
  // Makes the backend of the run, with so many threads if it is the CPU's; its
  // arrays will take at most about `bytes` bytes. None: that of the CPU.
  std::function<std::unique_ptr<Backend>(int64_t bytes, int threads)>
      make_backend;
  // Called after every segment of the model, from the calling thread. May
  // throw: the exception leaves Compress or Decompress (that is how a signal
  // stops a run).
  std::function<void(const Progress&)> progress;
  // Called once, before the model sees the first symbol, if there is one;
  // costs up to a second or so (src/codec/rehearsal.h). A resumed run does not
  // call it.
  std::function<void(const Expectation&)> expectation;
  PartPlan parts;  // compress only
  // Compress only: what the input consists of, its size known and without
  // parts; empty: it is one original.
  std::vector<ArchiveFile> files;
  // Compress, called between two parts: what the sink gets from now on belongs
  // to the next one.
  std::function<void()> next_output;
  // Decompress: opens the parts after `in`, which then is one of a set; none:
  // `in` is an archive, or an independent part alone.
  OpenPart open_part;
  bool as_files = false;  // decompress: the sink cuts an original of several
  // Null: no checkpoints. Otherwise outlives the run.
  Checkpointer* checkpointer = nullptr;
};

struct Report {
  int64_t original_bytes = 0;
  int64_t coded_bytes = 0;  // of the whole archive
  int64_t blocks = 0;
  int64_t stored_blocks = 0;
  int64_t resumed_bytes = 0;  // of the original, done before the checkpoint
};

// What a checkpoint called `name` says of the run that it is of.
struct CheckpointSummary {
  ModelConfig config;
  int64_t part = 0;          // its number; 0: the run has no parts
  bool only_header = false;  // of the archive's part is written, or less
};

// Bytes of memory that Compress needs with this configuration, with a
// self-check or without, and Decompress.
int64_t MemoryNeeded(const ModelConfig& config, bool self_check);
int64_t MemoryToDecode(const ModelConfig& config);

// Writes an archive of everything `in` delivers. The configuration is stored
// in the archive; where `options.prep` brings words, its alphabet is theirs,
// otherwise it must be 256, unless the input is wide symbols. A block that
// coding does not shrink is stored. Errors: kIo from the streams, kMemory,
// kUsage when the configuration is out of range, wide symbols are not what they
// should be or a checkpoint cannot be continued, kNumerics when self_check
// finds a block that does not decode.
//
// A resumed run reads `in` from its start and gives the same archive as one
// that was never interrupted; `out` takes what comes after the part that the
// checkpointer kept.
Report Compress(Source& in, Sink& out, const ModelConfig& config,
                const CodecOptions& options);

// Writes the original of the archive in `in`. A block reaches `out` only after
// its hashes and its digest of the model's state were found right.
// Errors: kFormat, kUnsupported (also for a model beyond the memory limit and
// an original beyond max_output, which is refused before any work when the
// header tells its size and before the block that exceeds it otherwise),
// kNumerics, kIo; the message names the block; kUsage for a checkpoint that
// cannot be continued.
Report Decompress(Source& in, Sink& out, const CodecOptions& options);

// Throws Error(kUsage) when the checkpoint is damaged or none.
CheckpointSummary SummaryOfCheckpoint(Source& checkpoint,
                                      const std::string& name);

// What an archive says of itself. Reads all of it and checks every hash that
// needs no decoding.
struct Listing {
  int format_version = 0;
  int numerics_version = 0;
  int64_t original_bytes = 0;
  int64_t archive_bytes = 0;
  int64_t blocks = 0;
  int64_t stored_blocks = 0;
  // 32 hexadecimal digits, XXH3-128; empty for a set of independent parts,
  // which do not know the whole's.
  std::string original_hash;
  std::string symbols;              // Preparation::SymbolsOf, of the first
  ModelConfig config;               // of the first part
  int64_t parts = 0;                // of the set; 0: it is no set
  std::optional<ArchivePart> part;  // the first one's place
  std::vector<ArchiveFile> files;   // empty: one original
};
// With `open_part`, `in` is part number `first` of a set, which is read from
// there to its end. Errors: kFormat when a part is not the one that must
// follow, with its name where `open_part` gives it.
Listing List(Source& in, const OpenPart& open_part = {}, int64_t first = 1);

// Runs a fixed tiny training and compares its digest with the one every sound
// build computes. Throws Error(kNumerics) when it differs. A few milliseconds.
void SelfTest();                 // on the CPU, by the form in use
void SelfTest(Backend& device);  // what a device does otherwise as well
uint64_t SelfTestDigest();       // what they compute
uint64_t SelfTestDigest(Backend& backend);
uint64_t ArithmeticId();  // what every build of this version computes

}  // namespace nncpp
