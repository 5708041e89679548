// src/cli/own_files.h -- no output of a run may be a file that it reads.
#pragma once

#include <string>
#include <vector>

#include "src/cli/options.h"

namespace nncpp {

// Whether the name, whatever others the file has, means one that the run reads:
// an input, the file of --prime or the dictionary.
bool IsRead(const Options& options, const std::string& path);

// Refuses, before anything is written, with Error(kUsage): an output, its
// unfinished .part or a part of the set that is replaced that IsRead.
void CheckOutputs(const Options& options);

// The same for outputs of these names.
void CheckOutputs(const Options& options,
                  const std::vector<std::string>& paths);

}  // namespace nncpp
