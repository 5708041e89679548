# tests/support/common.sh -- sourced by the checks: counting and temporaries.
# shellcheck shell=bash disable=SC2119,SC2120
#
# Every check ends by calling Summary, whose last line tally.sh reads.

passed=0
failed=0
skipped=0

Pass() { passed=$((passed + ${1:-1})); }
Fail() {
  failed=$((failed + 1))
  echo "FAILED: $*"
}
Skip() {
  skipped=$((skipped + 1))
  echo "skipped: $*"
}

# Check NAME COMMAND...: passes when the command succeeds.
Check() {
  local name=$1
  shift
  if "$@"; then Pass; else Fail "$name"; fi
}

# Refuse NAME COMMAND...: passes when the command fails.
Refuse() {
  local name=$1
  shift
  if "$@"; then Fail "$name"; else Pass; fi
}

Summary() {
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}

# A folder that is gone when the script ends.
MakeTemporary() {
  temporary=$(mktemp -d "${TMPDIR:-/tmp}/nncpp-test-XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
}

# The first of FILE... that exists; fails if none does.
FirstFile() {
  local file
  for file in "$@"; do
    [ -f "$file" ] && { echo "$file"; return; }
  done
  return 1
}

Jobs() { nproc 2> /dev/null || echo 2; }

# The names of NNCPP_CPU that this machine can run.
CpuForms() {
  echo scalar
  [ "$(uname -m)" = x86_64 ] || return 0
  local flags
  flags=" $(grep -m1 '^flags' /proc/cpuinfo || true) "
  [[ $flags = *" avx2 "* ]] && echo avx2
  local needed
  for needed in avx512f avx512bw avx512dq avx512vl avx512_vnni; do
    [[ $flags = *" $needed "* ]] || return 0
  done
  echo avx512
}
