// tests/support/errors.h -- expecting the right Error.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "src/base/error.h"

namespace nncpp {

// Expects that `act` throws an Error of this kind whose message contains
// `part`.
template <typename Act>
void ExpectError(ErrorKind kind, const std::string& part, Act&& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
        << error.what();
    return;
  }
  ADD_FAILURE() << "nothing was thrown; expected: " << part;
}

// Whether `act` throws an Error of the archive: kFormat or kUnsupported.
template <typename Act>
bool RefusesArchive(Act&& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::kFormat ||
           error.kind() == ErrorKind::kUnsupported;
  }
  return false;
}

}  // namespace nncpp
