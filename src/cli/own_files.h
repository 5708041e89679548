// src/cli/own_files.h -- no output of a run may be a file that it reads.
#pragma once

#include <string>
#include <vector>

#include "src/cli/options.h"

namespace nncpp {

// Refuses, before anything is written, with Error(kUsage): an output, its
// unfinished .part, a part of the set that is replaced, or a checkpoint that
// is the input, the file of --prime or the dictionary, by whatever name.
void CheckOutputs(const Options& options);

// The same for outputs of these names.
void CheckOutputs(const Options& options,
                  const std::vector<std::string>& paths);

}  // namespace nncpp
