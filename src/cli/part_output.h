// src/cli/part_output.h -- the archive, or the parts, that a run writes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/cli/endpoints.h"
#include "src/cli/options.h"
#include "src/codec/codec.h"

namespace nncpp {

// Without parts an Output. With them, one after the other: all parts take their
// names when the last is complete; with checkpoints, each as soon as a
// checkpoint no longer needs it.
class PartOutput : public Sink {
 public:
  // A run that goes on says from where. Refuses as Output does, and where other
  // parts of that name, or a file of the set's own name, are there already.
  PartOutput(const Options& options, const FileSource& input,
             const std::optional<FileAttributes>& attributes,
             const CheckpointSummary& from);

  void Write(std::span<const uint8_t> bytes) override {
    outputs_.back()->Write(bytes);
  }

  // What comes now belongs to the next part.
  void Next();

  // Gives all parts but the one at work their names.
  void FinishEarlier();

  // Gives everything its name. Forced, it removes later parts of the set that
  // was there before.
  void Finish();

  PartFile* part() { return outputs_.back()->part(); }

 private:
  Options OptionsOf(int64_t number) const;
  void FinishInterrupted(int64_t number);
  void RemoveLaterParts() const;  // files only

  const Options& options_;
  const FileSource& input_;
  const std::optional<FileAttributes> attributes_;  // that outputs get
  int64_t number_ = 1;                              // of the part at work
  std::vector<std::unique_ptr<Output>> outputs_;    // those without their names
};

}  // namespace nncpp
