#!/usr/bin/env bash
# tests/support/gpu_sanitizer.sh -- a program under compute-sanitizer.
#
# gpu_sanitizer.sh TOOL SECONDS PROGRAM ARGUMENT...  What the tool finds is a
# failure; where it cannot watch, or not to the end, that is skipped. LOCK is a
# file that whoever uses the GPU holds with flock.
set -uo pipefail
source "$(dirname "$0")/common.sh"
MakeTemporary
tool=$1 seconds=$2
shift 2
log=$temporary/log
longest_wait=30

sanitizer=$(command -v compute-sanitizer ||
  FirstFile /usr/local/cuda/bin/compute-sanitizer)
if [ -z "$sanitizer" ]; then
  Skip "$tool: there is no compute-sanitizer"
  Summary
  exit
fi
if [ -n "${LOCK:-}" ] && command -v flock > /dev/null; then
  exec 9> "$LOCK"
  if ! flock -w "$longest_wait" 9; then
    Skip "$tool: the GPU is in use"
    Summary
    exit
  fi
fi
timeout -k 5 "$seconds" "$sanitizer" --tool "$tool" --error-exitcode 99 "$@" \
  > "$log" 2>&1 9>&-
status=$?
exec 9>&-

# Its own words, which begin with =========. The summary comes where it watched
# to the end.
finding='Invalid|Misaligned|Program hit|Barrier error|Error: (Race|Potential)'
no_device='to (cuInit|cudaGetDeviceCount|cudaSetDevice)'
unable='Internal Sanitizer Error|[Dd]evice (is )?not supported|[Ii]njection'
unable="$unable|before first instrumented|[Nn]o attachable process|$no_device"
unable="$unable|Error: ([Uu]nable|[Ff]ailed|[Cc]annot|[Cc]ould not) "
if grep -E "^=+ +($finding)" "$log" | grep -qvE "$no_device"; then
  tail -n 20 "$log"
  Fail "$tool finds something"
elif why=$(grep -m 1 -E "^=+ .*($unable)" "$log"); then
  Skip "$tool cannot watch: ${why##*= }"
elif [ $status -eq 124 ] || [ $status -eq 137 ]; then
  Skip "$tool: not done after $seconds s"
elif ! grep -qE '^=+ .*SUMMARY: ' "$log"; then
  Skip "$tool did not watch: status $status: $(tail -n 1 "$log")"
elif [ $status -eq 0 ]; then
  Pass
else
  tail -n 20 "$log"
  Fail "$tool: status $status"
fi
Summary
