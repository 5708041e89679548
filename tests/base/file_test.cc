// tests/base/file_test.cc -- reading files, writing to open descriptors.
#include "src/base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace nncpp {
namespace {

std::vector<uint8_t> Bytes(const std::string& text) {
  return {text.begin(), text.end()};
}

std::string ReadAll(FileSource& source, size_t at_once) {
  std::string text;
  std::vector<uint8_t> buffer(at_once);
  for (;;) {
    const auto count = static_cast<size_t>(source.Read(buffer));
    text.append(buffer.begin(), buffer.begin() + static_cast<long>(count));
    if (count < at_once) return text;
  }
}

// Puts `fd` in place of standard input while it lives.
class StandardInput {
 public:
  explicit StandardInput(int fd) : before_(::dup(STDIN_FILENO)) {
    ::dup2(fd, STDIN_FILENO);
  }
  ~StandardInput() {
    ::dup2(before_, STDIN_FILENO);
    ::close(before_);
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

 private:
  int before_;
};

TEST(FileSource, ReadsAFileInPieces) {
  const Scratch scratch;
  const std::string path = scratch.Put("a", "hello world");
  for (const size_t at_once : {1, 3, 11, 12, 100}) {
    FileSource source(path);
    EXPECT_EQ(source.SizeHint(), 11);
    EXPECT_EQ(ReadAll(source, at_once), "hello world");
    EXPECT_EQ(source.SizeHint(), 0);
  }
}

TEST(FileSource, HasEndedOnceItHas) {
  const Scratch scratch;
  const std::string path = scratch.Put("a", "one");
  FileSource source(path);
  EXPECT_EQ(ReadAll(source, 2), "one");
  scratch.Put("a", "one and two");
  EXPECT_EQ(ReadAll(source, 2), "");
}

TEST(FileSource, NamesAMissingFile) {
  const Scratch scratch;
  ExpectError(ErrorKind::kIo, "missing: cannot open: No such file",
              [&] { FileSource(scratch.Path("missing")); });
}

TEST(FileSource, RefusesADirectory) {
  const Scratch scratch;
  ExpectError(ErrorKind::kIo, "is a directory; name a file",
              [&] { FileSource(scratch.Path(".")); });
}

TEST(FileSource, TellsTheAttributesOfARegularFile) {
  const Scratch scratch;
  const std::string path = scratch.Put("a", "x");
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  const timespec times[2] = {{0, 0}, {1234567890, 123456789}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  const FileSource source(path);
  ASSERT_TRUE(source.Attributes().has_value());
  EXPECT_EQ(source.Attributes()->mode, 0640u);
  EXPECT_EQ(source.Attributes()->modified.tv_sec, 1234567890);
  EXPECT_EQ(source.Attributes()->modified.tv_nsec, 123456789);
  EXPECT_TRUE(source.Identity() == FileSource(path).Identity());
}

TEST(FileSource, KnowsNoSizeOfADevice) {
  FileSource source("/dev/null");
  EXPECT_EQ(source.SizeHint(), -1);
  EXPECT_FALSE(source.Attributes().has_value());
  EXPECT_FALSE(source.Identity().has_value());
  EXPECT_EQ(ReadAll(source, 10), "");
}

TEST(FileSource, GathersTheShortReadsOfAPipeOnStandardInput) {
  // In packet mode a read ends where a write did.
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_DIRECT), 0);
  const StandardInput input(ends[0]);
  ::close(ends[0]);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(::write(ends[1], "abcd", 4), 4);
  ::close(ends[1]);
  FileSource source("-");
  EXPECT_EQ(source.SizeHint(), -1);
  EXPECT_EQ(source.name(), "standard input");
  std::array<uint8_t, 16> most = {};
  EXPECT_EQ(source.Read(most), 16);
  EXPECT_EQ(source.Read(most), 4);
}

TEST(FileSource, HintsAtTheRestOfAFileOnStandardInput) {
  const Scratch scratch;
  const int fd = ::open(scratch.Put("a", "0123456789").c_str(), O_RDONLY);
  ASSERT_EQ(::lseek(fd, 4, SEEK_SET), 4);
  const StandardInput input(fd);
  ::close(fd);
  FileSource source("-");
  EXPECT_EQ(source.SizeHint(), 6);
  EXPECT_EQ(ReadAll(source, 100), "456789");
}

TEST(FileSink, WritesAllAndFinishes) {
  const Scratch scratch;
  const int fd = ::open(scratch.Path("a").c_str(), O_WRONLY | O_CREAT, 0600);
  FileSink sink(fd, "standard output", {});
  sink.Write(Bytes("hello "));
  sink.Write(Bytes("world"));
  sink.Finish();
  EXPECT_EQ(scratch.Get("a"), "hello world");
  EXPECT_EQ(::close(fd), -1) << "Finish has closed it";
}

TEST(FileSink, WritesThroughAFullPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  FileSource source("/dev/fd/" + std::to_string(ends[0]));
  ::close(ends[0]);
  const std::string text(300'000, 'x');  // more than a pipe holds
  std::string read;
  std::thread reader([&] { read = ReadAll(source, 1000); });
  FileSink sink(ends[1], "standard output", {});
  sink.Write(Bytes(text));
  sink.Finish();
  reader.join();
  EXPECT_EQ(read, text);
}

TEST(FileSink, TellsThatTheReaderWentAway) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  FileSink sink(ends[1], "standard output", {});
  ExpectError(ErrorKind::kIo, "standard output: cannot write: Broken pipe",
              [&] { sink.Write(Bytes("x")); });
  ::signal(SIGPIPE, before);
}

TEST(FileSink, TellsThatTheDeviceIsFull) {
  FileSink sink(::open("/dev/full", O_WRONLY), "standard output", {});
  ExpectError(ErrorKind::kIo, "No space left on device; make room",
              [&] { sink.Write(Bytes("x")); });
}

TEST(FileSink, RefusesToWriteIntoItsInput) {
  const Scratch scratch;
  const std::string path = scratch.Put("a", "x");
  const FileSource source(path);
  ExpectError(ErrorKind::kUsage, "standard output: is the input file", [&] {
    FileSink(::open(path.c_str(), O_WRONLY | O_APPEND), "standard output",
             source.Identity());
  });
}

}  // namespace
}  // namespace nncpp
