# tests/cli/checkpoint.sh -- runs that stop and go on, in both directions.
. "$ROOT/tests/cli/helpers.bash"

head -c 30000 "$TEST_DATA/alice29.txt" > text
"$NNCPP" c -q --no-prep --profile tiny text whole.nncpp
mkfifo pipe

# Stop SIGNAL ARGUMENTS...: a run that reads from the pipe what comes from
# `begun`, and gets the signal when it waits for more.
Stop() {
  local signal=$1 status=0
  shift
  env --default-signal="$signal" "$NNCPP" "$@" &
  exec 3> pipe
  cat begun >&3
  until [ -e ck ]; do sleep 0.01; done
  kill -s "$signal" $!
  wait $! || status=$?
  exec 3>&-
  echo "$signal: status $status"
}

head -c 20000 text > begun
for signal in INT TERM HUP; do
  echo "-- compressing, $signal"
  {
    Stop $signal c --no-prep --profile tiny --checkpoint ck pipe a.nncpp
  } 2> log
  grep nncpp: log
  Files
  Run c -q --checkpoint ck --resume -T2 - a.nncpp < text
  "$NNCPP" d -q a.nncpp - | cmp - text && echo same
  rm a.nncpp
done
head -c 5000 whole.nncpp > begun
for signal in INT TERM; do
  echo "-- decompressing, $signal"
  { Stop $signal d --checkpoint ck pipe back; } 2> log
  grep nncpp: log
  Files
  Run d -q --checkpoint ck --resume -T2 whole.nncpp back
  Same back text
  rm back
done

echo "-- before there is any"
{
  env --default-signal=TERM "$NNCPP" c --checkpoint ck pipe out &
  exec 3> pipe
  head -c 1000 text >&3
  sleep 0.3
  kill -s TERM $!
  wait $!
  echo "[status $?]"
  exec 3>&-
} 2> log
grep nncpp: log
Files
rm log

echo "-- in the middle of a block"
env --default-signal=TERM "$NNCPP" c -q --profile lstm --ngram-bits 12 \
  --checkpoint ck --checkpoint-every 0.05s "$TEST_DATA/alice29.txt" \
  large.nncpp &
until [ -e ck ]; do sleep 0.01; done
kill -s TERM $!
wait $! 2> log
echo "[status $?]"
Files
rm ck large.nncpp.part

echo "-- no English, for which the default level has another net"
tr 'a-z' 'n-za-m' < text | head -c 600 > rotated
for level in '' -5; do
  "$NNCPP" c -q $level --parts 2 --one-part --checkpoint ck rotated r
  "$NNCPP" c -q $level --parts 2 --one-part --checkpoint ck --resume rotated r
  "$NNCPP" d -q r - | cmp - rotated && "$NNCPP" l r.002 | grep cells
  rm r.00?
done
rm rotated

echo "-- what is left when a run is killed"
printf 'x' > one
"$NNCPP" c -q --no-prep --profile tiny --checkpoint ck pipe a.nncpp &
exec 3> pipe
until [ -e ck ]; do sleep 0.01; done
{ kill -KILL $! && wait $!; } 2> log  # where bash says that it was killed
exec 3>&-
Run c --checkpoint ck one a.nncpp
Run c --checkpoint other one a.nncpp
Run c --checkpoint ck --resume --cells 33 one a.nncpp
Run d --checkpoint ck --resume whole.nncpp back
Run c --checkpoint missing --resume one a.nncpp
Run c --checkpoint ck --resume one b.nncpp
Run c -q --checkpoint ck --resume - a.nncpp < one
Files

echo "-- damage"
head -c 100 "$TEST_DATA/alice29.txt" > ck
: > a.nncpp.part
Run c -f --checkpoint ck --resume one a.nncpp
Run c -qf --profile tiny --checkpoint ck one a.nncpp
printf '\x91NNCK\r\n\x1A and nothing more' > ck
Run c -f --checkpoint ck --resume one a.nncpp
Run c -qf --profile tiny --checkpoint ck one a.nncpp
Files

echo "-- refused at once"
Run c --checkpoint ck one -
Run c --checkpoint one one o.nncpp
Run c --checkpoint ./o.nncpp one o.nncpp
Run c --checkpoint o.nncpp.part one o.nncpp
Run c -f --checkpoint ck one /dev/null
Run c --checkpoint /nowhere/ck one o.nncpp
Run c --resume one o.nncpp
Run c --checkpoint-every 3 one o.nncpp
Run c --checkpoint ck --checkpoint-every never one o.nncpp
Run c --checkpoint ck --checkpoint-every -3s one o.nncpp
Run t --checkpoint ck whole.nncpp
Files
