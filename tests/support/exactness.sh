#!/usr/bin/env bash
# tests/support/exactness.sh -- one input, one archive, whoever makes it.
#
# exactness.sh [all]  Builds the program with g++ and with clang++ and, if asked
# for all, with -Ofast and at -O0 as well; each build, with every form of the
# kernels that this CPU has and 1, 2, 3 and 7 threads, must make the same
# archive byte for byte and decode it. An -Ofast build may refuse to start
# instead.
set -uo pipefail
source "$(dirname "$0")/common.sh"
MakeTemporary
input=tests/data/alice29.txt

Make() { "${MAKE:-make}" --no-print-directory "$@" > "$temporary/make" 2>&1; }
Build() {
  local variant=$1
  shift
  Make VARIANT="$variant" "$@" program && return
  cat "$temporary/make"
  Fail "build/$variant/nncpp does not build"
}

Build release all CUDA=0
variants=(release clang)
if [ "${1:-}" = all ]; then
  Build O0 CXXFLAGS=-O0
  Build ofast CXXFLAGS=-Ofast
  variants+=(O0 ofast)
fi
if command -v "${CLANGXX:-clang++}" > /dev/null; then
  Build clang CXX="${CLANGXX:-clang++}" WERROR=1
else
  Skip "clang++ is not installed"
fi
mapfile -t forms < <(CpuForms)
for form in avx2 avx512; do
  [[ " ${forms[*]} " = *" $form "* ]] ||
    Skip "NNCPP_CPU=$form: this CPU does not have it"
done

# Try BUILD FORM THREADS 'PROFILE OPTION...' INPUT REFERENCE
Try() {
  local what="build $1, NNCPP_CPU=$2, --threads $3, --profile $4" status=0
  local run=(env NNCPP_CPU="$2" "build/$1/nncpp") made=$temporary/made
  rm -f "$made" "$temporary/back"
  # shellcheck disable=SC2086
  "${run[@]}" c -q --threads "$3" --profile $4 "$5" "$made" \
    2> "$temporary/words" || status=$?
  if [ "$1" = ofast ] && [ "$status" -eq 4 ] && [ ! -e "$made" ]; then
    Pass  # refuses to start
    return
  elif [ "$status" -ne 0 ]; then
    cat "$temporary/words"
    Fail "$what: status $status"
    return
  fi
  Check "$what: another archive" cmp "$made" "$6"
  if "${run[@]}" d -q --threads "$3" "$6" "$temporary/back"; then
    Check "$what: another original" cmp "$temporary/back" "$5"
  else
    Fail "$what: does not decode the archive of the release build"
  fi
}

# Series 'PROFILE OPTION...' BYTES 'BUILD...' THREADS..., of the head of $input
Series() {
  local profile=$1 bytes=$2 builds=$3 build form threads
  shift 3
  local head=$temporary/input reference=$temporary/reference
  head -c "$bytes" "$input" > "$head"
  rm -f "$reference"
  # shellcheck disable=SC2086
  build/release/nncpp c -q --profile $profile "$head" "$reference" ||
    { Fail "the release build makes no archive"; return; }
  for build in $builds; do
    [ -x "build/$build/nncpp" ] || continue
    for form in "${forms[@]}"; do
      for threads in "$@"; do
        Try "$build" "$form" "$threads" "$profile" "$head" "$reference"
      done
    done
  done
}

# The tiny profile is quick enough for everything; the default one shows that
# its larger shapes are right as well, with fewer bytes where code is slow.
Series tiny 20000 "${variants[*]}" 1 2 3 7
Series default 500 "${variants[*]/O0/}" 1 2
# Predictions of samples are fitted in doubles.
for input in tests/golden/samples.orig tests/golden/samples_sound.orig; do
  Series "1 --mixing 2 --samples 1 --mixing-bits 15 --no-primer" 9001 \
    "${variants[*]}" 1 2
done
input=tests/data/alice29.txt
[ "${1:-}" = all ] && Series default 150 "O0" 2
Summary
