#!/usr/bin/env bash
# tests/support/tally.sh -- runs checks one after the other and adds them up.
#
# tally.sh NAME=COMMAND...  A command whose last line reads `N passed, N
# failed, N skipped` counts as that many; any other counts as one. The last
# line printed has the same form and is kept in build/tally.
set -uo pipefail
source "$(dirname "$0")/common.sh"

mkdir -p build
MakeTemporary
broken=()
start=$SECONDS
line='^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$'

for piece in "$@"; do
  name=${piece%%=*}
  command=${piece#*=}
  echo "==== $name"
  begin=$SECONDS
  status=0
  bash -c "$command" 2>&1 | tee "$temporary/log"
  status=${PIPESTATUS[0]}
  if [[ $(tail -n 1 "$temporary/log") =~ $line ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    skipped=$((skipped + BASH_REMATCH[3]))
    [ "$status" -ne 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ] &&
      failed=$((failed + 1))
  elif [ "$status" -eq 0 ]; then
    Pass
  else
    Fail "$name (status $status)"
  fi
  [ "$status" -eq 0 ] || broken+=("$name")
  echo "---- $name: $((SECONDS - begin)) s"
done

echo "==== all of it: $((SECONDS - start)) s"
for name in ${broken[@]+"${broken[@]}"}; do
  echo "FAILED: $name"
done
Summary | tee build/tally
exit "${PIPESTATUS[0]}"
