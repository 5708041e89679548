# tests/cli/streams.sh -- deflated streams are inflated, where there are any.
. "$ROOT/tests/cli/helpers.bash"

head -c 9000 "$TEST_DATA/alice29.txt" > text
gzip -9nc text > text.gz
Run c -q -2 --no-primer text.gz
Run d -q text.gz.nncpp back
Same back text.gz
Run c -q -2 --no-prep text.gz without
Run d -q without again
Same again text.gz
[ $(($(stat -c %s text.gz.nncpp) * 5)) -lt $(($(stat -c %s without) * 4)) ] &&
  echo smaller
Run c -q -2 --no-primer - piped < text.gz
"$NNCPP" d -q piped - | cmp - text.gz && echo same

echo "-- the net of English"
Run c -q --no-primer text.gz default
Run l default | grep '^layers\|^cells\|^model'

echo "-- several files"
cp text other
Run c -q -2 --no-primer text.gz other several
Run d -q several folder
Same folder/text.gz text.gz
Same folder/other other
