// src/codec/checkpointer.h -- what a run that can be resumed asks of its caller
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "src/base/hash.h"
#include "src/base/stream.h"

namespace nncpp {

// Decides when checkpoints are written and where to, and finds what a run goes
// on from. Errors leave Compress and Decompress as they are; so does anything
// else that a function throws, which is how a signal ends a run.
class Checkpointer {
 public:
  // Writes one checkpoint, of the moment of the call, to the sink.
  using Writer = std::function<void(Sink&)>;

  virtual ~Checkpointer() = default;

  // Asked before the first block, after every segment and after every block:
  // whether a checkpoint is due. `blocks` are those finished in all.
  virtual bool IsDue(int64_t blocks) = 0;

  // Makes everything that the output was given durable, then writes a
  // checkpoint that takes the place of the one before.
  virtual void Store(const Writer& write) = 0;

  // The run is about to wait for input between two blocks: until the next call
  // a checkpoint may be written with `write`, which is empty when work goes on.
  virtual void Rest(const Writer& write) = 0;

  // The checkpoint to go on from, or null for a new run.
  virtual Source* Resumed() = 0;

  // Hands the first `bytes` bytes of the interrupted run's output to `hasher`
  // and cuts off the rest. Throws Error(kUsage) when there are fewer.
  virtual void KeepOutput(int64_t bytes, StreamHasher& hasher) = 0;

  // Of the checkpoint, and of the output that belongs to it; for messages.
  virtual const std::string& name() const = 0;
  virtual const std::string& output_name() const = 0;
};

}  // namespace nncpp
