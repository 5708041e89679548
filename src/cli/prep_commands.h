// src/cli/prep_commands.h -- work without a model: nncpp prep, split and join.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

// The input, or what RunPrepEncode made of it, as pieces OUT.001, OUT.002, ...
// that end between two symbols; and back. Pieces are bytes and nothing else.
void RunSplit(const Options& options);
void RunJoin(const Options& options, std::string& subject);

// Reads a file of DictionaryText. Throws Error(kUsage) naming the file and
// what is wrong with it.
Dictionary ReadDictionary(const std::string& path);

// Reads the file of --prime. Throws Error(kUsage) naming it when it is empty or
// of more than 64 MiB.
std::vector<uint8_t> ReadOwnPrimer(const std::string& path);

}  // namespace nncpp
