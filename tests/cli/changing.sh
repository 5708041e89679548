# tests/cli/changing.sh -- inputs that change while they are read.
. "$ROOT/tests/cli/helpers.bash"

# Change COMMAND OUTPUT ARGUMENTS...: a run that reads `text` a little at a time
# stands still while the command changes it.
Change() {
  local change=$1 status=0
  shift
  head -c 30000 "$TEST_DATA/alice29.txt" > text
  "$NNCPP" c -q --no-prep --profile tiny --block-symbols 1024 "$@" &
  # The size is known by the time that the header is written.
  until [ -n "$(find . -name '*.part-*' -size +0)" ]; do sleep 0.01; done
  kill -s STOP $!
  eval "$change"
  kill -s CONT $!
  wait $! || status=$?
  echo "[status $status]"
  Files
}
printf 'and so on' > others
for options in "text out" "--parts 3 text out" "--part-size 9999 text out" \
  "--parts 2 --independent text out" "others text out" "text others out"; do
  echo "-- $options"
  # shellcheck disable=SC2086
  Change "cat others >> text" $options
  # shellcheck disable=SC2086
  Change "truncate -s 29999 text" $options
done
