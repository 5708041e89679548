# tests/cli/list.sh -- what `l` and `t` say, for people and for programs.
. "$ROOT/tests/cli/helpers.bash"

# What depends on the model and its profiles is not compared here.
Plain() {
  local kept='file|ok|original|archive|ratio|bits.per|blocks|stored|format'
  kept+='|numerics|memory|config|cells|clip|learning-rate'
  grep -E "^\\$|[{}]|^ *\"?($kept).*:" |
    sed -E -e '/^(archive|memory) bytes|^ratio|^bits/s/ +[0-9.]+$/ N/' \
      -e '/"(archive_bytes|memory_bytes|ratio|bits_per_byte)"/s/[0-9.]+/N/'
}

head -c 3000 "$TEST_DATA/alice29.txt" > text
"$NNCPP" c -q --profile tiny --cells 24 --learning-rate 0.0125 --clip 0.5 text
Run l text.nncpp | Plain
Run list text.nncpp --json | Plain
Run t text.nncpp
Run t -q text.nncpp
Run t --json text.nncpp | Plain

echo "-- from a pipe"
"$NNCPP" l - < text.nncpp | head -n 2

echo "-- the bits per byte are those of the file"
bits=$(awk -v n="$(stat -c %s text.nncpp)" 'BEGIN { printf "%.3f", n*8/3000 }')
"$NNCPP" l text.nncpp | grep -c "^bits per byte: *$bits\$"

echo "-- names are made safe"
cp text.nncpp $'a"b\\c\nd\xff\xc3\xa9.nncpp'
Run l --json -- *d* | sed -n 's/^ *"file"/"file"/p'
"$NNCPP" t -- *d* | od -An -c | head -n 2
