# tests/cli/words.sh -- archives with words, and primed models.
. "$ROOT/tests/cli/helpers.bash"

head -c 12000 "$TEST_DATA/alice29.txt" > text
cp "$TEST_DATA/picture.png" noise
size() { stat -c %s "$1"; }

for options in --no-prep --no-primer '' --prep \
  '--dictionary-words 50 --min-frequency 5 --no-primer'; do
  for name in text noise; do
    # shellcheck disable=SC2086
    "$NNCPP" c -qf --profile tiny $options $name a.nncpp
    "$NNCPP" d -qf a.nncpp back
    echo "$name $options: $(Same $name back)," \
      "alphabet $("$NNCPP" l a.nncpp | sed -n 's/^alphabet: *//p')"
  done
done
"$NNCPP" c -qf --profile tiny text primed.nncpp
"$NNCPP" c -qf --profile tiny --no-primer text plain.nncpp
[ "$(size primed.nncpp)" -lt "$(size plain.nncpp)" ] && echo "priming pays"

echo "-- a dictionary of one's own"
"$NNCPP" prep train --dictionary-words 60 --min-frequency 9 text words
"$NNCPP" c -qf --profile tiny --dictionary words text a.nncpp
Run t a.nncpp 2>&1 | sed 's/hash [0-9a-f]*/hash HASH/'
Run t --dictionary words a.nncpp
Run d -qf --dictionary words a.nncpp back
Same text back

echo "-- a primer of one's own"
head -c 9000 text > first
tail -c 3000 text > rest
"$NNCPP" c -qf --profile tiny --no-primer rest plain.nncpp
"$NNCPP" c -qf --profile tiny --no-primer --prime first rest a.nncpp
[ "$(size a.nncpp)" -lt "$(size plain.nncpp)" ] && echo "priming pays"
Run t a.nncpp 2>&1 | sed 's/hash [0-9a-f]*/hash HASH/'
Run t --prime rest a.nncpp 2>&1 | sed 's/hash [0-9a-f]*/hash HASH/'
Run t --prime first a.nncpp
Run d -qf --prime first a.nncpp back
Same rest back
: > nothing
Run c -f --prime nothing rest
Run c -f --prime - rest
Run c -f --prime none rest
Run c -f --no-prep --prime first rest
Run l --prime first a.nncpp

echo "-- refusals"
Run c -f --no-prep --prep text
Run c -f --no-prep --dictionary words text
Run c -f --prep --dictionary words text
Run c -f --dictionary-words 5 --dictionary words text
Run c -f --dictionary text text
Run d --prep a.nncpp
Run c -f --dictionary - text
for file in none .; do
  Run c -f --dictionary $file text
  Run t --dictionary $file a.nncpp
  Run t --prime $file a.nncpp
done
Run prep encode --dictionary none text out
Run t --dictionary words a.nncpp 2>&1 | sed 's/hash [0-9a-f]*/hash HASH/'
