// src/format/files.cc -- contract: files.h
#include "src/format/files.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/format/archive.h"

namespace nncpp {
namespace {

constexpr size_t kMaxNameBytes = 4095;
constexpr size_t kMaxComponentBytes = 255;

[[noreturn]] void Refuse(std::string name, const std::string& what) {
  std::replace(name.begin(), name.end(), '\0',
               '?');  // it would end the message
  throw Error(ErrorKind::kFormat, "the file name '" + name + "' " + what);
}

// No two files may want one name, nor one the name of another's folder.
void CheckAllNames(const std::vector<ArchiveFile>& files) {
  std::set<std::string_view> names;
  for (const ArchiveFile& file : files) {
    CheckFileName(file.name);
    if (!names.insert(file.name).second) Refuse(file.name, "stands twice");
  }
  for (const ArchiveFile& file : files) {
    const std::string_view name = file.name;
    for (size_t at = name.find('/'); at != name.npos;
         at = name.find('/', at + 1)) {
      if (names.contains(name.substr(0, at))) {
        Refuse(file.name, "has another file for a folder");
      }
    }
  }
}

}  // namespace

void CheckFileName(const std::string& name) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  };
  if (name.empty() || name.size() > kMaxNameBytes) {
    Refuse(name.substr(0, kMaxComponentBytes), "is empty or too long");
  }
  if (std::any_of(name.begin(), name.end(), is_control)) {
    Refuse(name, "holds control bytes");
  }
  if (name.front() == '/') Refuse(name, "does not begin in the folder");
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    const std::string component = name.substr(begin, end - begin);
    if (component.empty() || component == "." || component == "..") {
      Refuse(name, "is not a plain path within a folder");
    }
    if (component.size() > kMaxComponentBytes) Refuse(name, "is too long");
    begin = end + 1;
  }
}

std::vector<uint8_t> FilesField(const std::vector<ArchiveFile>& files) {
  CheckAllNames(files);
  ByteWriter field;
  int64_t total = 0;
  for (const ArchiveFile& file : files) {
    if (file.size < 0 || file.size > kMaxOriginalBytes - total) {
      throw Error(ErrorKind::kFormat, "the files are too large");
    }
    total += file.size;
    field.Varint(static_cast<uint64_t>(file.size));
    field.Varint(file.name.size());
    field.Bytes(
        {reinterpret_cast<const uint8_t*>(file.name.data()), file.name.size()});
  }
  if (std::ssize(field.bytes()) > kMaxFilesBytes) {
    throw Error(ErrorKind::kFormat, "there are too many file names");
  }
  return field.Take();
}

std::vector<ArchiveFile> ParseFiles(std::span<const uint8_t> field,
                                    int64_t original_bytes) {
  std::vector<ArchiveFile> files;
  ByteReader in(field);
  auto left = static_cast<uint64_t>(original_bytes);
  while (in.remaining() > 0) {
    const uint64_t size = in.Varint();
    const uint64_t length = in.Varint();
    if (size > left || length > kMaxNameBytes) {
      throw Error(ErrorKind::kFormat,
                  "the files of the archive are not those of its original");
    }
    left -= size;
    const auto name = in.Bytes(static_cast<int64_t>(length));
    files.push_back({{name.begin(), name.end()}, static_cast<int64_t>(size)});
  }
  if (left != 0) {
    throw Error(ErrorKind::kFormat,
                "the files of the archive are not all of its original");
  }
  CheckAllNames(files);
  return files;
}

}  // namespace nncpp
