# tests/cli/options.sh -- what the options change, and what they must not.
. "$ROOT/tests/cli/helpers.bash"

head -c 4000 "$TEST_DATA/alice29.txt" > text
"$NNCPP" c -q --profile tiny text
echo "-- the same bytes"
for options in '--threads 1' '--self-check' '--no-self-check' '-v' \
  '--no-progress' '-M 4GiB' '--profile nosuch --profile tiny'; do
  # shellcheck disable=SC2086
  "$NNCPP" c -q --profile tiny $options text - | cmp - text.nncpp &&
    echo "$options: same"
done
head -c 500 text > short
"$NNCPP" c -q --profile tiny short
for threads in 0 2 3; do
  "$NNCPP" c -q --profile tiny -T $threads short - | cmp - short.nncpp &&
    "$NNCPP" d -q -T $threads short.nncpp - | cmp - short &&
    echo "$threads threads: same"
done
echo "-- other bytes"
for options in '--clip 0.5' '--cells 31' '--learning-rate 0.01'; do
  # shellcheck disable=SC2086
  "$NNCPP" c -q --profile tiny $options text other.nncpp
  cmp -s text.nncpp other.nncpp || echo "$options: other bytes"
  "$NNCPP" d -q other.nncpp - | cmp - text
  rm other.nncpp
done
echo "-- options win over the profile, wherever they stand"
"$NNCPP" c -q --cells 31 text a.nncpp --profile tiny
"$NNCPP" l a.nncpp | grep cells

echo "-- what is no English has a larger net at the default level alone"
tr 'a-z' 'n-za-m' < text | head -c 300 > rotated
head -c 300 text > plain
for options in '' '--profile default' '-5' '-4' '-5 --layers 1'; do
  for file in plain rotated; do
    # shellcheck disable=SC2086
    "$NNCPP" c -qf $options $file a.nncpp
    "$NNCPP" d -q a.nncpp - | cmp - $file
    echo "c $options $file: $("$NNCPP" l a.nncpp | grep cells)"
  done
done
cmp <("$NNCPP" c -q rotated -) <("$NNCPP" c -q - < rotated) && echo same
rm plain rotated a.nncpp

echo "-- a level stands anywhere"
head -c 300 text > brief
"$NNCPP" c -q --profile 1 brief
for order in '-1 c -q brief -' 'c -1 -q brief -' 'c -q brief -1 -' \
  'c -q brief - -1'; do
  # shellcheck disable=SC2086
  "$NNCPP" $order | cmp - brief.nncpp && echo "$order: same"
done
echo "-- the last level or profile counts"
for order in '-9 c -1 brief -' 'c -9 -1 brief -' 'c --profile 9 brief - -1' \
  'c -1 --profile 9 --profile 1 brief -' '-9 c brief - --profile 1'; do
  # shellcheck disable=SC2086
  "$NNCPP" -q $order | cmp - brief.nncpp && echo "$order: same"
done
Run d -1 brief.nncpp out
Run t brief.nncpp -9

echo "-- what is said"
Run c -f --profile tiny text 2>&1 | Untimed |
  sed -E 's/> [0-9,]+ bytes, [0-9.]+/> N bytes, N/'
Run c -fv --profile tiny text 2>&1 |
  grep -E '^(cells|memory needed|self-check):' | sed -E 's/[0-9,]{5,}/N/'
"$NNCPP" c -v --profile tiny text - 2> said | cmp - text.nncpp && echo "same"
grep '^time needed:' said | sed -E 's/ (about|less) .*/ TIME/'
# shellcheck disable=SC2002
cat text | "$NNCPP" c -v --profile tiny - 2>&1 > piped | grep '^speed:' |
  sed 's/ about .*/ SPEED/'
for command in t 'd -f'; do
  # shellcheck disable=SC2086
  "$NNCPP" $command -v text.nncpp 2>&1 | grep -c '^time needed:'
  "$NNCPP" $command -v - < piped 2>&1 | grep -ac '^speed:'
done
Run c -fv --no-self-check --profile tiny text 2>&1 | grep ^self-check
Run d -fv text.nncpp 2>&1 | grep -E '^cells|^text' | Untimed |
  sed -E 's/ [0-9,]+ -> 4,000 bytes, [0-9.]+/ N -> 4,000 bytes, N/'
Run c -fqv --profile tiny text

echo "-- too little memory is refused before any work"
Run c -qf -M 1k --profile tiny text 2>&1 | sed -E 's/[0-9,.]{4,}/N/g'
Run d -q -M 1k text.nncpp u 2>&1 | sed -E 's/[0-9,.]{4,}/N/g'
(ulimit -s 192; Run c -q --profile tiny text u; Run l text.nncpp | grep ^file)
Run l -M 1G text.nncpp
Run prep train -M 1G text u
Files

echo "-- limits of what is decoded"
head -c 300 "$TEST_DATA/alice29.txt" > limited
"$NNCPP" c -q --profile tiny limited
Run d -q --max-output 299 limited.nncpp out
Run t -q --max-output 0 limited.nncpp
Run d -q --max-output 0.3k limited.nncpp out
Same limited out
Run d --max-output much limited.nncpp out
Run c --max-output 1 limited out
Run l --max-output 1 limited.nncpp
