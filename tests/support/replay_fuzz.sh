#!/usr/bin/env bash
# tests/support/replay_fuzz.sh -- stored fuzz inputs as ordinary tests.
#
# replay_fuzz.sh FOLDER  runs each target of tests/fuzz, built into FOLDER with
# fuzz_main.cc, over the empty input and the files of its corpus.
set -uo pipefail
source "$(dirname "$0")/common.sh"

folder=$1
for source in tests/fuzz/*_fuzz.cc; do
  [ -e "$source" ] || continue
  name=$(basename "$source" _fuzz.cc)
  inputs=()
  while IFS= read -r -d '' file; do
    inputs+=("$file")
  done < <(find "tests/fuzz/corpus/$name" -type f -print0 2> /dev/null |
    sort -z)
  if "$folder/$name" ${inputs[@]+"${inputs[@]}"}; then
    Pass $((${#inputs[@]} + 1))
    continue
  fi
  before=$failed
  for file in ${inputs[@]+"${inputs[@]}"}; do
    Check "$name: $file" "$folder/$name" "$file"
  done 2>&1
  [ "$failed" -gt "$before" ] || Fail "$name: the empty input"
done
Summary
