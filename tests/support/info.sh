#!/usr/bin/env bash
# tests/support/info.sh -- what the build finds here, and what it makes of it.
#
# info.sh CXXFLAGS FIXED_FLAGS, with CXX, CUDA and NVCC in the environment.
set -euo pipefail
source "$(dirname "$0")/common.sh"

Row() { printf '%-12s %s\n' "$1" "$2"; }
Version() { "$@" --version 2> /dev/null | head -n 1 || true; }
Has() {
  if printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$1" |
    "${CXX%% *}" -x c++ -E -o /dev/null - 2> /dev/null; then
    echo found
  else
    echo "missing: $2"
  fi
}

if command -v "${CXX%% *}" > /dev/null; then
  Row compiler "$CXX: $(Version "${CXX%% *}")"
else
  Row compiler "$CXX: not found (make deps)"
fi
clang=${CLANGXX:-clang++}
if command -v "$clang" > /dev/null; then
  Row "for tests" "$(Version "$clang")"
else
  Row "for tests" "$clang: not found"
fi
Row CXXFLAGS "$1"
Row always "$2"
Row machine "$(uname -m), $(Jobs) cores"
Row "CPU forms" "$(CpuForms | tr '\n' ' ')"
Row xxHash "$(Has xxhash.h libxxhash-dev)"
Row zlib "$(Has zlib.h zlib1g-dev)"
Row CLI11 "$(Has CLI/CLI.hpp libcli11-dev)"
Row GoogleTest "$(Has gtest/gtest.h libgtest-dev), for tests"
Row simde "$(Has simde/simde-features.h libsimde-dev), for tests"
Row benchmark "$(Has benchmark/benchmark.h libbenchmark-dev), for bench"
Row OpenBLAS "$(Has cblas.h libopenblas-dev), for bench"

nvcc=$(command -v "${NVCC:-nvcc}" || true)
if [ -n "$nvcc" ]; then
  Row nvcc "$("$nvcc" --version | grep release | sed 's/.*release/release/')"
else
  Row nvcc "not found"
fi
archs=${CUDA_ARCHS:-80 86 89 90}
if [ "${CUDA:-auto}" = 0 ]; then
  Row CUDA "off: CUDA=0"
elif [ -n "$nvcc" ]; then
  Row CUDA "on, for compute capabilities $archs and PTX"
elif [ "${CUDA:-auto}" = 1 ]; then
  Row CUDA "CUDA=1, but there is no nvcc to build it with"
  exit 1
else
  Row CUDA "off: there is no nvcc"
fi
