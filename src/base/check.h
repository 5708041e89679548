// src/base/check.h -- for mistakes of ours; mistakes of the world are Errors.
#pragma once

#include <cstdio>
#include <cstdlib>

// Prints the broken promise and aborts, in every build: a compressor that goes
// on after one could destroy somebody's file. main's SIGABRT handler turns the
// abort into exit status 3.
#define NNCPP_CHECK(promise)                                             \
  do {                                                                   \
    if (!(promise)) {                                                    \
      std::fprintf(stderr, "nncpp bug: %s:%d: %s\n", __FILE__, __LINE__, \
                   #promise);                                            \
      std::abort();                                                      \
    }                                                                    \
  } while (false)
