// src/cli/fit.cc -- contract: src/cli/fit.h
#include "src/cli/fit.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "preproc/primer.h"
#include "src/base/machine.h"
#include "src/codec/preparation.h"
#include "src/model/context_mixing/bitmap_layout.h"
#include "src/model/context_mixing/evidence.h"
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

// Blocks that hold long streams whole, also where these hold many times what
// they are, but not what would take minutes for a short input.
int64_t BlockForStreams(int64_t size, int64_t usual) {
  constexpr int64_t kGrowth = 32;
  constexpr int64_t kLeast = int64_t{1} << 22, kMost = int64_t{1} << 24;
  const int64_t wanted = size < 0 ? kMost : std::max(size * kGrowth, kLeast);
  return std::max(usual, std::min(wanted, kMost));
}

int64_t MostMemory(const Options& options) {
  return options.memory_limit >= 0 ? options.memory_limit : MemoryOfMachine();
}

}  // namespace

Preparation::Seen SeeInput(HeadSource& in, int64_t size,
                           const PrepOptions& prep, Options& options) {
  // What is not needed is not waited for: without strong mixing, which has
  // models for kinds of input, a pipe would only have longer blocks.
  constexpr int64_t kHead = int64_t{1} << 20;
  const int64_t most = options.config.mixing > 1 ? kHead
                       : size < 0
                           ? 0
                           : std::min(kHead, Preparation::HeadBytes(prep));
  const int64_t modelled = ModelledBytes(options.parts, size);
  const auto head = in.Peek(modelled < 0 ? most : std::min(most, modelled));
  // At first as a usual block, also where a checkpoint has longer ones.
  ModelConfig first = options.config;
  if (!options.block_given) {
    first.block_symbols =
        std::min(first.block_symbols, ModelConfig().block_symbols);
  }
  auto seen = Preparation::See(head, modelled, first, prep);
  if (!seen.inflated || options.block_given) return seen;
  first.block_symbols = BlockForStreams(modelled, options.config.block_symbols);
  auto more = Preparation::See(head, modelled, first, prep);
  if (!more.inflated) return more;  // they are few behind the first 256 KiB
  options.config.block_symbols = first.block_symbols;
  return more;
}

void FitToKind(const Preparation::Seen& seen, Options& options) {
  constexpr int64_t kShare = 16;
  const bool possible = options.config.mixing > 1 &&
                        options.config.streams == 1 && !options.wide_symbols &&
                        !options.learn_words && options.dictionary.empty();
  if (!possible) return;
  if (!options.jpeg_given &&
      JpegScan::ScanBytes(seen.head) * kShare > std::ssize(seen.head)) {
    options.config.jpeg = 1;
  }
  if (options.samples_given) return;
  if (LooksLikeDrawing(seen.head)) {
    options.config.samples = kBitmap;
  } else if (LooksLikeSamples(seen.head)) {
    options.config.samples = kNumbers;
  } else if (LooksLikeDotsOrColours(seen.head)) {
    options.config.samples = kBitmap;
  }
}

void FitToInput(const Preparation::Seen& seen, const CodecOptions& codec,
                bool self_check, Options& options) {
  if (seen.size < 0) {
    while (HalveLargeTables(options.config)) continue;
    return;
  }
  const auto& own = codec.prep.own_primer;
  const int64_t learnt = seen.size + (own ? std::ssize(*own) : 0);
  const int64_t most = MostMemory(options);
  const int64_t most_for_large =
      options.memory_limit >= 0 ? most : most / 4 * 3;
  const auto fitted = [&](int64_t primer) {
    ModelConfig config = options.config;
    FitTables(learnt, primer, config);
    while (MemoryNeeded(config, self_check) > most_for_large &&
           HalveLargeTables(config)) {
      continue;
    }
    return config;
  };
  const ModelConfig primed =
      fitted(Preparation::PrimerLength(seen, options.config, codec.prep));
  options.config =
      MemoryNeeded(primed, self_check) <= most ? primed : fitted(0);
}

void FitNet(const Preparation::Seen& seen, const CheckpointSummary& from,
            Options& options) {
  constexpr int64_t kOtherCells = 96;
  if (!options.default_level || options.wide_symbols) return;
  const auto head = std::span(seen.head).first(
      std::min(seen.head.size(), size_t{kEnglishHead}));
  const bool other = options.resume ? from.config.cells == kOtherCells
                                    : seen.size >= 0 && !LooksEnglish(head);
  if (other) options.config.cells = kOtherCells;
}

void FitToMemory(bool self_check, Options& options) {
  if (MemoryNeeded(options.config, self_check) <= MostMemory(options)) return;
  if (!options.block_given) {
    options.config.block_symbols =
        std::min(options.config.block_symbols, ModelConfig().block_symbols);
  }
  if (!options.jpeg_given) options.config.jpeg = 0;
  if (!options.samples_given) options.config.samples = 0;
}

}  // namespace nncpp
