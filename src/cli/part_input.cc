// src/cli/part_input.cc -- contract: part_input.h
#include "src/cli/part_input.h"

#include <algorithm>

#include "src/base/error.h"
#include "src/base/output_path.h"
#include "src/format/archive.h"

namespace nncpp {
namespace {

bool IsThere(const std::string& path) {
  return IdentityOfPath(path).has_value();
}

bool MeansSet(const std::string& name) {
  if (name == "-" || IsThere(name)) return false;
  for (int64_t number = 1; number <= kMaxParts; ++number) {
    if (IsThere(PartName(name, number))) return true;
  }
  return false;
}

}  // namespace

std::string PartName(const std::string& set, int64_t number) {
  const std::string digits = std::to_string(number);
  return set + "." + std::string(3 - std::min<size_t>(3, digits.size()), '0') +
         digits;
}

std::string SetOfPartName(std::string name) {
  if (name.ends_with(".part")) name.resize(name.size() - 5);
  if (name.size() < 5 || name[name.size() - 4] != '.' ||
      name.find_last_not_of("0123456789") != name.size() - 4) {
    return {};
  }
  return name.substr(0, name.size() - 4);
}

PartInput::PartInput(const Options& options, std::string& subject)
    : name_(options.input), set_(MeansSet(options.input)), subject_(subject) {}

std::unique_ptr<FileSource> PartInput::Open(int64_t number) {
  if (!set_) return std::make_unique<FileSource>(name_);
  const std::string path = PartName(name_, number);
  subject_ = path;
  if (number > kMaxParts || !IsThere(path)) {
    throw Error(ErrorKind::kFormat,
                "is missing; put it beside the other parts of the set");
  }
  return std::make_unique<FileSource>(path);
}

OpenPart PartInput::Opener() {
  if (!set_) return {};
  return [this](int64_t number) -> Source& {
    part_ = Open(number);
    return *part_;
  };
}

Listing PartInput::Check(int64_t number) {
  const auto first = Open(number);
  Listing listing = List(*first, Opener(), number);
  const std::string beyond = PartName(name_, number + listing.parts);
  if (set_ && IsThere(beyond)) {
    subject_ = beyond;
    throw Error(ErrorKind::kFormat,
                "does not belong to the set, which ends with the part before; "
                "move it away");
  }
  return listing;
}

bool PartInput::HasLaterThan(int64_t number) const {
  while (set_ && ++number <= kMaxParts) {
    if (IsThere(PartName(name_, number))) return true;
  }
  return false;
}

int64_t PartInput::SizeHint(const FileSource& archive) const {
  if (!set_) return archive.SizeHint();
  int64_t bytes = 0;
  for (int64_t number = 1; number <= kMaxParts; ++number) {
    const std::string path = PartName(name_, number);
    if (IsThere(path)) bytes += FileSource(path).SizeHint();
  }
  return bytes;
}

}  // namespace nncpp
