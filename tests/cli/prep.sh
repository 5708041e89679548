# tests/cli/prep.sh -- the preprocessor on its own.
. "$ROOT/tests/cli/helpers.bash"

head -c 60000 "$TEST_DATA/alice29.txt" > text
head -c 5000 "$program" > noise

Run prep train --dictionary-words 300 --min-frequency 8 text words
echo "words: $(wc -l < words)"
for name in text noise; do
  Run prep encode --dictionary words $name $name.symbols
  Run prep decode --dictionary words $name.symbols $name.back
  Same $name $name.back
done
echo "symbols: $(($(stat -c %s text.symbols) / 2))"

echo "-- pipes"
"$NNCPP" prep train --dictionary-words 300 --min-frequency 8 - - < text |
  cmp - words && echo "same words"
"$NNCPP" prep encode --dictionary words - - < text | cmp - text.symbols &&
  echo "same symbols"

echo "-- refusals"
Run prep
Run prep frobnicate text out
Run prep train text
Run prep train text words
Run prep encode text out
Run prep train --dictionary words text out
Run prep train --dictionary-words 0 text out
Run prep train --min-frequency 1 text out
Run prep decode --dictionary words text out
printf 'b\n' > bad
Run prep encode --dictionary bad text out
Run t --dictionary-words 300 text
Run l --dictionary words text.symbols
Files
