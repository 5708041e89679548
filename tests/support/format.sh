#!/usr/bin/env bash
# tests/support/format.sh -- `check` or `fix` the layout with clang-format.
set -uo pipefail
source "$(dirname "$0")/common.sh"

tool=$(command -v clang-format-14 || command -v clang-format || true)
if [ -z "$tool" ]; then
  Skip "clang-format is not installed (make deps)"
  Summary
  exit
fi
mapfile -t files < <(find src kernels preproc tests bench \
  \( -name '*.h' -o -name '*.cc' -o -name '*.cu' \) 2> /dev/null | sort)
if [ "$1" = fix ]; then
  "$tool" -i "${files[@]}"
  exit
fi
MakeTemporary
printf '%s\0' "${files[@]}" |
  xargs -0 -n 16 -P "$(Jobs)" "$tool" --dry-run -Werror 2> "$temporary/words"
status=$?
cat "$temporary/words"
mapfile -t wrong < <(sed -n 's/^\([^: ]*\):[0-9]*:[0-9]*: error: .*/\1/p' \
  "$temporary/words" | sort -u)
Pass $((${#files[@]} - ${#wrong[@]}))
for file in ${wrong[@]+"${wrong[@]}"}; do
  Fail "$file: run make format"
done
[ $status -eq 0 ] || [ ${#wrong[@]} -gt 0 ] || Fail "$tool: status $status"
Summary
