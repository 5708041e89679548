# tests/cli/salvage.sh -- the blocks before damage, on request.
. "$ROOT/tests/cli/helpers.bash"

head -c 3000 "$TEST_DATA/alice29.txt" > text
"$NNCPP" c -q --profile tiny --block-symbols 1000 text
size=$(stat -c %s text.nncpp)
# Damage AT: another byte there.
Damage() {
  cp text.nncpp bad.nncpp
  printf '\xFF' | dd of=bad.nncpp bs=1 seek="$1" conv=notrunc status=none
}

Damage $((size - 200))
Run d -q bad.nncpp
Files
Run d -q --salvage bad.nncpp
Files
stat -c '%s bytes' bad.incomplete
head -c 2000 text | cmp - bad.incomplete && echo "the beginning"
Run d -q --salvage bad.nncpp
Run d -qf --salvage bad.nncpp
rm bad.incomplete

echo "-- cut off"
head -c $((size * 6 / 10)) text.nncpp > bad.nncpp
Run d -q --salvage bad.nncpp
stat -c '%s bytes' bad.incomplete
head -c 1000 text | cmp - bad.incomplete && echo "the beginning"
rm bad.incomplete

echo "-- nothing to keep"
head -c 40 text.nncpp > bad.nncpp
Run d -q --salvage bad.nncpp
Run d -q --salvage text none
Files

echo "-- sound"
Run d -q --salvage text.nncpp back
Same text back
Run d --salvage text.nncpp -
Run d --salvage --checkpoint ck text.nncpp other
Run t --salvage text.nncpp
Run d -f --salvage text.nncpp /dev/null
Files
