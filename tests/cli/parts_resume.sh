# tests/cli/parts_resume.sh -- sets of parts that are made and opened in turns.
. "$ROOT/tests/cli/helpers.bash"

head -c 3000 "$TEST_DATA/alice29.txt" > text
options=(-q --no-prep --profile tiny)
"$NNCPP" c "${options[@]}" --parts 3 text whole.nncpp

echo "-- a part at a time, the finished ones elsewhere"
mkdir elsewhere
Run c "${options[@]}" --parts 3 --one-part --checkpoint ck text a.nncpp
Files
mv a.nncpp.001 elsewhere
Run c -q --resume --parts 3 --one-part --checkpoint ck text a.nncpp
Files
mv a.nncpp.002 elsewhere
NNCPP_CPU=scalar Run c -q --resume --parts 3 --checkpoint ck text a.nncpp
mv elsewhere/* .
rmdir elsewhere
Files
for part in 1 2 3; do Same a.nncpp.00$part whole.nncpp.00$part; done
rm a.nncpp.*

echo "-- what does not fit the checkpoint"
"$NNCPP" c "${options[@]}" --parts 3 --one-part --checkpoint ck text a.nncpp
Run c --resume --checkpoint ck text a.nncpp
Run c --resume --parts 2 --checkpoint ck text a.nncpp
Run c --resume --parts 3 --independent --checkpoint ck text a.nncpp
tr a-z A-Z < text > TEXT
Run c --resume --parts 3 --checkpoint ck TEXT a.nncpp
Run c -q --resume --part-size 1000 --checkpoint ck text a.nncpp
for part in 1 2 3; do Same a.nncpp.00$part whole.nncpp.00$part; done
Files
rm a.nncpp.* TEXT

echo "-- independent parts in turns"
"$NNCPP" c "${options[@]}" --parts 3 --independent text own.nncpp
rest=(--no-prep --parts 3 --independent --checkpoint ck text i.nncpp)
"$NNCPP" c "${options[@]}" --one-part "${rest[@]}"
"$NNCPP" c -q --resume --one-part "${rest[@]}"
"$NNCPP" c -q --resume "${rest[@]}"
for part in 1 2 3; do Same i.nncpp.00$part own.nncpp.00$part; done
rm i.nncpp.* own.nncpp.*

echo "-- a signal in the second part"
mkfifo pipe
"$NNCPP" c "${options[@]}" --part-size 1000 text sized.nncpp
env --default-signal=TERM "$NNCPP" c "${options[@]}" --part-size 1000 \
  --checkpoint ck --checkpoint-every 1 pipe s.nncpp &
exec 3> pipe
head -c 1500 text >&3
until [ -e s.nncpp.001 ]; do sleep 0.01; done
kill -s TERM $!
wait $! 2> log
echo "[status $?]"
exec 3>&-
Files
Run c -q --resume --part-size 1000 --checkpoint ck - s.nncpp < <(cat text)
Run d -q s.nncpp back
Same text back
rm back s.nncpp.* sized.nncpp.* pipe

echo "-- decompressing, from the checkpoint and the later parts alone"
rm whole.nncpp.*
head -c 15000 "$TEST_DATA/alice29.txt" > text
"$NNCPP" c -q --no-prep --no-self-check --profile lstm --ngram-bits 12 \
  --parts 3 text l.nncpp
env --default-signal=TERM "$NNCPP" d -q --checkpoint ck \
  --checkpoint-every 1e-6s l.nncpp back &
until [ "$(stat -c %s back.part 2> /dev/null || echo 0)" -ge 10000 ]; do
  sleep 0.01
done
kill -s TERM $!
wait $! 2> log
echo "[status $?]"
rm l.nncpp.001
Files
Run d -q --checkpoint ck --resume l.nncpp back
Same text back
Files
