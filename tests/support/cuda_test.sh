#!/usr/bin/env bash
# tests/support/cuda_test.sh -- the CUDA backend compiles, links and loads.
set -uo pipefail
source "$(dirname "$0")/common.sh"
MakeTemporary

if ! command -v "${NVCC:-nvcc}" > /dev/null; then
  Skip "there is no nvcc: the CUDA backend was not compiled"
  Summary
  exit
fi
make=("${MAKE:-make}" --no-print-directory CUDA=1 CUDA_ARCHS=90)

"${make[@]}" -n -B cuda gpu-bench gpu-bench-lstm 2>&1 |
  sed -e ':a' -e '/\\$/N; s/\\\n//; ta' |
  grep -E 'nvcc.* (-c|-o [^ ]*bench[_a-z]*) ' > "$temporary/commands"
Check "no nvcc line seen" [ -s "$temporary/commands" ]
for flag in -fmad=false -ftz=false -prec-div=true -prec-sqrt=true; do
  Refuse "an nvcc line without $flag" \
    grep -v -e " $flag" "$temporary/commands"
done
Check "wgmma is not compiled for sm_90a" \
  grep -q 'code=sm_90a .*_wgmma\.cu ' "$temporary/commands"

"${make[@]}" cuda gpu-tests gpu-bench gpu-bench-lstm \
  > "$temporary/build" 2>&1
status=$?
[ $status -eq 0 ] || tail -n 30 "$temporary/build"
Check "the CUDA backend does not build" [ $status -eq 0 ]
library=build/libnncpp_cuda.so
Check "it exports more than its interface" [ "$(nm -D --defined-only \
  "$library" | grep -c Nncpp)" = 2 ]

# What the program itself links, and what it says where there is no GPU.
"${make[@]}" all > /dev/null 2>&1
Refuse "the program links a library of NVIDIA's" \
  grep -qiE 'cuda|cublas|cudnn|nvidia' <(ldd build/nncpp)
head -c 300 tests/data/alice29.txt > "$temporary/text"
program=(build/nncpp c -q --profile tiny "$temporary/text")
Check "--device auto" "${program[@]}" --device auto "$temporary/auto"
Check "--device cpu" "${program[@]}" --device cpu "$temporary/cpu"
Check "auto makes another archive" cmp "$temporary/auto" "$temporary/cpu"
"${program[@]}" --device cuda "$temporary/cuda" 2> "$temporary/words"
status=$?
if [ $status -eq 0 ]; then
  Check "the GPU makes another archive" cmp "$temporary/cuda" "$temporary/cpu"
else
  cat "$temporary/words"
  Check "no GPU, and status $status" [ $status -eq 1 ]
  Check "no GPU, and not one line that says so" \
    grep -qx 'nncpp: .*GPU.*; .*' "$temporary/words"
  Skip "no GPU here: the kernels ran emulated only"
fi
NNCPP_CUDA_WGMMA=no "${program[@]}" --device cuda "$temporary/none" \
  2> "$temporary/words"
Check "a wrong word for wgmma is not refused" \
  grep -q "NNCPP_CUDA_WGMMA: there is no way 'no'" "$temporary/words"
Refuse "there is no GPU 99" "${program[@]}" --device cuda:99 \
  "$temporary/none" 2> /dev/null
Summary
