#!/usr/bin/env bash
# tests/support/fuzz.sh -- looks for new inputs that break a fuzz target.
#
# fuzz.sh FOLDER SECONDS  runs each libFuzzer binary in FOLDER, starting from
# tests/fuzz/corpus/NAME. New inputs gather in build/fuzz/corpus/NAME, broken
# ones in build/fuzz/found/NAME: add those to the corpus with their fix.
set -uo pipefail
source "$(dirname "$0")/common.sh"

folder=$1
seconds=$2
for source in tests/fuzz/*_fuzz.cc; do
  [ -e "$source" ] || continue
  name=$(basename "$source" _fuzz.cc)
  grown=build/fuzz/corpus/$name
  found=build/fuzz/found/$name
  seeds=tests/fuzz/corpus/$name
  mkdir -p "$grown" "$found"
  [ -d "$seeds" ] || seeds=
  echo "fuzzing $name for $seconds s"
  if "$folder/$name" -max_total_time="$seconds" -timeout=25 -max_len=65536 \
    -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$found/" "$grown" ${seeds:+"$seeds"}; then
    Pass
  else
    Fail "$name; the input is in $found"
  fi
done
Summary
