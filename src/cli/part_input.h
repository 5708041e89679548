// src/cli/part_input.h -- the archive, or the set of parts, that a name means.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "src/base/file.h"
#include "src/cli/options.h"
#include "src/codec/codec.h"

namespace nncpp {

// SET.001, SET.002, ...
std::string PartName(const std::string& set, int64_t number);

// The SET of such a name, also where .part follows; empty if it is none.
std::string SetOfPartName(std::string name);

// A name that no file has means a set, if files are called like its parts.
class PartInput {
 public:
  // `subject` becomes the name of the part at work, for messages; it outlives
  // this.
  PartInput(const Options& options, std::string& subject);

  bool is_set() const { return set_; }

  // Opens the archive, or the part with that number; Error(kFormat) when that
  // is missing.
  std::unique_ptr<FileSource> Open(int64_t number = 1);

  // For CodecOptions and List; empty where there is no set.
  OpenPart Opener();

  // Reads the archive, or the set from that part on, and judges what needs no
  // decoding. Throws Error(kFormat) for what is missing, damaged, or too much.
  Listing Check(int64_t number = 1);

  // Whether the set has a part beyond that number.
  bool HasLaterThan(int64_t number) const;

  // Bytes of all files of the set, or of `archive`; -1 when not known.
  int64_t SizeHint(const FileSource& archive) const;

 private:
  const std::string name_;
  const bool set_;
  std::string& subject_;
  std::unique_ptr<FileSource> part_;  // opened last by Opener
};

}  // namespace nncpp
