// src/cli/help.h -- the text of `nncpp help`.
#pragma once

#include <string>

namespace nncpp {

// docs/cli.md in short; `model_options` adds every row of ConfigFields().
std::string HelpText(bool model_options);

}  // namespace nncpp
