# tests/cli/attributes.sh -- mode and time of modification go with the file.
. "$ROOT/tests/cli/helpers.bash"

Show() { stat -c '%n %a %y' "$@" | sed 's/ +0000$//'; }

echo text > t
chmod 640 t
touch -d '2001-02-03 04:05:06.789 UTC' t
cp -p t before
Run c -q --profile tiny t
chmod 600 t.nncpp
touch -d '2010-11-12 13:14:15.16 UTC' t.nncpp
Run d -q t.nncpp u
Show t t.nncpp u
Same t before

echo "-- an unfinished file is for its owner only"
mkfifo input
"$NNCPP" c -q --profile tiny input piped.nncpp &
exec 3> input
AwaitTemporary
stat -c %a piped.nncpp.part-*
exec 3>&-
wait $!

echo "-- a pipe has neither: the umask decides"
umask 027
"$NNCPP" c -q --profile tiny - umask.nncpp < <(cat t)
stat -c %a umask.nncpp
