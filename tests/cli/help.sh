# tests/cli/help.sh -- help and version, asked for in every way.
. "$ROOT/tests/cli/helpers.bash"

"$NNCPP" help > help.txt
sed -n '1,19p' help.txt
for form in --help -h 'c --help' 'd -h' 'help compress' 'help l' \
  'help help'; do
  # shellcheck disable=SC2086
  "$NNCPP" $form | cmp - help.txt && echo "$form: the same text"
done
"$NNCPP" help all > all.txt
"$NNCPP" --help-all | cmp - all.txt && echo "--help-all: the same as help all"
grep -c -e '^      --[a-z-]* N$' all.txt | sed 's/^[1-9][0-9]*$/many options/'
awk 'length > 80 { print "too long: " $0 }' help.txt all.txt

"$NNCPP" --version | sed -E 's/[0-9]+/N/g'
"$NNCPP" -V | cmp - <("$NNCPP" c --version) && echo "-V: the same"
