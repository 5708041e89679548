// src/codec/resume.h -- writing checkpoints of the codec, and going on from one
#pragma once

#include <functional>

#include "src/codec/checkpointer.h"
#include "src/format/checkpoint.h"
#include "src/model/model.h"

namespace nncpp {

// Writes a checkpoint: the head, whose state_bytes, states and arithmetic are
// filled in, the model's state and, unless null, what `before` writes: the
// state from before the block.
void WriteCheckpoint(CheckpointHead head, Model& model,
                     const std::function<void(Sink&)>& before, Sink& out);

// Stores a checkpoint if `checkpointer` is not null and says that one is due.
void StoreIfDue(Checkpointer* checkpointer, int64_t blocks,
                const Checkpointer::Writer& write);

// A checkpoint that is about to be continued. What does not fit throws
// Error(kUsage) that names the checkpoint.
class Resumption {
 public:
  // Reads the head and judges what both directions have in common.
  // REQUIRES: checkpointer.Resumed() is not null.
  Resumption(Checkpointer& checkpointer, Direction direction);

  const CheckpointHead& head() const { return reader_.head(); }

  // Reads the states into `model`, that from before the block as the saved one
  // if there is one, and verifies the whole checkpoint. Checks that the state
  // is as the head announces.
  void ReadStates(Model& model);

  // Goes on with the output: `bytes` of it, which must have the hash; `hasher`
  // has seen them afterwards.
  void KeepOutput(int64_t bytes, const Hash128& hash, StreamHasher& hasher);

  // Does `act`, where Error(kFormat) means a damaged checkpoint.
  void Parse(const std::function<void()>& act);

  [[noreturn]] void RefuseInput() const;
  [[noreturn]] void Refuse(const std::string& what) const {
    reader_.Refuse(what);
  }

 private:
  Checkpointer& checkpointer_;
  CheckpointReader reader_;
};

}  // namespace nncpp
