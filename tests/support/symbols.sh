#!/usr/bin/env bash
# tests/support/symbols.sh -- what the objects and programs of build/ define.
#
# An object compiled for AVX2 or AVX-512 may define its own tables and nothing
# that the linker could merge with a generic twin: an inline function left
# there would run on machines that lack the instructions. And no program may
# hold the start-up code that turns denormals off.
set -uo pipefail
source "$(dirname "$0")/common.sh"

# Leaks FORM OBJECT: weak symbols, and those others see that do not name FORM.
Leaks() {
  nm -C --defined-only --extern-only "$2" 2> /dev/null |
    grep -E '^[0-9a-f]+ ' |
    grep -vE " [ABCDGRST] .*$1|DW\.ref\.|__odr_asan|asan\.module" |
    sed "s|^|$2: |"
}

while IFS= read -r object; do
  form=${object%.o}
  leaks=$(Leaks "${form##*.}" "$object")
  [ -z "$leaks" ] || echo "$leaks"
  Check "$object defines more than its tables" [ -z "$leaks" ]
done < <(find build -name '*_simd.Avx*.o' 2> /dev/null | sort)

# The check sees what it should see.
MakeTemporary
if "${CXX:-g++}" -x c++ -O3 -c -o "$temporary/leak.o" - << 'CODE'
extern const int kSumAvx2 = 3;
inline int __attribute__((noinline)) Leak(int x) { return x + 1; }
int (*kLeakAvx2)(int) = &Leak;
CODE
then
  Check "a leaked inline function was not seen" \
    [ "$(Leaks Avx2 "$temporary/leak.o" | grep -c .)" = 1 ]
fi

for program in build/nncpp build/*/nncpp; do
  [ -x "$program" ] || continue
  Refuse "$program starts with set_fast_math; -Ofast reached the linker" \
    grep -q 'set_fast_math' <(nm "$program" 2> /dev/null)
done
Summary
