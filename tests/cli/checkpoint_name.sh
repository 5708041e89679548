# tests/cli/checkpoint_name.sh -- what a checkpoint does not take the place of.
. "$ROOT/tests/cli/helpers.bash"

head -c 300 "$TEST_DATA/alice29.txt" > text
mkfifo fifo
mkdir folder
ln -s nowhere dangling
echo precious > precious
: > empty
for name in fifo folder dangling; do
  for options in '' -f --resume '-f --resume'; do
    # shellcheck disable=SC2086
    Run c -q $options --profile tiny --checkpoint $name text out
  done
done
Run c -qf --profile tiny --checkpoint - text out < precious
Run c -q --profile tiny --checkpoint precious text out
Run c -qf --profile tiny --checkpoint precious text out
cat precious
Files
Run c -qf --profile tiny --checkpoint empty text out
Files
