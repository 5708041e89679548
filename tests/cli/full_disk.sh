# tests/cli/full_disk.sh -- where nothing can be written: status 1, nothing
# left.
. "$ROOT/tests/cli/helpers.bash"

head -c 3000 "$TEST_DATA/alice29.txt" > text
"$NNCPP" c -q --profile tiny text
if [ -e /dev/full ]; then
  echo "-- no space"
  Run c -qf --profile tiny text /dev/full
  Run d -qf text.nncpp /dev/full
  "$NNCPP" c -q --profile tiny text - > /dev/full
  echo "[status $?]"
  for command in 'd -q text.nncpp -' 't text.nncpp' 'l text.nncpp' help \
    --version; do
    # shellcheck disable=SC2086
    "$NNCPP" $command > /dev/full
    echo "[status $?]"
  done
fi

echo "-- closed outputs and inputs"
"$NNCPP" d -q text.nncpp - >&-
echo "[status $?]"
"$NNCPP" t text.nncpp >&-
echo "[status $?]"
"$NNCPP" c -q --profile tiny - closed.nncpp <&-
echo "[status $?]"
"$NNCPP" d text.nncpp silent 2>&- >&- <&-
echo "[status $?]"
Same text silent

echo "-- a limit on file sizes"
(
  ulimit -f 1
  "$NNCPP" d -q text.nncpp limited
)
echo "[status $?]"
Files
