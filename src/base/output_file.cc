// src/base/output_file.cc -- contract: output_file.h
#include "src/base/output_file.h"

#include <fcntl.h>
#include <stdlib.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <vector>

#include "src/base/check.h"
#include "src/base/io_error.h"
#include "src/base/output_path.h"

namespace nncpp {
namespace {

constexpr char kSuffix[] = ".part-XXXXXX";

std::string TemporaryPattern(const std::string& path) {
  const size_t slash = path.rfind('/');
  const size_t base = slash == std::string::npos ? 0 : slash + 1;
  // A name may have NAME_MAX bytes; a longer one is cut to make room.
  const size_t room = NAME_MAX - std::strlen(kSuffix);
  return path.substr(0, base) + path.substr(base, room) + kSuffix;
}

}  // namespace

void OutputFile::RemoveAbandoned(const std::string& path) {
  const std::filesystem::path pattern = TemporaryPattern(path);
  const std::string name = pattern.filename();
  const std::string stem = name.substr(0, name.rfind('-') + 1);
  const auto folder = pattern.has_parent_path() ? pattern.parent_path()
                                                : std::filesystem::path(".");
  std::error_code ignored;
  std::vector<std::filesystem::path> found;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder, ignored)) {
    const std::string other = entry.path().filename();
    if (other.size() == name.size() && other.starts_with(stem) &&
        entry.is_regular_file(ignored)) {
      found.push_back(entry.path());
    }
  }
  for (const auto& file : found) std::filesystem::remove(file, ignored);
}

OutputFile::OutputFile(const std::string& path, bool overwrite,
                       const std::optional<FileIdentity>& input)
    : path_(path), overwrite_(overwrite) {
  if (CheckOutputPath(path, overwrite, input) == OutputWay::kBeside) {
    OpenTemporary();
    return;
  }
  file_.Reset(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (file_.get() < 0) ThrowIoError(path_, "open", errno);
}

void OutputFile::OpenTemporary() {
  std::string name = TemporaryPattern(path_);
  const SignalPause pause;
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) ThrowIoError(path_, "create", errno);
  file_.Reset(fd);
  temporary_.Hold(name);
}

void OutputFile::Write(std::span<const uint8_t> bytes) {
  WriteFully(file_.get(), bytes, path_);
  bytes_ += std::ssize(bytes);
}

void OutputFile::WriteDirectly(std::span<const uint8_t> bytes) {
  constexpr size_t kGrain = 4096, kAtOnce = size_t{8} << 20;
  const int flags = ::fcntl(file_.get(), F_GETFL);
  if (flags >= 0 && ::fcntl(file_.get(), F_SETFL, flags | O_DIRECT) == 0) {
    while (bytes.size() >= kGrain) {
      const size_t most = std::min(bytes.size() / kGrain * kGrain, kAtOnce);
      const ssize_t count = ::write(file_.get(), bytes.data(), most);
      if (count <= 0) break;  // not here, or what Write will meet, too
      bytes_ += count;
      bytes = bytes.subspan(static_cast<size_t>(count));
      if (static_cast<size_t>(count) != most) break;
    }
    if (::fcntl(file_.get(), F_SETFL, flags) != 0) {
      ThrowIoError(path_, "write", errno);
    }
  }
  Write(bytes);
}

void OutputFile::Commit(const std::optional<FileAttributes>& attributes) {
  if (!in_place()) return CommitAs(path_, attributes);
  if (file_.get() >= 0) Seal(attributes);
}

void OutputFile::Seal(const std::optional<FileAttributes>& attributes) {
  NNCPP_CHECK(file_.get() >= 0);
  if (!in_place()) SetAttributes(file_.get(), attributes, path_);
  SyncFully(file_.get(), path_);
  CloseFully(file_, path_);
}

void OutputFile::CommitAs(const std::string& path,
                          const std::optional<FileAttributes>& attributes) {
  NNCPP_CHECK(!in_place());
  if (file_.get() >= 0) Seal(attributes);
  TakeName(temporary_.path(), path, overwrite_);
  temporary_.Keep();
}

}  // namespace nncpp
