// tests/support/precompiled.h -- what g++ reads once for all unit tests.
//
// No test relies on it: clang++ reads them without (`make syntax`).
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
