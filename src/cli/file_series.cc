// src/cli/file_series.cc -- contract: file_series.h
#include "src/cli/file_series.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/base/io_error.h"
#include "src/base/output_path.h"
#include "src/format/archive_reader.h"

namespace nncpp {
namespace {

constexpr mode_t kAnyFolder = 0777;  // the umask takes from it

std::string WithoutDot(std::string path) {
  while (path.starts_with("./")) path.erase(0, 2);
  return path;
}

[[noreturn]] void RefuseFolder(const std::string& path) {
  throw Error(ErrorKind::kUsage,
              path +
                  ": is no plain folder to put files into; choose another "
                  "folder, or move it away");
}

// Whether there is a folder of that name. `may_link`: or a link to one. Throws
// where there is something else.
bool IsFolder(const std::string& path, bool may_link) {
  struct stat status = {};
  const int result =
      may_link ? ::stat(path.c_str(), &status) : ::lstat(path.c_str(), &status);
  if (result != 0 && errno == ENOENT && !IdentityOfPath(path)) return false;
  if (result != 0) ThrowIoError(path, "look at", errno);
  if (!S_ISDIR(status.st_mode)) RefuseFolder(path);
  return true;
}

// The folders on the way to a file, from the outermost.
std::vector<std::string> FoldersOf(const std::string& name) {
  std::vector<std::string> folders;
  for (size_t at = name.find('/'); at != name.npos;
       at = name.find('/', at + 1)) {
    folders.push_back(name.substr(0, at));
  }
  return folders;
}

}  // namespace

std::vector<ArchiveFile> FilesOf(const std::string& path) {
  std::error_code ignored;
  if (path == "-" || !std::filesystem::is_regular_file(path, ignored)) {
    return {};
  }
  FileSource in(path);
  ArchiveReader reader(in);
  const ArchiveHeader& header = reader.ReadHeader();
  if (header.files.empty()) return {};
  return ParseFiles(header.files, *header.original_bytes);
}

FileSeries::FileSeries(const std::vector<std::string>& paths)
    : paths_(paths), attributes_{kAnyFolder, {0, UTIME_NOW}} {
  bool one_group = true;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (path == "-" || (IdentityOfPath(path) &&
                        !std::filesystem::is_regular_file(path, ignored))) {
      throw Error(ErrorKind::kUsage,
                  (path == "-" ? "standard input" : path) +
                      ": is no regular file, as each of several inputs must "
                      "be; pack them with tar");
    }
    const FileSource file(path);
    const FileAttributes given = *file.Attributes();
    if (files_.empty()) attributes_.group = given.group;
    one_group = one_group && given.group == attributes_.group;
    attributes_.mode &= given.mode;
    files_.push_back({WithoutDot(path), file.SizeHint()});
    left_ += files_.back().size;
  }
  if (!one_group) attributes_.mode = ModeForOtherGroup(attributes_.mode);
  try {
    FilesField(files_);
  } catch (const Error& error) {
    throw Error(ErrorKind::kUsage,
                std::string(error.what()) +
                    "; give names from within one folder, each once, or pack "
                    "the files with tar");
  }
}

void FileSeries::Open() {
  file_ = std::make_unique<FileSource>(paths_[next_]);
  file_left_ = files_[next_].size;
  ++next_;
}

// Reads from the file that is open, up to the size that it had.
int64_t FileSeries::ReadFile(std::span<uint8_t> bytes) {
  const auto most = std::min<int64_t>(std::ssize(bytes), file_left_);
  const int64_t count = file_->Read(bytes.first(static_cast<size_t>(most)));
  file_left_ -= count;
  left_ -= count;
  uint8_t beyond = 0;
  if (count < most || (file_left_ == 0 && file_->Read({&beyond, 1}) != 0)) {
    throw Error(ErrorKind::kIo, file_->name() +
                                    ": changed its size while it was read; run "
                                    "again when nothing writes to it");
  }
  if (file_left_ == 0) file_.reset();
  return count;
}

int64_t FileSeries::Read(std::span<uint8_t> bytes) {
  int64_t done = 0;
  while (done < std::ssize(bytes)) {
    if (file_ == nullptr && next_ == paths_.size()) break;
    if (file_ == nullptr) Open();
    done += ReadFile(bytes.subspan(static_cast<size_t>(done)));
  }
  return done;
}

FolderSink::FolderSink(const std::string& folder,
                       const std::vector<ArchiveFile>& files, bool force,
                       const std::optional<FileAttributes>& attributes)
    : folder_(folder), files_(files), force_(force), attributes_(attributes) {
  if (folder.empty() || folder == "-") {
    throw Error(ErrorKind::kUsage,
                "the archive holds several files; name a folder for them, or "
                "one of them with --only");
  }
  const bool there = IsFolder(folder, /*may_link=*/true);
  for (size_t i = 0; there && i < files_.size(); ++i) {
    bool on = true;  // the way so far exists
    for (const std::string& part : FoldersOf(files_[i].name)) {
      on = on && IsFolder(folder_ + "/" + part, /*may_link=*/false);
    }
    if (on) CheckOutputPath(PathOf(i), force, {});
  }
}

FolderSink::~FolderSink() {
  file_.reset();
  while (!made_.empty()) made_.pop_back();  // the inner ones first
}

std::string FolderSink::PathOf(size_t file) const {
  return folder_ + "/" + files_[file].name;
}

void FolderSink::MakeFolders(const std::string& name) {
  std::vector<std::string> folders = {folder_};
  for (const std::string& part : FoldersOf(name)) {
    folders.push_back(folder_ + "/" + part);
  }
  for (const std::string& path : folders) {
    if (IsFolder(path, /*may_link=*/path == folder_)) continue;
    const SignalPause pause;
    if (::mkdir(path.c_str(), kAnyFolder) != 0) {
      ThrowIoError(path, "create", errno);
    }
    made_.emplace_back().Hold(path);
  }
}

// Opens the file at work, and completes it when all of it is written.
void FolderSink::Advance() {
  if (file_ == nullptr) {
    MakeFolders(files_[at_].name);
    file_ = std::make_unique<OutputFile>(PathOf(at_), force_, std::nullopt);
  }
  if (written_ < files_[at_].size) return;
  file_->Commit(attributes_);
  file_.reset();
  written_ = 0;
  ++at_;
}

void FolderSink::Write(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    NNCPP_CHECK(at_ < files_.size());
    Advance();
    if (file_ == nullptr) continue;  // a file of no bytes
    const auto most = static_cast<size_t>(
        std::min<int64_t>(std::ssize(bytes), files_[at_].size - written_));
    file_->Write(bytes.first(most));
    written_ += static_cast<int64_t>(most);
    bytes = bytes.subspan(most);
    if (written_ == files_[at_].size) Advance();
  }
}

void FolderSink::Finish() {
  while (at_ < files_.size()) {
    NNCPP_CHECK(file_ == nullptr && files_[at_].size == 0);
    Advance();
  }
}

OneFileSink::OneFileSink(const std::vector<ArchiveFile>& files,
                         const std::string& name, Sink& out)
    : out_(out) {
  for (const ArchiveFile& file : files) {
    left_ = file.size;
    if (file.name == name) return;
    before_ += file.size;
  }
  throw Error(ErrorKind::kUsage,
              "--only " + name +
                  ": no file of the archive has this name; nncpp l tells them");
}

void OneFileSink::Write(std::span<const uint8_t> bytes) {
  const auto skipped =
      static_cast<size_t>(std::min<int64_t>(before_, std::ssize(bytes)));
  before_ -= static_cast<int64_t>(skipped);
  bytes = bytes.subspan(skipped);
  const auto taken =
      static_cast<size_t>(std::min<int64_t>(left_, std::ssize(bytes)));
  left_ -= static_cast<int64_t>(taken);
  if (taken > 0) out_.Write(bytes.first(taken));
  if (left_ == 0) throw FileComplete();
}

}  // namespace nncpp
