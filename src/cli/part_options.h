// src/cli/part_options.h -- the options that make sets of parts.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "src/cli/options.h"

namespace nncpp {

// The options as given.
struct PartTexts {
  std::string parts;
  std::string part_size;
  bool independent = false;
  bool one_part = false;
};

// `group` is that of all of them, `pieces` that of those that split takes too.
void AddPartOptions(CLI::App& app, const char* group, const char* pieces,
                    PartTexts& texts);

// Fills in what they mean. Throws Error(kUsage) where they contradict each
// other or the rest of `options`.
void ReadParts(const PartTexts& texts, Options& options);

}  // namespace nncpp
