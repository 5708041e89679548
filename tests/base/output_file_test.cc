// tests/base/output_file_test.cc -- an output is complete or not there.
#include "src/base/output_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "src/base/huge_pages.h"
#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace nncpp {
namespace {

using Names = std::vector<std::string>;

void WriteText(OutputFile& file, const std::string& text) {
  file.Write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

struct stat Status(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status;
}

TEST(OutputFile, AppearsAtCommitAndNotBefore) {
  const Scratch scratch;
  OutputFile file(scratch.Path("out"), false, {});
  WriteText(file, "hello ");
  WriteText(file, "world");
  ASSERT_EQ(scratch.Names().size(), 1u);
  const std::string temporary = scratch.Names()[0];
  EXPECT_EQ(temporary.find("out.part-"), 0u);
  EXPECT_EQ(Status(scratch.Path(temporary)).st_mode & 0777, 0600u);
  file.Commit({});
  EXPECT_EQ(scratch.Names(), Names{"out"});
  EXPECT_EQ(scratch.Get("out"), "hello world");
}

// On a disk and in memory, where the system's cache cannot be passed by.
TEST(OutputFile, WritesDirectly) {
  const Scratch scratch;
  Table<uint8_t> bytes((8 << 20) + 5 * 4096 + 3);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(i * 2654435761u >> 13);
  }
  for (const std::string& path :
       {scratch.Path("out"), "/dev/shm/nncpp-" + std::to_string(::getpid())}) {
    if (::access(path.substr(0, path.rfind('/')).c_str(), W_OK) != 0) continue;
    for (const size_t size : {size_t{0}, size_t{4095}, size_t{4096},
                              size_t{8} << 20, bytes.size()}) {
      const std::span<const uint8_t> some = std::span(bytes).first(size);
      OutputFile file(path, true, {});
      file.WriteDirectly(some);
      EXPECT_EQ(file.bytes_written(), std::ssize(some));
      file.Commit({});
      std::vector<uint8_t> back(size + 1);
      EXPECT_EQ(FileSource(path).Read(back), std::ssize(some));
      EXPECT_TRUE(std::equal(some.begin(), some.end(), back.begin()));
    }
    ::unlink(path.c_str());
  }
}

TEST(OutputFile, LeavesNothingWithoutCommit) {
  const Scratch scratch;
  {
    OutputFile file(scratch.Path("out"), false, {});
    WriteText(file, "half");
  }
  EXPECT_EQ(scratch.Names(), Names{});
}

TEST(OutputFile, RemovesWhatKilledRunsLeft) {
  const Scratch scratch;
  for (const char* name : {"ck", "ck.part-Ab3xyZ", "ck.part-000000", "ck.part",
                           "ck.part-12345", "ck2.part-123456"}) {
    OutputFile(scratch.Path(name), false, {}).Commit({});
  }
  OutputFile::RemoveAbandoned(scratch.Path("ck"));
  EXPECT_EQ(scratch.Names(),
            (Names{"ck", "ck.part", "ck.part-12345", "ck2.part-123456"}));
}

TEST(OutputFile, CarriesModeAndTimeOver) {
  const Scratch scratch;
  OutputFile file(scratch.Path("out"), false, {});
  file.Commit(FileAttributes{0640, {1234567890, 123456789}});
  const struct stat status = Status(scratch.Path("out"));
  EXPECT_EQ(status.st_mode & 07777, 0640u);
  EXPECT_EQ(status.st_mtim.tv_sec, 1234567890);
  EXPECT_EQ(status.st_mtim.tv_nsec, 123456789);
}

TEST(OutputFile, HasTheModeOfANewFileWithoutAttributes) {
  const Scratch scratch;
  const mode_t before = ::umask(0027);
  OutputFile file(scratch.Path("out"), false, {});
  file.Commit({});
  EXPECT_EQ(::umask(before), 0027u) << "the umask is as it was";
  EXPECT_EQ(Status(scratch.Path("out")).st_mode & 0777, 0640u);
}

TEST(OutputFile, RefusesAnExistingFileAtOnce) {
  const Scratch scratch;
  const std::string path = scratch.Put("out", "old");
  ExpectError(ErrorKind::kUsage, "out: exists already; use -f",
              [&] { OutputFile(path, false, {}); });
  EXPECT_EQ(scratch.Names(), Names{"out"});
}

TEST(OutputFile, RefusesAFileThatCameToExistMeanwhile) {
  const Scratch scratch;
  {
    OutputFile file(scratch.Path("out"), false, {});
    scratch.Put("out", "of another program");
    ExpectError(ErrorKind::kUsage, "exists already", [&] { file.Commit({}); });
  }
  EXPECT_EQ(scratch.Names(), Names{"out"});
  EXPECT_EQ(scratch.Get("out"), "of another program");
}

TEST(OutputFile, OverwritesOnlyAtCommit) {
  const Scratch scratch;
  const std::string path = scratch.Put("out", "old");
  {
    OutputFile file(path, true, {});
    WriteText(file, "half");
  }
  EXPECT_EQ(scratch.Get("out"), "old");
  OutputFile file(path, true, {});
  WriteText(file, "new");
  EXPECT_EQ(scratch.Get("out"), "old");
  file.Commit({});
  EXPECT_EQ(scratch.Get("out"), "new");
  EXPECT_EQ(scratch.Names(), Names{"out"});
}

TEST(OutputFile, RefusesItsInputUnderAnyName) {
  const Scratch scratch;
  const std::string path = scratch.Put("in", "x");
  ASSERT_EQ(::link(path.c_str(), scratch.Path("hard").c_str()), 0);
  ASSERT_EQ(::symlink("in", scratch.Path("soft").c_str()), 0);
  const FileSource source(path);
  for (const char* name : {"in", "hard", "soft"}) {
    for (const bool overwrite : {false, true}) {
      ExpectError(ErrorKind::kUsage, "is the input file", [&] {
        OutputFile(scratch.Path(name), overwrite, source.Identity());
      });
    }
  }
}

TEST(OutputFile, ReplacesALinkAndNotWhatItPointsTo) {
  const Scratch scratch;
  scratch.Put("target", "old");
  ASSERT_EQ(::symlink("target", scratch.Path("soft").c_str()), 0);
  ASSERT_EQ(::symlink("nothing", scratch.Path("dangling").c_str()), 0);
  for (const char* name : {"soft", "dangling"}) {
    ExpectError(ErrorKind::kUsage, "exists already",
                [&] { OutputFile(scratch.Path(name), false, {}); });
    OutputFile file(scratch.Path(name), true, {});
    WriteText(file, "new");
    file.Commit({});
    EXPECT_FALSE(std::filesystem::is_symlink(scratch.Path(name)));
    EXPECT_EQ(scratch.Get(name), "new");
  }
  EXPECT_EQ(scratch.Get("target"), "old");
}

TEST(OutputFile, RefusesDirectoriesAndNamesWithoutOne) {
  const Scratch scratch;
  ExpectError(ErrorKind::kIo, "is a directory",
              [&] { OutputFile(scratch.Path("."), true, {}); });
  ExpectError(ErrorKind::kIo, "No such file",
              [&] { OutputFile(scratch.Path("missing/out"), true, {}); });
  ExpectError(ErrorKind::kUsage, "empty name",
              [] { OutputFile("", true, {}); });
}

TEST(OutputFile, TakesTheLongestName) {
  const Scratch scratch;
  const std::string name(255, 'n');
  OutputFile file(scratch.Path(name), false, {});
  file.Commit({});
  EXPECT_EQ(scratch.Names(), Names{name});
}

TEST(OutputFile, IsWrittenInPlaceWhenItIsADevice) {
  ExpectError(ErrorKind::kUsage, "/dev/null: exists already; use -f",
              [] { OutputFile("/dev/null", false, {}); });
  OutputFile file("/dev/null", true, {});
  WriteText(file, "x");
  file.Commit(FileAttributes{0600, {0, 0}});
  EXPECT_TRUE(S_ISCHR(Status("/dev/null").st_mode));
  EXPECT_EQ(Status("/dev/null").st_mode & 0777, 0666u);
}

TEST(OutputFile, TellsThatTheDeviceIsFull) {
  OutputFile file("/dev/full", true, {});
  ExpectError(ErrorKind::kIo, "/dev/full: cannot write: No space left",
              [&] { WriteText(file, "x"); });
}

TEST(OutputFile, IsWrittenInPlaceWhenItIsAFifo) {
  const Scratch scratch;
  const std::string path = scratch.Path("fifo");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::string text;
  std::thread reader([&] { text = scratch.Get("fifo"); });
  OutputFile file(path, true, {});
  WriteText(file, "through");
  file.Commit({});
  reader.join();
  EXPECT_EQ(text, "through");
  EXPECT_EQ(scratch.Names(), Names{"fifo"});
}

TEST(OutputFile, LeavesNothingAfterASignal) {
  const Scratch scratch;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGTERM, [](int) {
      RemoveUnfinishedFromSignalHandler();
      ::_exit(143);
    });
    OutputFile done(scratch.Path("done"), false, {});
    done.Commit({});
    OutputFile first(scratch.Path("first"), false, {});
    OutputFile second(scratch.Path("second"), false, {});
    if (scratch.Names().size() != 3) ::_exit(1);
    ::raise(SIGTERM);
    ::_exit(2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 143);
  EXPECT_EQ(scratch.Names(), Names{"done"});
}

TEST(OutputFile, FreesItsPlaceInTheTableOfTheSignalHandler) {
  const Scratch scratch;
  for (int i = 0; i < 20; ++i) {
    OutputFile file(scratch.Path("out"), true, {});
    if (i % 2 == 0) file.Commit({});
  }
  scratch.Put("out.part-kept", "x");
  RemoveUnfinishedFromSignalHandler();
  EXPECT_EQ(scratch.Names(), (Names{"out", "out.part-kept"}));
}

}  // namespace
}  // namespace nncpp
