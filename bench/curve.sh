#!/usr/bin/env bash
# bench/curve.sh -- bits per byte against position and against CPU seconds.
#
# bench/curve.sh FILE [OPTION...] compresses FILE with the options, asks the run
# for its progress four times a second, and prints lines of three numbers: bytes
# done, bits per byte of all of them, CPU seconds so far. The last line is that
# of the whole archive. PROGRAM=build/nncpp unless set; ARCHIVE=PATH keeps it.
set -euo pipefail

program=${PROGRAM:-build/nncpp}
file=$1
shift
size=$(stat -c %s "$file")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
archive=${ARCHIVE:-$folder/archive}

"$program" c -f --no-progress --no-self-check "$@" "$file" "$archive" \
  2> "$folder/said" &
run=$!
sleep 0.5  # until it takes the signal
ticks=$(getconf CLK_TCK)
said=""
while kill -USR1 "$run" 2> /dev/null; do
  sleep 0.25
  stat=$(cat "/proc/$run/stat" 2> /dev/null) || break
  last=$(tail -n 1 "$folder/said")
  [ "$last" != "$said" ] || continue
  said=$last
  # Fields 14 and 15 of stat, counted behind the name in parentheses.
  awk -v size="$size" -v ticks="$ticks" -v stat="${stat##*) }" '
    match($0, /: [0-9.]+ %, [0-9.]+ bits/) {
      split(substr($0, RSTART + 2), part, " ")
      split(stat, field, " ")
      printf "%.0f %s %.2f\n", size * part[1] / 100, part[3],
        (field[12] + field[13]) / ticks
    }' <<< "$said"
done
wait "$run"
times > "$folder/times"
awk -v size="$size" -v coded="$(stat -c %s "$archive")" '
  NR == 2 {
    for (i = 1; i <= 2; ++i) {
      split($i, part, /[ms]/)
      seconds += part[1] * 60 + part[2]
    }
    printf "%d %.3f %.2f\n", size, 8 * coded / size, seconds
  }' "$folder/times"
