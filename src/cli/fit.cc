// src/cli/fit.cc -- contract: src/cli/fit.h
#include "src/cli/fit.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "preproc/primer.h"
#include "src/base/machine.h"
#include "src/codec/preparation.h"
#include "src/model/context_mixing/jpeg_scan.h"
#include "src/model/context_mixing/sample_layout.h"

namespace nncpp {
namespace {

constexpr int64_t kHead = int64_t{1} << 20;

// Of the largest part of which the model is one's own; -1 when not known.
int64_t ModelledBytes(const PartPlan& parts, int64_t size) {
  if (!parts.independent || size < 0) return size;
  if (parts.bytes > 0) return std::min(parts.bytes, size);
  return (size + parts.count - 1) / parts.count;
}

// `most` bytes of what the first mebibyte is to a model.
std::vector<uint8_t> SeenHead(HeadSource& in, const PrepOptions& prep,
                              const Options& options, size_t most) {
  std::vector<uint8_t> head =
      Preparation::See(in.Peek(kHead), -1, options.config, prep).head;
  head.resize(std::min(head.size(), most));
  return head;
}

int64_t MostMemory(const Options& options) {
  return options.memory_limit >= 0 ? options.memory_limit : MemoryOfMachine();
}

}  // namespace

void FitNet(HeadSource& in, const CheckpointSummary& from,
            const PrepOptions& prep, Options& options) {
  constexpr int64_t kOtherCells = 96;
  if (!options.default_level || options.wide_symbols) return;
  const bool other =
      options.resume
          ? from.config.cells == kOtherCells
          : in.SizeHint() >= 0 &&
                !LooksEnglish(SeenHead(in, prep, options, kEnglishHead));
  if (other) options.config.cells = kOtherCells;
}

void FitToKind(HeadSource& in, const PrepOptions& prep, Options& options) {
  constexpr int64_t kShare = 16;
  const bool possible = options.config.mixing > 1 &&
                        options.config.streams == 1 && !options.wide_symbols &&
                        !options.learn_words && options.dictionary.empty();
  if (!possible) return;
  const auto head = SeenHead(in, prep, options, kHead);
  if (!options.jpeg_given &&
      JpegScan::ScanBytes(head) * kShare > std::ssize(head)) {
    options.config.jpeg = 1;
  }
  if (!options.samples_given && LooksLikeSamples(head)) {
    options.config.samples = 1;
  }
}

void FitToInput(HeadSource& in, int64_t size, const CodecOptions& codec,
                bool self_check, Options& options) {
  const int64_t modelled = ModelledBytes(options.parts, size);
  const auto& own = codec.prep.own_primer;
  const auto head =
      in.Peek(std::min(Preparation::HeadBytes(codec.prep), modelled));
  const auto seen =
      Preparation::See(head, modelled, options.config, codec.prep);
  const int64_t learnt = seen.size + (own ? std::ssize(*own) : 0);
  const int64_t primer =
      Preparation::PrimerLength(seen, options.config, codec.prep);
  ModelConfig fitted = options.config;
  FitTables(learnt, primer, fitted);
  if (MemoryNeeded(fitted, self_check) > MostMemory(options)) {
    fitted = options.config;
    FitTables(learnt, 0, fitted);
  }
  options.config = fitted;
}

void FitToMemory(bool self_check, Options& options) {
  if (MemoryNeeded(options.config, self_check) <= MostMemory(options)) return;
  if (!options.jpeg_given) options.config.jpeg = 0;
  if (!options.samples_given) options.config.samples = 0;
}

}  // namespace nncpp
