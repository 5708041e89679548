// src/format/files.h -- the files of an archive that holds several.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace nncpp {

struct ArchiveFile {
  std::string name;  // '/' between its components
  int64_t size = 0;  // bytes
  bool operator==(const ArchiveFile&) const = default;
};

// Throws Error(kFormat) unless `name` stays within a folder that it is put
// into, and can be shown to people (docs/format.md, "Files").
void CheckFileName(const std::string& name);

// The header's field `files`. Throws Error(kFormat) when a name is not allowed,
// stands twice or is the folder of another one, and when sizes or names are
// too large for an archive.
std::vector<uint8_t> FilesField(const std::vector<ArchiveFile>& files);

// The way back; also throws when the sizes do not add up to `original_bytes`.
std::vector<ArchiveFile> ParseFiles(std::span<const uint8_t> field,
                                    int64_t original_bytes);

}  // namespace nncpp
