// src/cli/options.h -- what the command line asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernels/make_backend.h"
#include "preproc/dictionary_trainer.h"
#include "src/codec/pieces.h"
#include "src/model/config.h"

namespace nncpp {

enum class Verb {
  kCompress,
  kDecompress,
  kTest,
  kList,
  kPrepTrain,   // a dictionary from a sample
  kPrepEncode,  // bytes to symbols, without a model
  kPrepDecode,
  kSplit,  // bytes or symbols into pieces, without a model
  kJoin,
  kHelp,       // the page of docs/cli.md in short
  kModelHelp,  // the same, with every model option
  kVersion,
};

// How often checkpoints are written: exactly one of the two is positive.
struct CheckpointEvery {
  double seconds = 300;
  int64_t blocks = 0;
};

struct Options {
  Verb verb = Verb::kHelp;
  std::string input;   // "-": standard input
  std::string output;  // "-": standard output; empty for kTest and kList
  std::vector<std::string> inputs;  // kCompress: several; empty: `input` alone
  std::string only;                 // kDecompress: this file; empty: all
  bool force = false;
  bool quiet = false;
  bool verbose = false;
  bool progress = true;  // may draw a progress line, if there is a terminal
  bool json = false;
  int threads = 0;            // 0: one per core
  int64_t memory_limit = -1;  // bytes; -1: none
  int64_t max_output = -1;    // the same
  Device device;
  std::optional<bool> self_check;  // none: small inputs only
  ModelConfig config;              // kCompress only: profile, then options
  std::string dictionary;          // a file of words; empty: none
  TrainingGoal goal = {.words = 4096, .min_frequency = 16};  // kPrepTrain
  bool learn_words = false;   // kCompress: words of `goal`, from the input
  bool primer = true;         // kCompress: where the input is like ours
  bool convert = true;        // kCompress: machine code, deflated streams
  std::string prime;          // a file that is learnt first; empty: none
  bool wide_symbols = false;  // kCompress: the input is symbols of 16 bits
  bool alphabet_given = false;
  bool config_given = false;   // the command line says something of it
  bool tables_given = false;   // sizes of tables are among it
  bool block_given = false;    // so are symbols of a block
  bool jpeg_given = false;     // so is what becomes of JPEG files
  bool samples_given = false;  // and of numbers
  bool default_level = false;  // bytes at the default level, no more
  std::string checkpoint;      // empty: none are written
  CheckpointEvery checkpoint_every;
  bool resume = false;
  bool salvage = false;   // kDecompress only
  PartPlan parts;         // kCompress only
  bool one_part = false;  // kCompress: end after each part, to be resumed
};

// Reads the command line. The names of outputs that were left out are filled
// in: IN.nncpp for compress, IN without .nncpp for decompress, standard output
// where the input is standard input. Touches no file.
// Errors: Error(kUsage), or CLI::ParseError from the library.
Options ParseOptions(int argc, const char* const* argv);

}  // namespace nncpp
