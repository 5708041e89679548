// src/base/rename.h -- giving a finished file its name, replacing nothing.
#pragma once

#include <string>

namespace nncpp {

// How a file can get a name that must be free, best first.
enum class RenameWay {
  kNoReplace,  // renameat2 with RENAME_NOREPLACE: one step
  kLink,       // link, then unlink: for file systems without the first
  kLookFirst,  // look, then rename: for file systems without links; another
               // program may take the name between the two
};

// Renames `from` to `to` within one directory, starting with `first` and going
// on to the next way where the file system has no such operation. Throws
// Error, and leaves both names as they are: kUsage when `to` exists, kIo when
// the system refuses.
void RenameToFreeName(const std::string& from, const std::string& to,
                      RenameWay first = RenameWay::kNoReplace);

// Throws the Error(kUsage) of an output that exists and must not be replaced.
[[noreturn]] void ThrowExists(const std::string& path);

}  // namespace nncpp
