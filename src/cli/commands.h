// src/cli/commands.h -- what each command does.
#pragma once

#include <string>

#include "src/cli/options.h"

namespace nncpp {

// Does what the options ask for; a return means success, with every output
// synced and under its final name. `subject` becomes the name of the archive
// or input at work, for the message of an error that does not know it.
// Errors: those of the codec, the files and the self-test.
void RunCommand(const Options& options, std::string& subject);

}  // namespace nncpp
