// src/codec/resume.cc -- contract: resume.h
#include "src/codec/resume.h"

#include "src/base/error.h"
#include "src/base/memory_stream.h"
#include "src/codec/codec.h"
#include "src/format/archive_reader.h"

namespace nncpp {

void WriteCheckpoint(CheckpointHead head, Model& model,
                     const std::function<void(Sink&)>& before, Sink& out) {
  head.arithmetic = ArithmeticId();
  head.state_bytes = model.StateBytes();
  head.states = before ? 2 : 1;
  CheckpointWriter writer(out);
  writer.WriteHead(head);
  model.WriteState(writer);
  if (before) before(writer);
  writer.Finish();
}

void StoreIfDue(Checkpointer* checkpointer, int64_t blocks,
                const Checkpointer::Writer& write) {
  if (checkpointer == nullptr || !checkpointer->IsDue(blocks)) return;
  checkpointer->Store(write);
}

Resumption::Resumption(Checkpointer& checkpointer, Direction direction)
    : checkpointer_(checkpointer),
      reader_(*checkpointer.Resumed(), checkpointer.name()) {
  const CheckpointHead& head = reader_.ReadHead();
  if (head.direction != direction) {
    Refuse(direction == Direction::kCompress
               ? "was made while decompressing; continue it with nncpp d"
               : "was made while compressing; continue it with nncpp c");
  }
  if (head.arithmetic != ArithmeticId()) {
    Refuse(
        "was made by a build that computes other bits; continue with the one "
        "that made it");
  }
}

void Resumption::ReadStates(Model& model) {
  if (model.StateBytes() != head().state_bytes || head().states == 0) {
    reader_.RefuseDamaged();
  }
  Parse([&] {
    model.ReadState(reader_);
    if (head().states == 2) model.ReadSaved(reader_);
  });
  reader_.Finish();
}

void Resumption::KeepOutput(int64_t bytes, const Hash128& hash,
                            StreamHasher& hasher) {
  checkpointer_.KeepOutput(bytes, hasher);
  if (hasher.Digest() == hash) return;
  throw Error(ErrorKind::kUsage,
              checkpointer_.output_name() +
                  ": is not what the checkpoint belongs to; put the right file "
                  "there, or start anew with -f and without --resume");
}

void Resumption::Parse(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFormat) throw;
    reader_.RefuseDamaged();
  }
}

void Resumption::RefuseInput() const {
  Refuse("belongs to another input; give the one that it was made of");
}

CheckpointSummary SummaryOfCheckpoint(Source& checkpoint,
                                      const std::string& name) {
  CheckpointReader reader(checkpoint, name);
  const CheckpointHead& head = reader.ReadHead();
  MemorySource record(head.header);
  try {
    ArchiveReader archive(record);
    const ArchiveHeader& header = archive.ReadHeader();
    ByteReader fields(header.config);
    return {ParseConfig(fields), header.part ? header.part->number : 0,
            head.archive_bytes <= std::ssize(head.header)};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kIo) throw;
    reader.RefuseDamaged();
  }
}

}  // namespace nncpp
