#!/usr/bin/env bash
# tests/support/run_unit_tests.sh -- a GoogleTest binary on all cores.
#
# run_unit_tests.sh BINARY [GTEST_FILTER]
set -uo pipefail
source "$(dirname "$0")/common.sh"

binary=$1
if [ ! -x "$binary" ]; then
  Fail "$binary was not built"
  Summary
  exit 1
fi
[ $# -gt 1 ] && export GTEST_FILTER=$2

MakeTemporary
# More shards than cores, since some take longer.
shards=$(($(Jobs) * 8))
# shellcheck disable=SC2016
seq 0 $((shards - 1)) | GTEST_TOTAL_SHARDS=$shards GTEST_BRIEF=1 \
  xargs -P "$(Jobs)" -I{} bash -c 'GTEST_SHARD_INDEX=$1 "$2" > "$3/$1" 2>&1
    echo $? > "$3/$1.status"' _ {} "$binary" "$temporary"

# Count WORD LOG: the number in the last line that reads `[  WORD ] N tests`.
Count() {
  sed -n "s/^\[  $1 *\] \([0-9]*\) tests\{0,1\}.*/\1/p" "$2" | tail -n 1
}

for ((i = 0; i < shards; ++i)); do
  log=$temporary/$i
  status=$(cat "$log.status")
  grep -vE '^$|^Note: This is test shard|^\[ +PASSED|^\[=+\]|^Running main' \
    "$log"
  ok=$(Count PASSED "$log")
  bad=$(Count FAILED "$log")
  Pass "${ok:-0}"
  failed=$((failed + ${bad:-0}))
  n=$(Count SKIPPED "$log")
  skipped=$((skipped + ${n:-0}))
  if [ "$status" -ne 0 ] && [ -z "$bad" ]; then
    Fail "$binary ended with status $status in shard $i of $shards"
  fi
done
Summary
