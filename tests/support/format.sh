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
for file in "${files[@]}"; do
  Check "$file: run make format" "$tool" --dry-run -Werror "$file"
done
Summary
