#!/usr/bin/env bash
# tests/support/lint.sh -- rules of the house that a pattern can see.
set -uo pipefail
source "$(dirname "$0")/common.sh"
export LC_ALL=C.UTF-8

mapfile -t code < <(find src kernels preproc tests bench -type f \
  \( -name '*.h' -o -name '*.cc' -o -name '*.cu' \) 2> /dev/null | sort)
mapfile -t scripts < <(find tests .ci -type f \
  \( -name '*.sh' -o -path '.ci/run' \) | sort)
mapfile -t product < <(printf '%s\n' "${code[@]}" |
  grep -E '^(src|kernels|preproc)/')
mapfile -t exact < <(printf '%s\n' "${product[@]}" | grep -v '^src/cli/')
mapfile -t tests < <(printf '%s\n' "${code[@]}" |
  grep '^tests/.*_test\.cc$')
mapfile -t headers < <(printf '%s\n' "${code[@]}" | grep '\.h$')
bash_scripts=("${scripts[@]}" Makefile)

# Nothing RULE PATTERN FILE...: no line of the files may match.
Nothing() {
  local rule=$1 pattern=$2
  shift 2
  [ $# -eq 0 ] && return
  if grep -nHE -e "$pattern" "$@"; then Fail "$rule"; else Pass; fi
}

Nothing "a line is longer than 80 columns" '^.{81,}' \
  "${code[@]}" "${bash_scripts[@]}"
Nothing "a line ends in a blank" '[[:blank:]]$' \
  "${code[@]}" "${bash_scripts[@]}"
Nothing "a tab in the code" "$(printf '\t')" "${code[@]}" "${scripts[@]}"
mark="TO""DO|FIX""ME|XX""X:"
Nothing "something is left to do, without an issue's number" \
  "($mark)([^(]|\$)|($mark)\(([^#]|#[^0-9])" \
  "${code[@]}" "${bash_scripts[@]}"

long=0
for file in "${code[@]}" "${bash_scripts[@]}"; do
  lines=$(wc -l < "$file")
  [ "$lines" -le 400 ] || { echo "$file: $lines lines"; long=1; }
done
Check "a file is longer than 400 lines" [ $long -eq 0 ]

unsaid=0
for file in "${code[@]}"; do
  [[ $(head -n 1 "$file") == "// $file -- "* ]] ||
    { echo "$file: begin with \`// $file -- what it is\`"; unsaid=1; }
done
for file in "${scripts[@]}"; do
  [[ $(head -n 2 "$file") == *"# $file -- "* ]] ||
    { echo "$file: begin with \`# $file -- what it is\`"; unsaid=1; }
done
Check "a first line does not say what the file is" [ $unsaid -eq 0 ]

unguarded=0
for file in ${headers[@]+"${headers[@]}"}; do
  grep -q '^#pragma once$' "$file" ||
    { echo "$file: no #pragma once"; unguarded=1; }
done
Check "a header can be included twice" [ $unguarded -eq 0 ]

# The laws of arithmetic, as far as a pattern can see them.
fast="-ffast""-math|-march""=native|-O""fast"
Nothing "a flag that changes arithmetic" "$fast|#pragma.*fast" "${product[@]}"
names='exp|exp2|expm1|log|log2|log10|log1p|tanh|sinh|cosh|pow|sin|cos|tan|cbrt'
rounders='round|lround|llround|rint|lrint|nearbyint|fmin|fmax|remainder'
Nothing "a function of libm whose bits are nobody's promise" \
  "\bstd::($names|$rounders)\(|\b($names|$rounders)f\(" "${exact[@]}"
Nothing "an order or a number that libraries are free to choose" \
  'std::(shuffle|unordered_|random_device|mt19937)|_distribution\b|\brand\(' \
  "${exact[@]}"
Nothing "assert vanishes from release builds; use NNCPP_CHECK" \
  '(^|[^_[:alnum:]])assert\(|<cassert>' "${product[@]}"
Nothing "only main ends the process" '\b(std::)?_?exit\(|quick_exit' \
  "${exact[@]}"
Nothing "a clock or an unseeded generator in a test" \
  'sleep_for|usleep\(|random_device|system_clock|srand\(' \
  ${tests[@]+"${tests[@]}"}

# The top level is given: nothing else may settle there.
settled='Makefile|src|kernels|preproc|tests|bench|docs|build|shared'
settled="$settled|README\.md|LICENSE|CHANGELOG\.md"
strays=$(find . -mindepth 1 -maxdepth 1 ! -name '.*' | sed 's|^\./||' |
  grep -vxE "$settled")
[ -z "$strays" ] || echo "$strays"
Check "the top level holds something else" [ -z "$strays" ]

# What was released is read for ever.
frozen=tests/golden/frozen
(cd tests/golden && sha256sum --quiet -c frozen) &&
  [ "$(cut -c 67- $frozen | sort)" = \
    "$(cd tests/golden && ls -- *.orig *.nncpp*)" ]
Check "a golden archive is not as it was, or not in $frozen" [ $? -eq 0 ]

# Warnings of the builds so far; the compiler's words lie beside the objects.
warned=0
while IFS= read -r warning; do
  source=${warning#build/*/obj/}
  source=${source%.o.warn}
  compgen -G "$source.c[cu]" > /dev/null ||
    compgen -G "${source%.*}.c[cu]" > /dev/null || continue
  cat "$warning"
  warned=1
done < <(find build -name '*.warn' -size +0 2> /dev/null | sort)
Check "the compiler warned" [ $warned -eq 0 ]

if command -v shellcheck > /dev/null; then
  Check "shellcheck" shellcheck -s bash -S warning -e SC2120,SC2154 \
    "${scripts[@]}"
fi
Summary
