// src/cli/prep_commands.h -- the preprocessor on its own: nncpp prep.
#pragma once

#include <string>

#include "preproc/dictionary.h"
#include "src/cli/options.h"

namespace nncpp {

// Learns a dictionary of options.goal from the input, or from pieces spread
// over it where it is long, and writes it as DictionaryText.
void RunPrepTrain(const Options& options);

// Bytes to symbols of options.dictionary, two bytes each as in
// preproc/wide_symbols.h, and back. The whole input is held in memory, a few
// times over.
void RunPrepEncode(const Options& options);
void RunPrepDecode(const Options& options);

// Reads a file of DictionaryText. Throws Error(kUsage) naming the file and
// what is wrong with it.
Dictionary ReadDictionary(const std::string& path);

}  // namespace nncpp
