// src/codec/rehearsal.h -- how long a run will take, found out beforehand.
#pragma once

#include <cstdint>
#include <functional>

#include "kernels/backend.h"
#include "src/codec/codec.h"
#include "src/codec/preparation.h"
#include "src/model/config.h"

namespace nncpp {

// Seconds that one symbol takes, and one that is replayed.
struct Pace {
  double coding = 0;
  double replay = 0;
};

// Seconds of one step of a segment of `steps` steps, from `segment`, which does
// one of as many steps as it is told and takes its time. `most` steps are the
// most that it may do in all, but for six.
double SecondsOfStep(int64_t steps, int64_t most,
                     const std::function<double(int64_t)>& segment);

// Codes and learns some segments of English, in as many streams as a block of
// `symbols` symbols has, with a model that is thrown away; steps are predicted
// one by one if `decoding`. Takes about a quarter of a second, and less for
// few `symbols`; but for a net that is slower than that, a few of its steps.
Pace Rehearse(const ModelConfig& config, int64_t symbols, bool decoding,
              Backend& backend);

// Symbols that are replayed while so many are learnt.
int64_t ReplayedSymbols(const ModelConfig& config, int64_t symbols);

// What a run at this pace, in so much memory, will take for an original of
// `bytes` bytes, -1: not known, and for the primer.
Expectation Expect(const ModelConfig& config, const Preparation& preparation,
                   int64_t bytes, int64_t memory, const Pace& pace);

// The same for Compress, with a self-check or without, and for Decompress, at
// the pace of a rehearsal.
Expectation ExpectCompress(const ModelConfig& config,
                           const Preparation& preparation, int64_t bytes,
                           bool self_check, Backend& backend);
Expectation ExpectDecompress(const ModelConfig& config,
                             const Preparation& preparation, int64_t bytes,
                             Backend& backend);

}  // namespace nncpp
