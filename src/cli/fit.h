// src/cli/fit.h -- what compress does to the configuration for its input.
#pragma once

#include <cstdint>

#include "src/base/head_source.h"
#include "src/cli/checkpoint_file.h"
#include "src/cli/options.h"
#include "src/codec/codec.h"
#include "src/codec/preparation.h"

namespace nncpp {

// What the head of the input, of `size` bytes (-1: not known), is to a model.
// Where it has deflated streams, blocks become longer, so that these fit,
// unless the command line says how long they are.
Preparation::Seen SeeInput(HeadSource& in, int64_t size,
                           const PrepOptions& prep, Options& options);

// What is no text gets models of its own, if it can: with the strong mixing,
// one stream and bytes; unless the command line has said whether it does. Those
// of JPEG files where more than a sixteenth of the first mebibyte is of their
// scans, those of samples or pixels where that looks like them.
void FitToKind(const Preparation::Seen& seen, Options& options);

// Tables as large as the input, and what is learnt before it would fill; as the
// input alone would where the machine or -M has no room for those. Tables
// larger than the default level's take three quarters of the machine's memory
// at most, and are for inputs of known size.
void FitToInput(const Preparation::Seen& seen, const CodecOptions& codec,
                bool self_check, Options& options);

// At the default level, what does not look English gets a larger net
// (docs/results.md). A resumed run keeps that of its checkpoint.
void FitNet(const Preparation::Seen& seen, const CheckpointSummary& from,
            Options& options);

// At the end: without what SeeInput and FitToKind chose where the machine or -M
// still has no room.
void FitToMemory(bool self_check, Options& options);

}  // namespace nncpp
