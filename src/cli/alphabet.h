// src/cli/alphabet.h -- how many symbols an input of symbols has.
#pragma once

#include "src/base/file.h"
#include "src/cli/options.h"

namespace nncpp {

// Sets the alphabet of an input of wide symbols, unless one is given: the
// largest symbol and one more, at least 2, which takes a reading of all of it.
// Throws Error(kUsage) where `in` cannot be read twice, or holds a symbol that
// no alphabet has.
void FindAlphabet(const FileSource& in, Options& options);

}  // namespace nncpp
