// src/cli/option_names.h -- which names of the command line mean what.
#pragma once

#include <string>
#include <vector>

#include "src/cli/options.h"

namespace nncpp {

// The action of prep that has this name. Throws Error(kUsage).
Verb PrepVerb(const std::string& action);

// What more names than IN and OUT mean: several IN, then OUT.
void TakeMoreNames(const std::vector<std::string>& names, Options& options);

// The output of compress and decompress where none is named. Throws
// Error(kUsage) where the input's name does not tell.
std::string DefaultOutput(Verb verb, const std::string& input);

}  // namespace nncpp
