// tests/support/precompiled.h -- what the compiler reads once for all tests.
//
// None relies on it: `make syntax PRECOMPILED=0` reads them without.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>
