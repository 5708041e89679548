# tests/cli/split.sh -- inputs and symbols cut into pieces and joined again.
. "$ROOT/tests/cli/helpers.bash"

head -c 20001 "$TEST_DATA/alice29.txt" > text
"$NNCPP" prep train -q --dictionary-words 50 text words
"$NNCPP" prep encode -q --dictionary words text symbols
for input in text symbols; do
  echo "-- $input"
  Run split --parts 3 $input pieces
  stat -c '%n %s' pieces.* | awk '{ print $1, ($2 % 2 ? "odd" : "even") }'
  Run join pieces joined
  Same $input joined
  rm pieces.* joined
done
Run split --part-size 8k - pieces < text
stat -c '%n %s' pieces.*
"$NNCPP" join pieces - | cmp - text && echo same
echo "-- refused"
Run split text x
Run split --part-size 999 text x
Run split --parts 2 --independent text x
Run split --parts 2 text pieces
Run split --parts 2 text
Run split --parts 2 --dictionary words text x
rm pieces.002
Run join pieces x
Run join nothing x
Run join --dictionary words pieces x
Run join text x
Files
