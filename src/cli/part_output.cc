// src/cli/part_output.cc -- contract: part_output.h
#include "src/cli/part_output.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "src/base/error.h"
#include "src/base/output_path.h"
#include "src/base/rename.h"
#include "src/cli/part_input.h"
#include "src/format/archive.h"

namespace nncpp {

PartOutput::PartOutput(const Options& options, const FileSource& input,
                       const std::optional<FileAttributes>& attributes,
                       const CheckpointSummary& from)
    : options_(options), input_(input), attributes_(attributes) {
  if (options.resume && (from.part > 0) != options.parts.any()) {
    throw Error(ErrorKind::kUsage,
                options.checkpoint +
                    (from.part > 0
                         ? ": is of a set of parts; repeat --parts or "
                           "--part-size"
                         : ": is of one archive; leave --parts and --part-size "
                           "out"));
  }
  if (!options.parts.any()) {
    outputs_.push_back(std::make_unique<Output>(options, input));
    return;
  }
  if (IdentityOfPath(options.output)) {
    throw Error(ErrorKind::kUsage,
                options.output +
                    ": is a file, which would be read in place of the parts; "
                    "move it away, or name another output");
  }
  number_ = std::max<int64_t>(1, from.part);
  for (int64_t i = number_; !options.force && i <= kMaxParts; ++i) {
    const std::string path = PartName(options.output, i);
    if (IdentityOfPath(path)) ThrowExists(path);
  }
  FinishInterrupted(number_ - 1);
  std::optional<PartFile::Start> start;
  if (from.part > 0 && from.only_header) start = PartFile::Start::kReplace;
  outputs_.push_back(
      std::make_unique<Output>(OptionsOf(number_), input, start));
}

Options PartOutput::OptionsOf(int64_t number) const {
  Options options = options_;
  options.output = PartName(options_.output, number);
  return options;
}

// A run may have ended between the checkpoint that follows a part and the
// renaming of that part.
void PartOutput::FinishInterrupted(int64_t number) {
  const Options options = OptionsOf(number);
  if (number < 1 || !IdentityOfPath(options.output + ".part")) return;
  Output(options, input_, PartFile::Start::kContinue).Finish(attributes_);
}

void PartOutput::Next() {
  if (part() != nullptr) {
    part()->Sync();
  } else {
    outputs_.back()->Seal(attributes_);
  }
  ++number_;
  std::optional<PartFile::Start> start;
  // What a run that stopped has left of this part.
  if (options_.resume) start = PartFile::Start::kReplace;
  outputs_.push_back(
      std::make_unique<Output>(OptionsOf(number_), input_, start));
}

void PartOutput::FinishEarlier() {
  while (outputs_.size() > 1) {
    outputs_.front()->Finish(attributes_);
    outputs_.erase(outputs_.begin());
  }
}

void PartOutput::Finish() {
  const auto count = static_cast<int64_t>(outputs_.size());
  try {
    FinishEarlier();
    outputs_.front()->Finish(attributes_);
  } catch (...) {
    // All or none; what was replaced by force is gone anyway.
    const auto named = count - static_cast<int64_t>(outputs_.size());
    for (int64_t i = 0; part() == nullptr && !options_.force && i < named;
         ++i) {
      ::unlink(PartName(options_.output, number_ - count + 1 + i).c_str());
    }
    throw;
  }
  if (options_.parts.any() && options_.force) RemoveLaterParts();
}

void PartOutput::RemoveLaterParts() const {
  for (int64_t i = number_ + 1; i <= kMaxParts; ++i) {
    const std::string path = PartName(options_.output, i);
    if (!IdentityOfPath(path)) break;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored)) ::unlink(path.c_str());
  }
}

}  // namespace nncpp
