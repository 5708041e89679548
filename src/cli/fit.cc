// src/cli/fit.cc -- contract: src/cli/fit.h
#include "src/cli/fit.h"

#include <algorithm>
#include <iterator>

#include "preproc/primer.h"
#include "src/base/machine.h"
#include "src/codec/preparation.h"
#include "src/model/context_mixing/jpeg_scan.h"
#include "src/model/context_mixing/sample_layout.h"

namespace nncpp {
namespace {

// Of the largest part of which the model is one's own; -1 when not known.
int64_t ModelledBytes(const PartPlan& parts, int64_t size) {
  if (!parts.independent || size < 0) return size;
  if (parts.bytes > 0) return std::min(parts.bytes, size);
  return (size + parts.count - 1) / parts.count;
}

}  // namespace

void FitNet(HeadSource& in, const CheckpointSummary& from, Options& options) {
  constexpr int64_t kOtherCells = 96;
  if (!options.default_level || options.wide_symbols) return;
  const bool other = options.resume ? from.config.cells == kOtherCells
                                    : in.SizeHint() >= 0 &&
                                          !LooksEnglish(in.Peek(kEnglishHead));
  if (other) options.config.cells = kOtherCells;
}

void FitToKind(HeadSource& in, Options& options) {
  constexpr int64_t kHead = int64_t{1} << 20, kShare = 16;
  const bool possible = options.config.mixing > 1 &&
                        options.config.streams == 1 && !options.wide_symbols &&
                        !options.learn_words && options.dictionary.empty();
  if (!possible) return;
  const auto head = in.Peek(kHead);
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
  const int64_t learnt = modelled + (own ? std::ssize(*own) : 0);
  const auto head =
      in.Peek(std::min(Preparation::HeadBytes(codec.prep), modelled));
  const int64_t primer =
      Preparation::PrimerLength(head, modelled, options.config, codec.prep);
  const int64_t most =
      options.memory_limit >= 0 ? options.memory_limit : MemoryOfMachine();
  ModelConfig fitted = options.config;
  FitTables(learnt, primer, fitted);
  if (MemoryNeeded(fitted, self_check) > most) {
    fitted = options.config;
    FitTables(learnt, 0, fitted);
    if (MemoryNeeded(fitted, self_check) > most) {
      if (!options.jpeg_given) fitted.jpeg = 0;
      if (!options.samples_given) fitted.samples = 0;
    }
  }
  options.config = fitted;
}

}  // namespace nncpp
