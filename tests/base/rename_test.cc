// tests/base/rename_test.cc -- a name is given only when it is free.
#include "src/base/rename.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/errors.h"
#include "tests/support/scratch.h"

namespace nncpp {
namespace {

constexpr RenameWay kWays[] = {RenameWay::kNoReplace, RenameWay::kLink,
                               RenameWay::kLookFirst};

TEST(RenameToFreeName, MovesTheFileInEveryWay) {
  for (const RenameWay way : kWays) {
    const Scratch scratch;
    RenameToFreeName(scratch.Put("a", "new"), scratch.Path("b"), way);
    EXPECT_EQ(scratch.Names(), (std::vector<std::string>{"b"}));
    EXPECT_EQ(scratch.Get("b"), "new");
  }
}

TEST(RenameToFreeName, ReplacesNothingInAnyWay) {
  for (const RenameWay way : kWays) {
    const Scratch scratch;
    const std::string from = scratch.Put("a", "new");
    const std::string to = scratch.Put("b", "old");
    ExpectError(ErrorKind::kUsage, "b: exists already; use -f",
                [&] { RenameToFreeName(from, to, way); });
    EXPECT_EQ(scratch.Get("a"), "new");
    EXPECT_EQ(scratch.Get("b"), "old");
  }
}

TEST(RenameToFreeName, TellsWhatTheSystemRefuses) {
  for (const RenameWay way : kWays) {
    const Scratch scratch;
    const std::string from = scratch.Put("a", "new");
    ExpectError(ErrorKind::kIo, "cannot take its name: No such file", [&] {
      RenameToFreeName(from, scratch.Path("missing/b"), way);
    });
    EXPECT_EQ(scratch.Get("a"), "new");
  }
}

}  // namespace
}  // namespace nncpp
