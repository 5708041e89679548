#!/usr/bin/env bash
# tests/support/gpu_check.sh -- all that needs a GPU, in under eight minutes.
#
# Builds for the GPU found; every kernel beside the CPU, by bits; archives made
# on the one and opened on the other; compute-sanitizer; measurements in
# markdown. Needs nvcc and a C++ compiler. The program is built if its
# libraries are here, else build/nncpp is used as it came (make gpu-bundle).
set -uo pipefail
source "$(dirname "$0")/common.sh"
MakeTemporary
export NNCPP_REQUIRE_CUDA=1
make=(timeout 240 "${MAKE:-make}" --no-print-directory)
started=$SECONDS

# Step NAME: what begins now, and after how long.
Step() { echo "== $1 ($((SECONDS - started)) s)"; }
Left() { echo $((470 - (SECONDS - started))); }
# Within SECONDS COMMAND...: not longer than that, nor than is left.
Within() {
  local most=$1 left
  left=$(Left)
  shift
  [ "$left" -gt 0 ] || return 124
  timeout $((left < most ? left : most)) "$@"
}

gpu=$(nvidia-smi --query-gpu=name,compute_cap,driver_version \
  --format=csv,noheader 2> /dev/null | head -n 1)
if [ -z "$gpu" ]; then
  Fail "nvidia-smi shows no GPU"
  Summary
  exit 1
fi
arch=$(cut -d, -f2 <<< "$gpu" | tr -d ' .')
echo "GPU: $gpu"
command -v nvcc > /dev/null || PATH=$PATH:/usr/local/cuda/bin

Step "building for $arch"
bare=(VARIANT=gpu BARE=1 CUDA=1 CUDA_ARCHS="$arch")
if ! "${make[@]}" "${bare[@]}" cuda gpu-tests > "$temporary/build" 2>&1; then
  tail -n 30 "$temporary/build"
  Fail "the kernels do not build"
  Summary
  exit 1
fi
cp build/libnncpp_cuda.so build/gpu/
Pass

# Counted COMMAND...: takes over the counts of its last line.
Counted() {
  local line
  "$@" > "$temporary/log" 2>&1
  local status=$?
  cat "$temporary/log"
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' \
    "$temporary/log" | tail -n 1)
  if [ -z "$line" ]; then
    Fail "$* ended with status $status"
    return
  fi
  read -r p _ f _ s _ <<< "$line"
  Pass "$p"
  failed=$((failed + f))
  skipped=$((skipped + s))
}

Step "every kernel beside the CPU"
Counted Within 200 build/gpu/gpu_tests

Step "archives, CPU and GPU"
if VARIANT=release CXX="${CXX:-g++}" tests/support/packages.sh need build \
  > /dev/null 2>&1; then
  if "${make[@]}" CUDA=0 program > "$temporary/build" 2>&1; then
    cp build/release/nncpp build/nncpp
  else
    tail -n 30 "$temporary/build"
    Fail "the program does not build"
  fi
fi
program=build/nncpp
data=build/gpu-data
[ -d "$data" ] || data=tests/data
text=$(ls "$data/enwik6" "$data/alice29.txt" 2> /dev/null | head -n 1)

Now() { date +%s.%N; }
Rate() {
  awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%.0f", n / (b - a) }'
}
measured=()

# Cross PROFILE BYTES: one archive from both, each opened by the other.
Cross() {
  local input=$temporary/input cpu=$temporary/cpu gpu=$temporary/gpu t
  local failed_before=$failed
  if [ "$(Left)" -lt 180 ]; then
    Skip "profile $1: no time is left"
    return
  fi
  head -c "$2" "$text" > "$input"
  rm -f "$cpu" "$gpu"* "$temporary/back"*
  local on=(Within 60 "$program")
  local run=(--no-self-check -q --profile "$1" "$input")
  Check "c --device cpu" "${on[@]}" c --device cpu "${run[@]}" "$cpu"
  t=("$(Now)")
  Check "c --device cuda" "${on[@]}" c --device cuda "${run[@]}" "$gpu"
  t+=("$(Now)")
  Check "$1: another archive on the GPU" cmp "$cpu" "$gpu"
  Check "c again" "${on[@]}" c --device cuda "${run[@]}" "$gpu.2"
  Check "$1: another archive the second time" cmp "$gpu" "$gpu.2"
  t+=("$(Now)")
  Check "d --device cuda" "${on[@]}" d -q --device cuda "$cpu" \
    "$temporary/back"
  t+=("$(Now)")
  Check "$1: another original on the GPU" cmp "$input" "$temporary/back"
  Check "d --device cpu" "${on[@]}" d -q --device cpu "$gpu" \
    "$temporary/back.2"
  Check "$1: another original on the CPU" cmp "$input" "$temporary/back.2"
  [ "$failed" -eq "$failed_before" ] || return
  measured+=("| $1, $2 bytes | $(Rate "$2" "${t[0]}" "${t[1]}") |\
 $(Rate "$2" "${t[2]}" "${t[3]}") |")
}
if [ -x "$program" ] && "$program" --version > /dev/null; then
  # Larger ones take a CPU too long.
  for profile in tiny lstm transformer default; do
    Cross "$profile" 50000
  done
else
  Skip "no program: carry build/nncpp, or install libxxhash and CLI11"
fi

Step "compute-sanitizer"
sanitizer=$(command -v compute-sanitizer ||
  ls /usr/local/cuda/bin/compute-sanitizer 2> /dev/null)
for tool in memcheck racecheck; do
  if [ -z "$sanitizer" ]; then
    Skip "$tool: there is no compute-sanitizer"
    continue
  fi
  if [ "$(Left)" -lt 100 ]; then
    Skip "$tool: no time is left"
    continue
  fi
  Within 60 "$sanitizer" --tool "$tool" --error-exitcode 99 \
    build/gpu/gpu_tests --small > "$temporary/log" 2>&1
  status=$?
  if [ $status -eq 0 ]; then
    Pass
  elif [ $status -eq 124 ]; then
    Skip "$tool: not done after 60 s"
  elif grep -qE 'not supported|Device not' "$temporary/log"; then
    Skip "$tool: this device does not allow it"
  else
    tail -n 20 "$temporary/log"
    Fail "$tool finds something"
  fi
done

Step "measurements"
if "${make[@]}" "${bare[@]}" gpu-bench > "$temporary/build" 2>&1; then
  echo "$gpu, commit $(git rev-parse --short HEAD 2> /dev/null),\
 $(date -u +%Y-%m-%d): make gpu-check"
  Within 90 build/gpu/gpu_bench || Skip "not all was measured"
else
  tail -n 20 "$temporary/build"
  Skip "the benchmark does not build (cuBLASLt?): not measured"
fi
echo
echo "Whole program, bytes/s, start and self-test included"
echo
echo "| profile | c | d |"
echo "|---|---|---|"
printf '%s\n' ${measured[@]+"${measured[@]}"}
Step "done"
Summary
