# tests/cli/signals.sh -- an interrupted run leaves nothing behind and ends by
# the signal.
. "$ROOT/tests/cli/helpers.bash"

mkfifo input
# Interrupt SIGNAL OPTIONS...: while the program waits for more input.
Interrupt() {
  local signal=$1 status=0
  shift
  # Jobs in the background ignore SIGINT unless told otherwise.
  env --default-signal="$signal" "$NNCPP" c -q --profile tiny "$@" \
    input out.nncpp &
  exec 3> input
  printf 'the beginning' >&3
  AwaitTemporary
  kill -s "$signal" $!
  wait $! 2> /dev/null || status=$?
  exec 3>&-
  echo "$signal: status $status"
}

for signal in INT TERM HUP XCPU; do
  { Interrupt $signal; } 2> /dev/null
  Files
done

echo "-- an existing file stays"
echo precious > out.nncpp
{ Interrupt TERM -f; } 2> /dev/null
cat out.nncpp
Files
rm out.nncpp

echo "-- in the middle of the work"
env --default-signal=INT "$NNCPP" c -q "$TEST_DATA/alice29.txt" out.nncpp &
AwaitTemporary
kill -s INT $!
status=0
wait $! || status=$?
echo "[status $status]"
Files

echo "-- a signal that the caller ignores"
(
  trap '' HUP
  "$NNCPP" c -q --profile tiny input out.nncpp &
  exec 3> input
  AwaitTemporary
  kill -s HUP $!
  printf 'the beginning, and the end' >&3
  exec 3>&-
  wait $!
  echo "[status $?]"
)
Run d -q out.nncpp -
echo

echo "-- a reader that goes away"
head -c 100000 /dev/zero | "$NNCPP" c -q --profile tiny - zeros.nncpp
env --default-signal=PIPE "$NNCPP" d -q zeros.nncpp - | head -c 1 | od -An -tx1
echo "[status ${PIPESTATUS[0]}]"

echo "-- SIGUSR1 asks for progress"
head -c 30000 "$TEST_DATA/alice29.txt" > text
"$NNCPP" c -q --profile tiny input usr.nncpp 2> usr.log &
exec 3> input
AwaitTemporary
kill -s USR1 $!
cat text >&3
exec 3>&-
wait $!
echo "[status $?]"
sed -E 's/[0-9]([0-9.,]*[0-9])?/N/g; s/, N [kM]B\/s//' usr.log
"$NNCPP" d -q usr.nncpp - | cmp - text && echo same

echo "-- a second signal does not wait for the checkpoint"
env --default-signal=INT,TERM "$NNCPP" c --profile lstm --no-progress \
  --checkpoint ck "$TEST_DATA/alice29.txt" two.nncpp 2> two.log &
until [ -e ck ]; do sleep 0.01; done
for signal in STOP INT TERM CONT; do kill -s $signal $!; done
status=0
wait $! 2> /dev/null || status=$?
echo "[status $status]"
cat two.log
find . -name 'ck*' -o -name 'two.nncpp*' | sort

echo "-- several parts, none of which has its name yet"
env --default-signal=TERM "$NNCPP" c -q --profile tiny --part-size 4 \
  input parts.nncpp &
exec 3> input
printf 'the beginning' >&3
until [ "$(find . -name 'parts.nncpp.*' | wc -l)" -ge 4 ]; do sleep 0.01; done
kill -s TERM $!
status=0
wait $! 2> /dev/null || status=$?
exec 3>&-
echo "[status $status]"
find . -name 'parts*'

echo "-- folders that were made for files"
mkdir inner
head -c 20000 "$TEST_DATA/alice29.txt" > inner/text
"$NNCPP" c -q --no-prep --no-self-check --profile lstm --block-symbols 1024 \
  inner/text two.log in.nncpp
env --default-signal=INT "$NNCPP" d -q in.nncpp out &
until compgen -G 'out/inner/*.part-*' > /dev/null; do
  kill -0 $! 2> /dev/null || break
  sleep 0.01
done
find out -type d | sort
kill -s INT $!
status=0
wait $! 2> /dev/null || status=$?
echo "[status $status]"
find . -name out
