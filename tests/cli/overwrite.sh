# tests/cli/overwrite.sh -- existing files are not touched, unless forced.
. "$ROOT/tests/cli/helpers.bash"

echo text > t
echo precious > precious
Run c -q --profile tiny t precious
cat precious
Run c -q --profile tiny t
Run c -q --profile tiny t
Run d -q t.nncpp
Run d -q t.nncpp precious
cat precious
Run d -q -f t.nncpp precious
cat precious

echo "-- the input is never the output"
Run c -qf --profile tiny t t
Run c -qf --profile tiny t ./t
ln t hard
ln -s t soft
Run c -qf --profile tiny t hard
Run c -qf --profile tiny t soft
Run c -qf --profile tiny - t < t
"$NNCPP" c -qf --profile tiny - < t 1<> t
echo "[status $?]"
cat t

echo "-- a failure leaves what was there"
echo garbage > garbage.nncpp
Run d -qf garbage.nncpp precious
cat precious
ln -s nowhere dangling
Run c -q --profile tiny t dangling
Run c -q --profile tiny t /dev/null
Run c -qf --profile tiny t /dev/null
Files
