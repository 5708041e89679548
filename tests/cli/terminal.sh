# tests/cli/terminal.sh -- no archive on a terminal; progress only there.
if ! command -v script > /dev/null; then
  echo "script(1) is not installed"
  exit 77
fi
. "$ROOT/tests/cli/helpers.bash"

# OnTerminal COMMAND: everything connected to a terminal of its own.
OnTerminal() {
  script -qec "$1" /dev/null < /dev/null | tr -d '\r'
  echo "[status ${PIPESTATUS[0]}]"
}

head -c 3000 "$TEST_DATA/alice29.txt" > text
printf 'a\033[2Jb' > binary
echo plain > plain
for name in text binary plain; do
  "$NNCPP" c -q --profile tiny $name
done

OnTerminal "'$NNCPP' c -q --profile tiny plain -"
for command in d t l; do
  OnTerminal "'$NNCPP' $command -"
done
OnTerminal "'$NNCPP' d -q plain.nncpp -"
OnTerminal "'$NNCPP' d -q binary.nncpp -"
OnTerminal "'$NNCPP' d -qf binary.nncpp -" | od -An -c | head -n 1

echo "-- a progress line, and how to be rid of it"
for options in '' -q --no-progress; do
  echo "options: $options"
  OnTerminal "'$NNCPP' t $options text.nncpp" |
    sed -E 's/\x1b\[K/\n/g' | grep -qE '^text.nncpp: [0-9.]+ %, ' &&
    echo "a line of progress"
done
echo "-- what a run will need, where it is not over at once"
OnTerminal "cat text | '$NNCPP' c --profile tiny - > out" |
  sed -E 's/\x1b\[K/\n/g; s/[0-9,.]+ (bytes|kB|MB)/N \1/g' | grep -a needs
OnTerminal "'$NNCPP' c -f --profile tiny text" | grep -ac needs
echo "not on a terminal:"
"$NNCPP" t text.nncpp 2>&1
