// src/cli/own_files.cc -- contract: own_files.h
#include "src/cli/own_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/cli/part_input.h"
#include "src/format/archive.h"

namespace nncpp {
namespace {

struct ReadFile {
  const char* what;
  FileIdentity identity;
};

// Of a regular file, links followed; "-" is standard stream `standard`.
std::optional<FileIdentity> IdentityOf(const std::string& path, int standard) {
  struct stat status = {};
  const int result =
      path == "-" ? ::fstat(standard, &status) : ::stat(path.c_str(), &status);
  if (result != 0 || !S_ISREG(status.st_mode)) return {};
  return FileIdentity{status.st_dev, status.st_ino};
}

bool IsThere(const std::string& path) {
  struct stat status = {};
  return path == "-" || ::stat(path.c_str(), &status) == 0;
}

std::vector<ReadFile> ReadFiles(const Options& options) {
  std::vector<ReadFile> files;
  const auto add = [&files](const char* what, const std::string& path) {
    const auto identity = IdentityOf(path, STDIN_FILENO);
    if (identity) files.push_back({what, *identity});
  };
  for (const std::string& input : options.inputs) add("an input file", input);
  if (options.inputs.empty()) add("the input file", options.input);
  const bool may_be_set =
      options.verb == Verb::kDecompress || options.verb == Verb::kJoin;
  if (may_be_set && !IsThere(options.input)) {
    for (int64_t number = 1; number <= kMaxParts; ++number) {
      add("a part of the input", PartName(options.input, number));
    }
  }
  if (!options.prime.empty()) add("the file of --prime", options.prime);
  if (!options.dictionary.empty()) add("the dictionary", options.dictionary);
  return files;
}

// What the run may write or, in a set that it replaces, remove.
std::vector<std::string> OutputNames(const Options& options) {
  if (options.output.empty()) return {};
  std::vector<std::string> names = {options.output};
  if (options.parts.any()) {
    names.clear();
    for (int64_t number = 1; number <= kMaxParts; ++number) {
      names.push_back(PartName(options.output, number));
    }
  }
  if (options.salvage) names.push_back(options.output + ".incomplete");
  if (options.checkpoint.empty()) return names;
  for (size_t i = 0, count = names.size(); i < count; ++i) {
    names.push_back(names[i] + ".part");
  }
  return names;
}

// What of `files` the name means, or null.
const char* Find(const std::string& path, const std::vector<ReadFile>& files) {
  const auto identity = IdentityOf(path, STDOUT_FILENO);
  for (const ReadFile& file : files) {
    if (identity == file.identity) return file.what;
  }
  return nullptr;
}

}  // namespace

bool IsRead(const Options& options, const std::string& path) {
  return Find(path, ReadFiles(options)) != nullptr;
}

void CheckOutputs(const Options& options) {
  CheckOutputs(options, OutputNames(options));
}

void CheckOutputs(const Options& options,
                  const std::vector<std::string>& paths) {
  const std::vector<ReadFile> files = ReadFiles(options);
  for (const std::string& path : paths) {
    const char* what = Find(path, files);
    if (what == nullptr) continue;
    throw Error(ErrorKind::kUsage, (path == "-" ? "standard output" : path) +
                                       ": is " + what +
                                       "; choose another output");
  }
}

}  // namespace nncpp
