#!/usr/bin/env bash
# tests/support/help.sh -- the targets and variables of the Makefile.
set -euo pipefail
cat << 'TEXT'
make               build the program, build/nncpp
make demo          install what is missing, build, show a round trip
make test          install what is missing, build, test (under 15 minutes)
make check         the quick tests only (under a minute, without compiling)
make test-long     test, tsan, long tests, fuzzers, the whole corpus (hours)
make bench         measure kernels and coder beside OpenBLAS
make cuda          the CUDA backend only
make gpu-check     all that needs a GPU (under 8 minutes); gpu-bundle gathers
                   what it takes along to a machine without our libraries
make asan          unit and command-line tests under the address sanitizer
make ubsan         the same under the undefined-behaviour sanitizer
make tsan          the same under the thread sanitizer
make asan-ubsan    the same under the first two at once
make fuzz          look for inputs that break the decoders
make cli-test      the tests of the command line only
make cli-rewrite   take what the program prints now as what it should print
make exactness     the archives of all builds, forms and thread counts agree
make layers        who may include whom
make lint          rules of the house that a pattern can see
make format        clang-format, in place; format-check only looks
make info          what was found, and why CUDA is on or off
make deps          install all packages that some target needs
make install       program, man page, completions; uninstall removes them
make clean         remove build/

CXX=g++ CXXFLAGS='-O3 -g0'     compiler and its flags; the flags that keep the
                               arithmetic exact follow them in any case
VARIANT=release                asan, ubsan, asan-ubsan, tsan, or a name of
                               yours: a set of objects apart, in build/VARIANT
WERROR=1                       warnings are errors (in clang's build of test)
CUDA=auto                      auto, 0 or 1: build/libnncpp_cuda.so, if there is
                               nvcc; never; or a failure without it
CUDA_ARCHS='80 86 89 90'       compute capabilities to build it for
PREFIX=/usr/local DESTDIR=     where install puts things
FUZZ_SECONDS=60                for each fuzz target
DEMO_BYTES=all                 how much of the text the demo takes
DATA=../shared/data            the corpus of test-long, when it is there
BENCH_ARGS=                    for the benchmark program
TEXT
