// src/codec/learner.cc -- contract: src/codec/learner.h
#include "src/codec/learner.h"

#include "preproc/bytes.h"

namespace nncpp {

std::unique_ptr<Learner> NewLearner(Pieces& in, int64_t size,
                                    const ModelConfig& config,
                                    const CodecOptions& options, bool resumed) {
  ModelConfig prepared = config;
  Preparation preparation;
  if (!resumed) {
    if (config.alphabet != kByteAlphabet && !options.prep.wide_symbols) {
      throw Error(ErrorKind::kUsage,
                  "--alphabet: follows from the words; leave the option out, "
                  "or add --symbols u16 if it is true of the input");
    }
    const auto head = in.Peek(Preparation::HeadBytes(options.prep));
    preparation = Preparation::Choose(head, size, config, options.prep);
    prepared.alphabet = preparation.Alphabet(config.alphabet);
  }
  CheckMemory(MemoryNeeded(prepared, options.self_check), options.memory_limit,
              ErrorKind::kMemory);
  return std::make_unique<Learner>(prepared, std::move(preparation), options);
}

}  // namespace nncpp
