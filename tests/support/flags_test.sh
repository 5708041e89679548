#!/usr/bin/env bash
# tests/support/flags_test.sh -- CXXFLAGS cannot break the laws of arithmetic.
set -uo pipefail
source "$(dirname "$0")/common.sh"
MakeTemporary

# Commands MAKE_ARGUMENT...: every compile and link line of a build from
# scratch, one a line.
Commands() {
  rm -rf build/flags-test
  "${MAKE:-make}" --no-print-directory -n VARIANT=flags-test program "$@" \
    2>&1 | sed -e ':a' -e '/\\$/N; s/\\\n//; ta'
  rm -rf build/flags-test
}

for compiler in "${CXX:-g++}" "${CLANGXX:-clang++}"; do
  if ! command -v "${compiler%% *}" > /dev/null; then
    Skip "$compiler is not installed"
    continue
  fi
  Commands CXX="$compiler" CXXFLAGS=-Ofast LAW=-DBROKEN \
    LDFLAGS=-Ofast > "$temporary/commands"
  grep -e ' -c ' "$temporary/commands" > "$temporary/compiles"
  grep -e 'flags-test/nncpp ' "$temporary/commands" |
    grep -v -e ' -c ' > "$temporary/links"
  Check "$compiler: no compile line seen" [ -s "$temporary/compiles" ]
  Check "$compiler: no link line seen" [ -s "$temporary/links" ]
  Refuse "$compiler: a compile line without -ffp-contract=off at its end" \
    grep -vE -e '-Ofast.* -fno-fast-math .*-ffp-contract=off[^O]* -c ' \
    "$temporary/compiles"
  Refuse "$compiler: LAW was overridden" \
    grep -e '-DBROKEN' "$temporary/compiles"
  Refuse "$compiler: -Ofast on the link line" \
    grep -e '-Ofast' "$temporary/links"
  Refuse "$compiler: code for one machine only" \
    grep -e '-march''=native' "$temporary/commands"

  # What the flags of that line make of the compiler.
  law=$(head -n 1 "$temporary/compiles" |
    sed -E 's/.*(-std=c\+\+20 -fno-fast-math.*) -c .*/\1/')
  # shellcheck disable=SC2086
  "${compiler%% *}" -Ofast $law -x c++ -dM -E /dev/null \
    > "$temporary/macros" 2> "$temporary/words"
  Check "$compiler refuses the flags" [ ! -s "$temporary/words" ]
  cat "$temporary/words"
  Refuse "$compiler still computes fast and loose" grep -E \
    '__(FAST_MATH|ASSOCIATIVE_MATH|RECIPROCAL_MATH|NO_SIGNED_ZEROS)__' \
    "$temporary/macros"
  Refuse "$compiler still believes all is finite" grep -E \
    '__FINITE_MATH_ONLY__ [^0]' "$temporary/macros"
done
Summary
