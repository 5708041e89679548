# tests/cli/round_trip.sh -- what goes in comes out, through files and pipes.
. "$ROOT/tests/cli/helpers.bash"

: > empty
printf a > one
for ((i = 0; i < 256; ++i)); do
  # shellcheck disable=SC2059
  printf "\\x$(printf %02x "$i")"
done > every_byte
head -c 5000 /dev/zero > zeros
head -c 5000 "$TEST_DATA/alice29.txt" > text
head -c 5000 "$program" > program

for name in empty one every_byte zeros text program; do
  echo "-- $name"
  "$NNCPP" c -q --profile tiny $name && "$NNCPP" d -q $name.nncpp $name.file
  Same $name $name.file
  "$NNCPP" t $name.nncpp
  "$NNCPP" c -q --profile tiny - < $name > piped.nncpp
  "$NNCPP" d -q - < piped.nncpp | cmp - $name && echo "pipes: same"
  # cat has no size to tell.
  cat $name | "$NNCPP" c -q --profile tiny - | cat | "$NNCPP" d -q - - |
    cmp - $name && echo "pipes of unknown length: same"
  "$NNCPP" t - < piped.nncpp
done

echo "-- long names of the commands"
Run compress -q --profile tiny text long.nncpp
Run decompress -q long.nncpp long
Run test long.nncpp
Run info long.nncpp | sed -n '1,3p'
Same text long
