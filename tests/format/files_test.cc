// tests/format/files_test.cc -- lists of files, sound and hostile.
#include "src/format/files.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/base/bytes.h"
#include "src/format/archive.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

using Bytes = std::vector<uint8_t>;

// A field as a hostile writer makes it: nothing is checked.
Bytes Field(const std::vector<ArchiveFile>& files) {
  ByteWriter field;
  for (const ArchiveFile& file : files) {
    field.Varint(static_cast<uint64_t>(file.size));
    field.Varint(file.name.size());
    field.Bytes(
        {reinterpret_cast<const uint8_t*>(file.name.data()), file.name.size()});
  }
  return field.Take();
}

void ExpectRefused(const std::vector<ArchiveFile>& files,
                   const std::string& part) {
  int64_t total = 0;
  for (const ArchiveFile& file : files) total += file.size;
  ExpectError(ErrorKind::kFormat, part, [&] { FilesField(files); });
  ExpectError(ErrorKind::kFormat, part,
              [&] { ParseFiles(Field(files), total); });
}

TEST(Files, ComeBackInTheirOrder) {
  const std::vector<ArchiveFile> files = {
      {"b", 3},      {"a/b", 0}, {"a/c d", 70000},          {"\xC3\xA4\xFF", 1},
      {"..x/.y", 0}, {"a.b", 9}, {std::string(255, 'n'), 1}};
  const Bytes field = FilesField(files);
  EXPECT_EQ(field, Field(files));
  EXPECT_EQ(ParseFiles(field, 70014), files);
  EXPECT_TRUE(ParseFiles({}, 0).empty());
}

TEST(HostileFiles, MayNotLeaveTheFolder) {
  for (const std::string name :
       {"..", "../a", "a/..", "a/../b", "/", "/a", "a/", "a//b", ".", "./a",
        "a/.", "a/./b", "//"}) {
    ExpectRefused({{name, 1}}, "the file name '" + name + "'");
  }
  ExpectRefused({{"", 1}}, "is empty");
}

TEST(HostileFiles, MayNotHoldControlBytes) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string name = {'a', static_cast<char>(byte), 'b'};
    if (byte < 0x20 || byte == 0x7F) {
      ExpectRefused({{name, 1}}, "control bytes");
    } else {
      EXPECT_NO_THROW(FilesField({{name, 1}})) << byte;
    }
  }
}

TEST(HostileFiles, MayNotBeTooLong) {
  ExpectRefused({{std::string(256, 'n'), 1}}, "is too long");
  std::string deep = "d";
  while (deep.size() < 4095) deep += "/d";
  EXPECT_NO_THROW(FilesField({{deep, 1}}));
  const std::vector<ArchiveFile> deeper = {{deep + "/d", 1}};
  ExpectError(ErrorKind::kFormat, "too long", [&] { FilesField(deeper); });
  ExpectError(ErrorKind::kFormat, "not those of its original",
              [&] { ParseFiles(Field(deeper), 1); });
}

TEST(HostileFiles, MayNotWantOneName) {
  ExpectRefused({{"a", 1}, {"b", 1}, {"a", 1}}, "stands twice");
  ExpectRefused({{"a/b", 1}, {"a", 1}}, "another file for a folder");
  ExpectRefused({{"a", 1}, {"a/b/c", 1}}, "another file for a folder");
  ExpectRefused({{"a", 1}, {"a!", 1}, {"a/b", 1}}, "for a folder");
}

TEST(HostileFiles, MustAddUpToTheOriginal) {
  const Bytes field = Field({{"a", 5}, {"b", 6}});
  EXPECT_EQ(ParseFiles(field, 11).size(), 2u);
  for (const int64_t original : {0, 5, 10, 12}) {
    ExpectError(ErrorKind::kFormat, "of its original",
                [&] { ParseFiles(field, original); });
  }
  // A sum that overflows.
  ByteWriter huge;
  for (const char name : {'a', 'b'}) {
    huge.Varint(~uint64_t{0});
    huge.Varint(1);
    huge.U8(static_cast<uint8_t>(name));
  }
  ExpectError(ErrorKind::kFormat, "of its original",
              [&] { ParseFiles(huge.bytes(), 11); });
}

TEST(HostileFiles, AreRefusedAtEveryTruncation) {
  const Bytes field = Field({{"name", 500}, {"folder/name", 6}});
  for (size_t size = 0; size < field.size(); ++size) {
    const Bytes cut(field.begin(), field.begin() + static_cast<int64_t>(size));
    ExpectError(ErrorKind::kFormat, "", [&] { ParseFiles(cut, 506); });
  }
}

TEST(Files, FitTheHeaderOrAreRefused) {
  std::vector<ArchiveFile> files;
  for (int i = 0; i < 2100; ++i) {
    files.push_back({std::to_string(i) + std::string(250, 'n'), 1});
  }
  ExpectError(ErrorKind::kFormat, "too many file names",
              [&] { FilesField(files); });
  files.resize(2000);
  EXPECT_LE(std::ssize(FilesField(files)), kMaxFilesBytes);
}

}  // namespace
}  // namespace nncpp
