// src/cli/file_series.h -- several files as one original, and back.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/base/output_file.h"
#include "src/base/stream.h"
#include "src/base/unfinished.h"
#include "src/cli/options.h"
#include "src/format/files.h"

namespace nncpp {

// The files that an archive says it holds; none for one original, and for what
// is no regular file, which can be read but once.
std::vector<ArchiveFile> FilesOf(const std::string& path);

// Reads files one after the other.
class FileSeries : public Source {
 public:
  // Throws Error(kUsage) for what is no regular file, and for a name that no
  // archive can hold; Error(kIo).
  explicit FileSeries(const std::vector<std::string>& paths);

  // Throws Error(kIo) also when a file has not the size that it had at first.
  int64_t Read(std::span<uint8_t> bytes) override;
  int64_t SizeHint() const override { return left_; }

  const std::vector<ArchiveFile>& files() const { return files_; }

  // The permissions that all of them give.
  FileAttributes Attributes() const { return attributes_; }

 private:
  void Open();
  int64_t ReadFile(std::span<uint8_t> bytes);

  const std::vector<std::string> paths_;
  std::vector<ArchiveFile> files_;
  FileAttributes attributes_;
  int64_t left_ = 0;  // bytes of all files
  size_t next_ = 0;   // the file to open next
  std::unique_ptr<FileSource> file_;
  int64_t file_left_ = 0;
};

// Cuts an original into its files, in a folder. A file has its name as soon as
// it is complete.
class FolderSink : public Sink {
 public:
  // Refuses before any work with Error(kUsage): a file that is there already,
  // unless forced, and a way to it that is no plain folder (a link could lead
  // out of it). Each file gets the attributes.
  FolderSink(const std::string& folder, const std::vector<ArchiveFile>& files,
             bool force, const std::optional<FileAttributes>& attributes);
  ~FolderSink() override;  // removes folders that it made for nothing
  FolderSink(const FolderSink&) = delete;
  FolderSink& operator=(const FolderSink&) = delete;

  void Write(std::span<const uint8_t> bytes) override;

  // Completes files of no bytes at the end. REQUIRES: all bytes were written.
  void Finish();

 private:
  std::string PathOf(size_t file) const;
  void MakeFolders(const std::string& name);
  void Advance();

  const std::string folder_;
  const std::vector<ArchiveFile> files_;
  const bool force_;
  const std::optional<FileAttributes> attributes_;
  size_t at_ = 0;        // the file at work
  int64_t written_ = 0;  // of it
  std::unique_ptr<OutputFile> file_;
  std::list<Unfinished> made_;  // folders
};

// Thrown by OneFileSink when all of its file is there.
struct FileComplete {};

// Passes one file of an original on.
class OneFileSink : public Sink {
 public:
  // Throws Error(kUsage) when there is none of that name.
  OneFileSink(const std::vector<ArchiveFile>& files, const std::string& name,
              Sink& out);

  // Throws FileComplete.
  void Write(std::span<const uint8_t> bytes) override;

  bool complete() const { return left_ == 0; }

 private:
  Sink& out_;
  int64_t before_ = 0;  // bytes that are to come first
  int64_t left_ = 0;    // bytes of the file
};

}  // namespace nncpp
