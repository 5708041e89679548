#!/usr/bin/env bash
# tests/support/round_trips.sh -- every file of the corpus, there and back.
#
# round_trips.sh PROGRAM  uses the files in NNCPP_DATA (../shared/data).
set -uo pipefail
source "$(dirname "$0")/common.sh"
MakeTemporary

program=$1
data=${NNCPP_DATA:-../shared/data}
if [ ! -d "$data" ]; then
  Skip "no corpus at $data"
  Summary
  exit
fi
while IFS= read -r file; do
  archive=$temporary/archive
  begin=$SECONDS
  if "$program" c -q -f "$file" "$archive" &&
    "$program" d -q -f "$archive" "$temporary/back" &&
    cmp "$file" "$temporary/back"; then
    Pass
    size=$(stat -c %s "$archive")
    echo "${file#"$data"/}: $(stat -Lc %s "$file") -> $size bytes," \
      "both ways in $((SECONDS - begin)) s"
  else
    Fail "$file"
  fi
done < <(find -L "$data" -type f | sort)
Summary
