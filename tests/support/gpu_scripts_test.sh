#!/usr/bin/env bash
# tests/support/gpu_scripts_test.sh -- what the scripts for a GPU count.
#
# Stand-ins take the places of the program and of compute-sanitizer.
set -uo pipefail
source "$(dirname "$0")/common.sh"
here=$(dirname "$0")
MakeTemporary
PATH=$temporary:$PATH

# Ends COUNTS NAME COMMAND...: the last line of the command is COUNTS.
Ends() {
  local counts=$1 name=$2
  shift 2
  "$@" > "$temporary/said" 2>&1
  [ "$(tail -n 1 "$temporary/said")" = "$counts" ] && { Pass; return; }
  cat "$temporary/said"
  Fail "$name: not $counts"
}

# ---- the first that exists, in the order given

touch "$temporary/b"
Check "FirstFile" \
  [ "$(FirstFile "$temporary/c" "$temporary/b" "$here/common.sh")" \
    = "$temporary/b" ]
Refuse "FirstFile of none" FirstFile "$temporary/c"

# ---- compute-sanitizer prints WORDS and ends with STATUS

cat > "$temporary/compute-sanitizer" << 'END'
#!/bin/sh
echo "========= COMPUTE-SANITIZER"
printf '%b' "$WORDS"
exit "$STATUS"
END
chmod +x "$temporary/compute-sanitizer"

# Judged COUNTS STATUS WORDS
Judged() {
  STATUS=$2 WORDS=$3 LOCK=$temporary/lock Ends "$1" "sanitizer: $3" \
    "$here/gpu_sanitizer.sh" memcheck 20 true
}
pass='1 passed, 0 failed, 0 skipped'
fail='0 passed, 1 failed, 0 skipped'
skip='0 passed, 0 failed, 1 skipped'
none='========= ERROR SUMMARY: 0 errors\n'
one='========= ERROR SUMMARY: 1 error\n'
Judged "$pass" 0 "$none"
Judged "$pass" 0 '========= RACECHECK SUMMARY: 0 hazards displayed\n'
Judged "$fail" 99 "========= Invalid __global__ write of size 4 bytes\n$one"
Judged "$fail" 124 '========= Invalid __global__ read of size 4 bytes\n'
Judged "$fail" 99 "========= Error: Race reported between Write access\n$one"
Judged "$fail" 1 "FAILED: a product\n$none"
Judged "$skip" 124 ''
Judged "$skip" 0 'no injection\n'
Judged "$skip" 1 "========= Internal Sanitizer Error: no profiling\n$one"
Judged "$skip" 255 'Unable to find injection library\n'
Judged "$skip" 99 "========= Error: Device not supported\n$one"
Judged "$skip" 99 \
  "========= Program hit CUDA_ERROR_NO_DEVICE on CUDA API call to cuInit\n$one"

# ---- the program copies; the profile `slow` takes longer than there is time

cat > "$temporary/program" << 'END'
#!/usr/bin/env bash
case $1 in
  help) printf -- '--profile NAME\n  fast\n  slow\n' ;;
  l) echo '"stored_blocks": 0' ;;
  *)
    if [[ " $* " = *" --profile slow "* ]]; then
      echo $$ >> "$(dirname "$0")/slow"
      exec sleep 60
    fi
    cp "${@: -5:1}" "${@: -4:1}" ;;
esac
END
chmod +x "$temporary/program"
Archives() {
  "$here/gpu_archives.sh" "$temporary/program" "$here/common.sh" cuda "$@"
}

# Whether no `slow` is left.
AllGone() {
  local pid
  for pid in $(cat "$temporary/slow"); do
    for _ in {1..50}; do
      kill -0 "$pid" 2> /dev/null || break
      sleep 0.1
    done
    kill -0 "$pid" 2> /dev/null && return 1
  done
  [ -s "$temporary/slow" ]
}

export PROFILES=$'fast 100\nslow 100'
Ends '10 passed, 0 failed, 2 skipped' "archives with an end" Archives 60 2
Check "a program went on after the end" AllGone
Ends '0 passed, 0 failed, 2 skipped' "archives without time" Archives 60 0
Ends '10 passed, 2 failed, 0 skipped' "archives of a slow program" Archives 1
rm "$temporary/slow"
timeout 1 "$here/gpu_archives.sh" "$temporary/program" "$here/common.sh" cuda \
  > /dev/null 2>&1
Check "a program outlives its script" AllGone
Summary
