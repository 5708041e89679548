# tests/cli/names.sh -- default names, and names that look like something else.
. "$ROOT/tests/cli/helpers.bash"

mkdir folder
echo text > folder/t
Run c -q --profile tiny folder/t
rm folder/t
Run d -q folder/t.nncpp
cat folder/t

echo "-- files called like commands and options"
echo one > t
echo two > c
echo three > -x
echo four > '[a]'
Run c -q --profile tiny t
Run c -q --profile tiny c
Run c -q --profile tiny -- -x
Run c -q --profile tiny '[a]'
Run -q --profile tiny c c d
Run c --quiet --profile=tiny ./-x d
Run t -- -x.nncpp
Run d -q -- -x.nncpp -
Run d -q '[a].nncpp' -
mkdir .nncpp
Run d -q .nncpp
Run d -q folder/.nncpp
Files

echo "-- standard streams by their names in /dev"
echo text | "$NNCPP" c -q --profile tiny /dev/stdin /dev/stdout > dev.nncpp
Run d -q dev.nncpp -
