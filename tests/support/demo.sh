#!/usr/bin/env bash
# tests/support/demo.sh -- a real text, compressed, decompressed, compared.
#
# demo.sh PROGRAM BYTES  (BYTES may be `all`)
set -euo pipefail
source "$(dirname "$0")/common.sh"
export LC_ALL=C
MakeTemporary

program=$1
text=tests/data/alice29.txt
input=$temporary/$(basename "$text")
if [ "$2" = all ]; then
  cp "$text" "$input"
else
  head -c "$2" "$text" > "$input"
fi
bytes=$(stat -c %s "$input")

Now() { date +%s.%N; }

# Row NAME ARCHIVE COMPRESS_SECONDS DECOMPRESS_SECONDS
Row() {
  awk -v name="$1" -v bytes="$bytes" -v size="$(stat -c %s "$2")" \
    -v c="$3" -v d="$4" 'BEGIN {
      printf "%-12s %10d %10d %9.3f %12.1f %12.1f\n", name, bytes, size,
        8 * size / bytes, bytes / 1000 / c, bytes / 1000 / d }'
}

# Run NAME COMPRESS DECOMPRESS: commands that take IN and OUT after them.
Run() {
  local archive=$temporary/archive back=$temporary/back begin middle end
  rm -f "$archive" "$back"
  begin=$(Now)
  $2 "$input" "$archive"
  middle=$(Now)
  $3 "$archive" "$back"
  end=$(Now)
  cmp "$input" "$back" || { echo "$1: not the same bytes" >&2; exit 1; }
  rows+=("$(Row "$1" "$archive" \
    "$(awk "BEGIN { print $middle - $begin }")" \
    "$(awk "BEGIN { print $end - $middle }")")")
}

# Filter TOOL OPTION IN OUT
Filter() { "$1" "$2" -c < "$3" > "$4"; }

rows=()
echo "nncpp c $(basename "$text") alice29.nncpp"
echo "nncpp d alice29.nncpp alice29.back"
Run nncpp "$program c" "$program d"
echo "cmp: the same $bytes bytes"
for other in 'gzip -9' 'bzip2 -9' 'xz -9e'; do
  tool=${other%% *}
  command -v "$tool" > /dev/null || continue
  Run "$other" "Filter $other" "Filter $tool -d"
done

printf '\n%-12s %10s %10s %9s %12s %12s\n' program bytes archive bits/byte \
  'c kB/s' 'd kB/s'
printf '%s\n' "${rows[@]}"
