#!/usr/bin/env bash
# tests/support/run_cli_tests.sh -- the shell scripts of tests/cli.
#
# run_cli_tests.sh [--rewrite] PROGRAM [NAME...]
#
# Each tests/cli/NAME.sh runs under bash in an empty folder of its own. It sees
# NNCPP (the program; also on PATH as nncpp), TEST_DATA (tests/data) and ROOT
# (the project). What it prints on both outputs, and ` [status N]` when it ends
# with another status than 0, must equal NAME.out; `--rewrite` stores it there.
# A script that ends with status 77 is skipped; its last line says why.
set -uo pipefail
source "$(dirname "$0")/common.sh"

if [ "${1:-}" = --one ]; then  # NAME, in the folder that is to be its own
  cd "$3" || exit 1
  export HOME=$3 TMPDIR=$3 LC_ALL=C.UTF-8 TZ=UTC
  timeout "${CLI_TEST_SECONDS:-300}" bash "$2" < /dev/null > "$3.log" 2>&1
  status=$?
  [ $status -eq 0 ] || echo " [status $status]" >> "$3.log"
  echo $status > "$3.status"
  exit 0
fi

rewrite=no
if [ "${1:-}" = --rewrite ]; then
  rewrite=yes
  shift
fi
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
self=$ROOT/tests/support/run_cli_tests.sh
program=$1
shift
if [ ! -x "$program" ]; then
  Fail "$program was not built"
  Summary
  exit 1
fi
NNCPP=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")
TEST_DATA=$ROOT/tests/data
export ROOT NNCPP TEST_DATA

MakeTemporary
mkdir "$temporary/bin"
ln -s "$NNCPP" "$temporary/bin/nncpp"
PATH=$temporary/bin:$PATH
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for script in "$ROOT"/tests/cli/*.sh; do
    [ -e "$script" ] && names+=("$(basename "$script" .sh)")
  done
fi

for name in ${names[@]+"${names[@]}"}; do
  mkdir "$temporary/$name"
  printf '%s\0' "$ROOT/tests/cli/$name.sh" "$temporary/$name"
done | xargs -0 -r -n 2 -P "$(Jobs)" bash "$self" --one

for name in ${names[@]+"${names[@]}"}; do
  expected=$ROOT/tests/cli/$name.out
  log=$temporary/$name.log
  if [ "$(cat "$temporary/$name.status" 2> /dev/null)" = 77 ]; then
    Skip "$name: $(tail -n 2 "$log" | head -n 1)"
  elif [ $rewrite = yes ]; then
    cmp -s "$log" "$expected" || echo "rewritten: tests/cli/$name.out"
    cp "$log" "$expected"
    Pass
  elif [ ! -e "$expected" ]; then
    cat "$log"
    Fail "tests/cli/$name.out is missing; make cli-rewrite writes it"
  elif diff -u --label expected --label printed "$expected" "$log"; then
    Pass
  else
    Fail "tests/cli/$name.sh"
  fi
done
Summary
