// src/cli/argument_check.h -- what no option of the command line takes.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <vector>

namespace nncpp {

// The arguments before the first -- that is no option's value: what the library
// is to parse, which loses sight of -- where a command has its names already.
std::span<const char* const> BeforeMark(const CLI::App& app,
                                        std::span<const char* const> arguments);

// Refuses, with Error(kUsage), what the library took for something else than it
// says: digits that are no level, and an option whose value is empty.
void CheckArguments(const CLI::App& app,
                    std::span<const char* const> arguments);

// Makes the arguments after the mark names of the command, whatever they look
// like. Returns the names that find no place, which compress alone may have.
// (CLI11 would read [a] as a list, were they one option.) Throws Error(kUsage)
// for what is no name. REQUIRES: `app` has parsed BeforeMark.
std::vector<std::string> TakeNames(CLI::App& app,
                                   std::span<const char* const> arguments);

}  // namespace nncpp
