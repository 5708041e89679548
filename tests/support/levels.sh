#!/usr/bin/env bash
# tests/support/levels.sh -- what is promised of archives, at every level.
#
# levels.sh PROGRAM [STRIDE]  For each of -1 to -9: one archive from every form
# of the kernels and number of threads, and back; no archive of which one bit is
# flipped, or the end is missing, is taken; and no run takes more memory than it
# said. Every STRIDE-th byte is damaged; with 1, memory is also that of a larger
# input.
set -uo pipefail
source "$(dirname "$0")/common.sh"
MakeTemporary

program=$1
stride=${2:-40}
peak=$temporary/peak
if ! ${CXX:-g++} -std=c++20 -O1 -o "$peak" tests/faults/peak.cc; then
  Fail "tests/faults/peak.cc does not compile"
  Summary
  exit
fi
mapfile -t forms < <(CpuForms)
made=$temporary/made back=$temporary/back

# SameEverywhere LEVEL ORIGINAL ARCHIVE
SameEverywhere() {
  local form threads what
  for form in "${forms[@]}"; do
    for threads in 1 2; do
      what="-$1, NNCPP_CPU=$form, -T$threads"
      rm -f "$made" "$back"
      NNCPP_CPU=$form "$program" c -q "-$1" -T$threads --no-self-check "$2" \
        "$made"
      Check "$what: another archive" cmp "$made" "$3"
      NNCPP_CPU=$form "$program" d -q -T$threads "$3" "$back"
      Check "$what: another original" cmp "$back" "$2"
    done
  done
}

# Refused LEVEL WHAT: `made` is, by its own status and one line.
Refused() {
  local status=0
  "$program" t -q "$made" > "$temporary/words" 2>&1 || status=$?
  [ $status -eq 2 ] && [ "$(wc -l < "$temporary/words")" -eq 1 ] && return
  cat "$temporary/words"
  Fail "-$1, $2: status $status"
  return 1
}

# Damaged LEVEL ARCHIVE
Damaged() {
  local size at byte cases=0
  size=$(stat -c %s "$2")
  for ((at = 0; at < size; at += stride)); do
    byte=$(od -An -tu1 -j $at -N 1 "$2")
    cp "$2" "$made" && chmod u+w "$made"
    # shellcheck disable=SC2059
    printf "\\x$(printf %x $((byte ^ 1 << at / stride % 8)))" |
      dd of="$made" bs=1 seek=$at conv=notrunc status=none
    Refused "$1" "a bit of byte $at" || return
    head -c $at "$2" > "$made"
    Refused "$1" "cut to $at bytes" || return
    cases=$((cases + 2))
  done
  Pass
  echo "-$1: $cases damaged archives of $size bytes, all refused"
}

# Bounded LEVEL ORIGINAL [OPTION...]: what `c -v` and `l` say is enough.
Bounded() {
  local said took
  rm -f "$made" "$back"
  "$peak" "$temporary/took" "$program" c -v "-$1" -T2 --no-self-check "$2" \
    "$made" "${@:3}" 2> "$temporary/words" || Fail "-$1: does not compress"
  said=$(sed -n 's/^memory needed: *\([0-9,]*\) bytes/\1/p' "$temporary/words")
  said=${said//,/} took=$(< "$temporary/took")
  echo "-$1, c of $(stat -Lc %s "$2") bytes: $took bytes of $said"
  Check "-$1: c takes more memory than it said" [ "$took" -le "$said" ]
  said=$("$program" l "$made" | sed -n 's/^memory bytes: *//p')
  "$peak" "$temporary/took" "$program" d -q -T2 "$made" "$back" ||
    Fail "-$1: does not decompress"
  took=$(< "$temporary/took")
  echo "-$1, d of $(stat -Lc %s "$2") bytes: $took bytes of $said"
  Check "-$1: d takes more memory than l says" [ "$took" -le "$said" ]
}

for level in 1 2 3 4 5 6 7 8 9; do
  golden=tests/golden/level_$level
  SameEverywhere $level $golden.orig $golden.nncpp
  Damaged $level $golden.nncpp
  Bounded $level $golden.orig
  [ "$stride" -gt 1 ] || Bounded $level tests/data/alice29.txt
done
# Of no English, for which the default level has another net.
golden=tests/golden/records
SameEverywhere 5 $golden.orig $golden.nncpp
Damaged 5 $golden.nncpp
Bounded 5 $golden.orig
# Where a block does not shrink there is a copy of the model, and a checker has
# another model.
noise=$temporary/noise
head -c 60000 "$program" | gzip -9n > "$noise"
Bounded 3 "$noise" --mixing-bits 22 --no-prep
Bounded 3 "$noise" --mixing-bits 22 --no-prep --self-check
Summary
