# tests/cli/symbols.sh -- input that is symbols of 16 bits.
. "$ROOT/tests/cli/helpers.bash"

head -c 20000 "$TEST_DATA/alice29.txt" > text
"$NNCPP" prep train --dictionary-words 200 --min-frequency 8 text words
"$NNCPP" prep encode --dictionary words text symbols

Run c -q --profile tiny --symbols u16 symbols
"$NNCPP" l symbols.nncpp | grep -E '^(symbols|alphabet|original bytes):'
"$NNCPP" l --json symbols.nncpp | grep '"symbols"'
Run d -q symbols.nncpp back
Same symbols back
Run prep decode --dictionary words back text.back
Same text text.back
"$NNCPP" c -qf --profile tiny text && "$NNCPP" l text.nncpp | grep '^symbols:'

echo "-- the alphabet ends with the largest symbol, or where one is asked for"
for bytes in '' '\0\0' '\1\0\0\3\0\4' '\377\376'; do
  # shellcheck disable=SC2059
  printf "$bytes" > few
  "$NNCPP" c -qf --profile tiny --symbols u16 few
  "$NNCPP" d -qf few.nncpp back
  echo "$(Same few back): $("$NNCPP" l few.nncpp | grep '^alphabet:')"
done
"$NNCPP" c -qf --profile tiny --symbols u16 --alphabet 700 symbols few.nncpp
"$NNCPP" l few.nncpp | grep '^alphabet:'
"$NNCPP" d -qf few.nncpp back
Same symbols back

echo "-- pipes"
"$NNCPP" c -q --profile tiny --symbols u16 - < symbols | wc -c
"$NNCPP" c -q --profile tiny --symbols u16 --alphabet 500 - < symbols > piped
"$NNCPP" d -q - < piped | cmp - symbols && echo "same"
mkfifo pipe
cat symbols > pipe &
Run c -q --profile tiny --symbols u16 pipe out
wait

echo "-- a checkpoint knows what it was"
Run c -q --profile tiny --symbols u16 --checkpoint ck symbols again.nncpp
Same symbols.nncpp again.nncpp

echo "-- parts, which cut no symbol"
head -c 2002 symbols > few
Run c -q --profile tiny --symbols u16 --parts 2 few set
Run d -q set joined
Same few joined
Run c -q --profile tiny --symbols u16 --parts 2 --independent few out
Run c -q --profile tiny --symbols u16 --part-size 501 few out
Run c -q --profile tiny --symbols u16 few symbols out

echo "-- refusals"
head -c 301 symbols > odd
Run c -q --profile tiny --symbols u16 odd
# shellcheck disable=SC2002  # a pipe, whose size is not known
cat odd | "$NNCPP" c -q --profile tiny --symbols u16 --alphabet 500 - - |
  wc -c
Run c -q --profile tiny --symbols u16 --alphabet 300 symbols out
Run c -q --profile tiny --symbols u16 --alphabet 65536 symbols out
printf '\0\1\377\377' > largest
Run c -q --profile tiny --symbols u16 largest
Run c -q --profile tiny --symbols u16 --alphabet 65535 largest
Run c -q --symbols u8 symbols out
Run c -q --symbols u16 --prep symbols out
Run c -q --symbols u16 --dictionary words symbols out
Run c -q --profile tiny --alphabet 500 symbols out
Run d --symbols u16 symbols.nncpp out
Run prep decode --dictionary words odd out
Files
