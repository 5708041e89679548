#!/usr/bin/env bash
# tests/support/symbols.sh -- what the objects and programs of build/ define.
#
# An object compiled for AVX2 or AVX-512 may define its own tables and nothing
# that the linker could merge with a generic twin: an inline function left
# there would run on machines that lack the instructions. And no program may
# hold the start-up code that turns denormals off.
set -uo pipefail
source "$(dirname "$0")/common.sh"

# Externals FORM OBJECT: symbols others can see that do not name their form.
Externals() {
  nm -C --defined-only --extern-only "$2" 2> /dev/null |
    grep -vE " [A-Z] .*$1|DW\.ref\.|__odr_asan|asan\.module" |
    grep -E '^[0-9a-f]+ ' | sed "s|^|$2: |"
}

while IFS= read -r object; do
  for form in Avx2 Avx512; do
    [[ $object == *."$form".o ]] || continue
    leaks=$(Externals "$form" "$object"
      nm -C "$object" 2> /dev/null | grep -E '^[0-9a-f]+ [WVu] ' |
        grep -vE 'DW\.ref\.' | sed "s|^|$object: weak |")
    [ -z "$leaks" ] || echo "$leaks"
    Check "$object defines more than its tables" [ -z "$leaks" ]
  done
done < <(find build -name '*_simd.Avx*.o' 2> /dev/null | sort)

for program in build/nncpp build/*/nncpp; do
  [ -x "$program" ] || continue
  Refuse "$program starts with set_fast_math; -Ofast reached the linker" \
    grep -q 'set_fast_math' <(nm "$program" 2> /dev/null)
done
Summary
