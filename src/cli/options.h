// src/cli/options.h -- what the command line asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kernels/make_backend.h"
#include "src/model/config.h"

namespace nncpp {

enum class Verb {
  kCompress,
  kDecompress,
  kTest,
  kList,
  kHelp,       // the page of docs/cli.md in short
  kModelHelp,  // the same, with every model option
  kVersion,
};

struct Options {
  Verb verb = Verb::kHelp;
  std::string input;   // "-": standard input
  std::string output;  // "-": standard output; empty for kTest and kList
  bool force = false;
  bool quiet = false;
  bool verbose = false;
  bool progress = true;  // may draw a progress line, if there is a terminal
  bool json = false;
  int threads = 0;            // 0: one per core
  int64_t memory_limit = -1;  // bytes; -1: none
  Device device;
  std::optional<bool> self_check;  // none: small inputs only
  ModelConfig config;              // kCompress only: profile, then options
};

// Reads the command line. The names of outputs that were left out are filled
// in: IN.nncpp for compress, IN without .nncpp for decompress, standard output
// where the input is standard input. Touches no file.
// Errors: Error(kUsage), or CLI::ParseError from the library.
Options ParseOptions(int argc, const char* const* argv);

}  // namespace nncpp
