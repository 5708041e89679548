# tests/cli/helpers.bash -- sourced by the tests of the command line.
#
# Times are never printed; -q or Untimed keeps them out.

# The program on one thread, unless -T says otherwise: tests run side by side,
# and threads that wait for each other on busy cores are slow.
program=$NNCPP
wrapped=$(mktemp -d "$PWD/../single-XXXXXX")
trap 'rm -rf "$wrapped"' EXIT
NNCPP=$wrapped/nncpp
printf '#!/bin/sh\nexec "%s" -T1 "$@"\n' "$program" > "$NNCPP"
chmod +x "$NNCPP"

# Run ARGUMENTS...: shows the command, what it prints, and its exit status.
Run() {
  local status=0
  echo "\$ nncpp $*"
  "$NNCPP" "$@" || status=$?
  [ $status -eq 0 ] || echo "[status $status]"
}

# Replaces what differs from run to run in a summary line.
Untimed() { sed -E 's/[0-9.]+ s, [0-9.]+ [kM]B\/s/TIME/'; }

# Everything in this folder, temporaries included.
Files() {
  echo "files: $(find . -mindepth 1 ! -name '*.log' -printf '%f\n' |
    sort | tr '\n' ' ')"
}

# Same FILE FILE: says whether two files are equal.
Same() { if cmp -s "$1" "$2"; then echo "same"; else echo "DIFFERENT"; fi; }

# Waits until the job last started has opened its output, or has ended.
AwaitTemporary() {
  until compgen -G '*.part-*' > /dev/null; do
    kill -0 $! 2> /dev/null || return 1
    sleep 0.01
  done
}
