// src/base/output_path.h -- the name that an output takes when it is complete.
#pragma once

#include <optional>
#include <string>

#include "src/base/file.h"

namespace nncpp {

// Whether the output PATH is to be written beside it, or in place because it
// is a device or a FIFO.
enum class OutputWay { kBeside, kInPlace };

// Refuses before any work is done: Error(kUsage) when PATH is empty, exists and
// `overwrite` is false, or is the file `input`; Error(kIo) when it is a
// directory. A symbolic link counts as existing.
OutputWay CheckOutputPath(const std::string& path, bool overwrite,
                          const std::optional<FileIdentity>& input);

// Of a name, links not followed; empty when there is no such file.
std::optional<FileIdentity> IdentityOfPath(const std::string& path);

// Sets group, mode and time of modification; without attributes the mode that a
// newly created file gets. Where the group may not be given, another one gets
// no right that it did not have. Throws Error(kIo) naming `path`.
void SetAttributes(int fd, const std::optional<FileAttributes>& attributes,
                   const std::string& path);

// Renames the complete file `from` to `path` and makes that durable. Throws
// Error(kIo), or Error(kUsage) when `path` exists and `overwrite` is false;
// nothing has changed then.
void TakeName(const std::string& from, const std::string& path, bool overwrite);

}  // namespace nncpp
