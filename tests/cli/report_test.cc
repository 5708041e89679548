// tests/cli/report_test.cc -- numbers, safe text and error lines.
#include "src/cli/report.h"

#include <gtest/gtest.h>

#include <string>

namespace nncpp {
namespace {

using std::string_literals::operator""s;

TEST(Format, WritesNumbersForPeople) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(-999), "-999");
  EXPECT_EQ(FormatCount(-1234567), "-1,234,567");
  EXPECT_EQ(FormatRate(19531), "19.5 kB/s");
  EXPECT_EQ(FormatRate(2.5e6), "2.5 MB/s");
  EXPECT_EQ(FormatBits(BitsPerByte(1000000, 245000)), "1.960");
  EXPECT_EQ(BitsPerByte(0, 80), 0);
}

TEST(Format, RoundsTimesThatAreGuessed) {
  EXPECT_EQ(FormatAbout(0.2), "less than a second");
  EXPECT_EQ(FormatAbout(1), "about 1 s");
  EXPECT_EQ(FormatAbout(99.4), "about 99 s");
  EXPECT_EQ(FormatAbout(170), "about 3 min");
  EXPECT_EQ(FormatAbout(5990), "about 100 min");
  EXPECT_EQ(FormatAbout(7000), "about 2 h");
  EXPECT_EQ(FormatAbout(5e6), "about 58 d");
}

TEST(Format, TellsWhatIsExpected) {
  const Expectation sized{1234567, 18200, 55};
  EXPECT_EQ(ExpectedTime(sized), "about 55 s (18.2 kB/s)");
  EXPECT_EQ(ExpectationLine("a\nb", sized),
            "a\\x0Ab: needs 1,234,567 bytes of memory and about 55 s "
            "(18.2 kB/s)\n");
  EXPECT_EQ(ExpectedTime({1234567, 18200, -1}), "about 18.2 kB/s");
}

TEST(Format, WritesRealsThatReadBack) {
  EXPECT_EQ(FormatReal(0.003f), "0.003");
  EXPECT_EQ(FormatReal(2000.0f), "2000");
  EXPECT_EQ(FormatReal(100000.0), "100000");
  EXPECT_EQ(FormatReal(1e-7f), "1e-07");
  EXPECT_EQ(FormatReal(0.1), "0.1");
}

TEST(Printable, KeepsOneLineAndNoCommands) {
  EXPECT_EQ(Printable("a\nb\x1b[2J\x7f"), "a\\x0Ab\\x1B[2J\\x7F");
  EXPECT_EQ(Printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
}

TEST(JsonString, EscapesWhatJsonForbids) {
  EXPECT_EQ(JsonString("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(JsonString("\n\0\x1f"s), R"("\u000a\u0000\u001f")");
  EXPECT_EQ(JsonString(""), R"("")");
}

TEST(JsonString, IsUtf8WhateverComesIn) {
  EXPECT_EQ(JsonString("\xc3\xbc"), "\"\xc3\xbc\"");
  EXPECT_EQ(JsonString("\xe2\x82\xac"), "\"\xe2\x82\xac\"");
  EXPECT_EQ(JsonString("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");
  const std::string bad = R"(\ufffd)";
  EXPECT_EQ(JsonString("\xff"), '"' + bad + '"');
  EXPECT_EQ(JsonString("\xc3"), '"' + bad + '"');
  EXPECT_EQ(JsonString("\xc3z"), '"' + bad + "z\"");
  EXPECT_EQ(JsonString("\xc0\x80"), '"' + bad + bad + '"');
  EXPECT_EQ(JsonString("\xed\xa0\x80"), '"' + bad + bad + bad + '"');
  EXPECT_EQ(JsonString("\xf4\x90\x80\x80"), '"' + bad + bad + bad + bad + '"');
  EXPECT_EQ(JsonString("\xe2\x82"), '"' + bad + bad + '"');
}

TEST(ExitStatus, FollowsFromTheKind) {
  EXPECT_EQ(ExitStatus(ErrorKind::kUsage), 1);
  EXPECT_EQ(ExitStatus(ErrorKind::kIo), 1);
  EXPECT_EQ(ExitStatus(ErrorKind::kMemory), 1);
  EXPECT_EQ(ExitStatus(ErrorKind::kNoDevice), 1);
  EXPECT_EQ(ExitStatus(ErrorKind::kDevice), 1);
  EXPECT_EQ(ExitStatus(ErrorKind::kFormat), 2);
  EXPECT_EQ(ExitStatus(ErrorKind::kUnsupported), 2);
  EXPECT_EQ(ExitStatus(ErrorKind::kNumerics), 4);
}

TEST(ErrorLine, NamesTheFileAndSaysWhatToDo) {
  EXPECT_EQ(ErrorLine(ErrorKind::kFormat, "block 3 is damaged", "a.nncpp"),
            "nncpp: a.nncpp: block 3 is damaged; "
            "get another copy of the archive\n");
  EXPECT_EQ(ErrorLine(ErrorKind::kUnsupported, "format 3; use another", "a"),
            "nncpp: a: format 3; use another\n");
  EXPECT_EQ(ErrorLine(ErrorKind::kIo, "b: cannot open: no; check", "a"),
            "nncpp: b: cannot open: no; check\n");
  EXPECT_EQ(ErrorLine(ErrorKind::kUsage, "two\nlines", ""),
            "nncpp: two\\x0Alines; see nncpp --help\n");
}

TEST(SummaryLine, TellsBothDirections) {
  Report report;
  report.original_bytes = 1000000;
  report.coded_bytes = 245000;
  EXPECT_EQ(SummaryLine("IN", report, true, 51.25),
            "IN: 1,000,000 -> 245,000 bytes, 1.960 bits/byte, 51.2 s, "
            "19.5 kB/s\n");
  EXPECT_EQ(SummaryLine("IN", report, false, 51.25),
            "IN: 245,000 -> 1,000,000 bytes, 1.960 bits/byte, 51.2 s, "
            "19.5 kB/s\n");
  EXPECT_EQ(SummaryLine("", Report(), true, 0),
            ": 0 -> 0 bytes, 0.000 bits/byte, 0.0 s, 0.0 kB/s\n");
}

}  // namespace
}  // namespace nncpp
