# tests/cli/damaged.sh -- a damaged archive: status 2, one line, no output.
. "$ROOT/tests/cli/helpers.bash"

# The message names the place of the damage; where that is depends on the
# arithmetic, so only its beginning is compared.
Refused() {
  local name=$1 command status
  for command in "d -q $name out" "t $name" "l $name"; do
    status=0
    # shellcheck disable=SC2086
    "$NNCPP" $command 2> error.log > out.log || status=$?
    echo "$command: status $status, $(wc -l < error.log) line," \
      "$(wc -c < out.log) bytes printed: $(cut -d: -f1-2 error.log)"
    grep -q '; ' error.log || echo "no advice: $(cat error.log)"
    [ ! -e out ] || echo "AN OUTPUT WAS LEFT"
    rm -f out
  done
}

head -c 3000 "$TEST_DATA/alice29.txt" > text
"$NNCPP" c -q --profile tiny text
size=$(stat -c %s text.nncpp)

# Flip NAME OFFSET: a copy with one bit flipped.
Flip() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 text.nncpp)
  cp text.nncpp "$1"
  # shellcheck disable=SC2059
  printf "\\x$(printf %02x $((byte ^ 16)))" |
    dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
Flip magic.nncpp 1
Flip header.nncpp 9
Flip middle.nncpp $((size / 2))
Flip end.nncpp $((size - 1))
head -c $((size - 1)) text.nncpp > short.nncpp
head -c $((size / 2)) text.nncpp > half.nncpp
head -c 10 text.nncpp > stub.nncpp
cp text.nncpp long.nncpp
printf x >> long.nncpp
cat text.nncpp text.nncpp > twice.nncpp
: > empty.nncpp
cp text plain.nncpp
printf 'PK\003\004 nothing of ours' > zip.nncpp

for name in magic header middle end short half stub long twice empty plain \
  zip; do
  Refused $name.nncpp
done
rm -f ./*.log
Files
echo "-- and through a pipe"
"$NNCPP" d -q - < end.nncpp > /dev/null 2> error.log
echo "[status $?]"
cut -d: -f1-2 error.log
