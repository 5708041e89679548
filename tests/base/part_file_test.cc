// tests/base/part_file_test.cc -- an output that a later run goes on with.
#include "src/base/part_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace nncpp {
namespace {

using Names = std::vector<std::string>;
using Start = PartFile::Start;

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Hash128 HashOf(const std::string& text) { return HashBytes128(Bytes(text)); }

TEST(PartFile, TakesItsNameAtCommit) {
  const Scratch scratch;
  PartFile file(scratch.Path("out"), false, Start::kNew, {});
  file.Write(Bytes("hello"));
  file.Sync();
  EXPECT_EQ(scratch.Names(), Names{"out.part"});
  struct stat status = {};
  ASSERT_EQ(::stat(scratch.Path("out.part").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  file.Commit({});
  EXPECT_EQ(scratch.Names(), Names{"out"});
  EXPECT_EQ(scratch.Get("out"), "hello");
}

TEST(PartFile, GoesWithoutCommitUnlessItIsPreserved) {
  const Scratch scratch;
  { PartFile file(scratch.Path("out"), false, Start::kNew, {}); }
  EXPECT_EQ(scratch.Names(), Names{});
  {
    PartFile file(scratch.Path("out"), false, Start::kNew, {});
    file.Preserve();
  }
  EXPECT_EQ(scratch.Names(), Names{"out.part"});
}

TEST(PartFile, GoesOnWhereItWasCut) {
  const Scratch scratch;
  scratch.Put("out.part", "hello rubbish");
  PartFile file(scratch.Path("out"), false, Start::kContinue, {});
  StreamHasher hasher;
  file.Cut(6, hasher);
  EXPECT_EQ(hasher.Digest(), HashOf("hello "));
  file.Write(Bytes("world"));
  file.Commit({});
  EXPECT_EQ(scratch.Get("out"), "hello world");
}

TEST(PartFile, RefusesToGoOnWithLessOrWithNothing) {
  const Scratch scratch;
  ExpectError(ErrorKind::kUsage, "out.part: is missing", [&] {
    PartFile(scratch.Path("out"), false, Start::kContinue, {});
  });
  scratch.Put("out.part", "hello");
  StreamHasher hasher;
  PartFile file(scratch.Path("out"), false, Start::kContinue, {});
  ExpectError(ErrorKind::kUsage, "shorter", [&] { file.Cut(6, hasher); });
  EXPECT_EQ(scratch.Get("out.part"), "hello");
}

TEST(PartFile, RefusesWhatIsThere) {
  const Scratch scratch;
  scratch.Put("out", "precious");
  ExpectError(ErrorKind::kUsage, "out: exists",
              [&] { PartFile(scratch.Path("out"), false, Start::kNew, {}); });
  EXPECT_EQ(scratch.Names(), Names{"out"});
  scratch.Put("new.part", "precious");
  ExpectError(ErrorKind::kUsage, "new.part: exists",
              [&] { PartFile(scratch.Path("new"), false, Start::kNew, {}); });
  EXPECT_EQ(scratch.Get("new.part"), "precious");
  PartFile replaced(scratch.Path("new"), true, Start::kReplace, {});
  EXPECT_EQ(scratch.Get("new.part"), "");
}

TEST(PartFile, RefusesDevicesDirectoriesAndLinks) {
  const Scratch scratch;
  ExpectError(ErrorKind::kUsage, "no regular file",
              [&] { PartFile("/dev/null", true, Start::kReplace, {}); });
  std::filesystem::create_directory(scratch.Path("out.part"));
  ExpectError(ErrorKind::kIo, "out.part: cannot open", [&] {
    PartFile(scratch.Path("out"), true, Start::kReplace, {});
  });
  scratch.Put("target", "precious");
  std::filesystem::create_symlink("target", scratch.Path("link.part"));
  ExpectError(ErrorKind::kIo, "link.part: cannot open", [&] {
    PartFile(scratch.Path("link"), true, Start::kReplace, {});
  });
  EXPECT_EQ(scratch.Get("target"), "precious");
}

TEST(PartFile, IsWrittenByOneRunAtATime) {
  const Scratch scratch;
  PartFile first(scratch.Path("out"), false, Start::kNew, {});
  first.Write(Bytes("hello"));
  for (const Start start : {Start::kReplace, Start::kContinue}) {
    ExpectError(ErrorKind::kUsage, "another run",
                [&] { PartFile(scratch.Path("out"), true, start, {}); });
  }
  first.Commit({});
  EXPECT_EQ(scratch.Get("out"), "hello");
}

}  // namespace
}  // namespace nncpp
