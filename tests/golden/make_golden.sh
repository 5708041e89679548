#!/usr/bin/env bash
# tests/golden/make_golden.sh -- makes the stored archives anew.
#
# make_golden.sh [NNCPP]  (build/nncpp)  For a wanted change of format or bits,
# in the same commit, with a line in CHANGELOG.md. Writes tests/golden/*.nncpp
# from the originals beside them, what of tests/damaged is made from archives,
# and the archives that fuzzing of the decoder begins with.
set -euo pipefail
cd "$(dirname "$0")/../.."

nncpp=$(realpath "${1:-build/nncpp}")
golden=tests/golden
damaged=tests/damaged
corpus=tests/fuzz/corpus/decompress
mkdir -p "$damaged" "$corpus"

# Make ORIGINAL ARCHIVE [OPTION...]
Make() {
  "$nncpp" c -q -f --profile tiny "${@:3}" "$1" "$2"
}

options_text=(--layers 2 --cells 37)       # a width that fits no vector
options_streams=(--streams 5 --stream-symbols 100 --block-symbols 1000)
options_noise=(--block-symbols 256)        # stored blocks among others
options_plain=(--ngram-orders 0 --seed 7)
for original in "$golden"/*; do
  case $original in *.nncpp | *.sh) continue ;; esac
  declare -n options="options_$(basename "$original")" 2> /dev/null || true
  Make "$original" "$original.nncpp" ${options[@]+"${options[@]}"}
  unset -n options
done

# Change FROM TO OFFSET BYTE: a copy with one byte, in hexadecimal, changed.
Change() {
  cp "$1" "$2"
  printf '%b' "\\x$4" | dd of="$2" bs=1 seek="$3" conv=notrunc status=none
}

text=$golden/text.nncpp
bytes=$(stat -c %s "$text")
head -c $((bytes - 1)) "$text" > "$damaged/ends-one-byte-early"
head -c $((bytes / 2)) "$text" > "$damaged/ends-in-the-middle"
head -c 8 "$text" > "$damaged/magic-alone"
cat "$text" <(printf 'x') > "$damaged/a-byte-follows"
cat "$text" "$text" > "$damaged/two-archives"
Change "$text" "$damaged/wrong-magic" 0 90
Change "$text" "$damaged/wrong-format" 9 63
Change "$text" "$damaged/wrong-configuration" 20 ff
Change "$text" "$damaged/wrong-payload" $((bytes - 60)) 00
Change "$text" "$damaged/wrong-end" $((bytes - 1)) 00
sed 's/\r\n/\n/' "$text" > "$damaged/transferred-as-text"

smaller=(--cells 8 --steps 4 --ngram-orders 1 --ngram-bits 4
  --block-symbols 96)
for name in empty one-byte noise; do
  Make "$golden/$name" "$corpus/$name" "${smaller[@]}"
done
head -c 300 "$golden/text" > "$corpus/part"
Make "$corpus/part" "$corpus/text" "${smaller[@]}"
Make "$corpus/part" "$corpus/streams" "${smaller[@]}" --streams 3 \
  --stream-symbols 8
"$nncpp" c -q - - --profile tiny "${smaller[@]}" < "$corpus/part" \
  > "$corpus/unknown-size"
rm "$corpus/part"
