// tests/cli/progress_test.cc -- how far, how fast, how long still.
#include "src/cli/progress.h"

#include <gtest/gtest.h>

namespace nncpp {
namespace {

Progress At(int64_t original, int64_t coded, int64_t total) {
  Progress progress;
  progress.original_bytes = original;
  progress.coded_bytes = coded;
  progress.original_total = total;
  return progress;
}

TEST(FinishedPart, IsOfTheOriginalOrElseOfTheArchive) {
  EXPECT_EQ(FinishedPart(At(25, 10, 100), -1), 0.25);
  EXPECT_EQ(FinishedPart(At(25, 10, 100), 40), 0.25);
  EXPECT_EQ(FinishedPart(At(25, 10, -1), 40), 0.25);
  EXPECT_LT(FinishedPart(At(25, 10, -1), -1), 0);
  EXPECT_LT(FinishedPart(At(0, 0, 0), 0), 0);
}

TEST(FinishedPart, NeverExceedsTheWhole) {
  EXPECT_EQ(FinishedPart(At(150, 10, 100), -1), 1);  // a file that grew
}

TEST(ProgressText, SaysWhatIsKnown) {
  const Progress progress = At(400000, 98000, 1000000);
  EXPECT_EQ(ProgressText(progress, 0.4219, 19531, 31.5),
            "42.1 %, 1.960 bits/byte, 19.5 kB/s, 0:31 left");
  EXPECT_EQ(ProgressText(progress, -1, 19531, -1),
            "400,000 bytes, 1.960 bits/byte, 19.5 kB/s");
  EXPECT_EQ(ProgressText(progress, 0, 0, -1), "0.0 %, 1.960 bits/byte");
  EXPECT_EQ(ProgressText(progress, 1, 1000, 3600),
            "100.0 %, 1.960 bits/byte, 1.0 kB/s, 1:00:00 left");
  EXPECT_EQ(ProgressText(progress, 0, 1000, 90000),
            "0.0 %, 1.960 bits/byte, 1.0 kB/s, 1 d 1 h left");
}

TEST(Speedometer, KnowsNothingInTheFirstHalfSecond) {
  Speedometer meter(10);
  EXPECT_EQ(meter.PerSecond(), 0);
  meter.Add(10.25, 1000);
  EXPECT_EQ(meter.PerSecond(), 0);
  meter.Add(11, 1000);
  EXPECT_EQ(meter.PerSecond(), 1000);
}

TEST(Speedometer, ForgetsWhatIsLongAgo) {
  Speedometer meter(0);
  for (int t = 1; t <= 100; ++t) meter.Add(t, 1000.0 * t);
  EXPECT_EQ(meter.PerSecond(), 1000);
  for (int t = 1; t <= 100; ++t) meter.Add(100 + t, 100000 + 10.0 * t);
  EXPECT_EQ(meter.PerSecond(), 10);
}

}  // namespace
}  // namespace nncpp
