#!/usr/bin/env bash
# tests/support/gpu_check.sh -- all that needs a GPU, in under eight minutes.
#
# Builds for the GPU found; every kernel beside the CPU, by bits; archives made
# on the one and opened on the other; compute-sanitizer; measurements in
# markdown. Needs nvcc and a C++ compiler. The program is built if its
# libraries are here, else build/nncpp is used as it came (make gpu-bundle).
# What fails, or finds no time, is said, and the rest goes on.
#
# DEVICE=cpu rehearses it without a GPU, as far as that goes.
set -uo pipefail
source "$(dirname "$0")/common.sh"
MakeTemporary
device=${DEVICE:-cuda}
started=$SECONDS
# Seconds for all of it; the last step has at least these.
total=465 last_step=120
export LOCK=$temporary/gpu

# Step NAME: what begins now, and after how long.
Step() { echo "== $1 ($((SECONDS - started)) s)"; }

# Seconds left before the last step, or N, whichever is less.
Left() {
  local left=$((total - last_step - (SECONDS - started)))
  [ "$left" -gt 1 ] || left=1
  [ "$left" -lt "${1:-1000}" ] || left=$1
  echo "$left"
}

Make() { timeout "$(Left 240)" "${MAKE:-make}" --no-print-directory "$@"; }

# Count LOG STATUS NAME: shows what a check said and takes over its counts.
Count() {
  local line
  cat "$1"
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$1" |
    tail -n 1)
  if [ -z "$line" ]; then
    Fail "$3 ended with status $2"
    return
  fi
  read -r p _ f _ s _ <<< "$line"
  Pass "$p"
  failed=$((failed + f))
  skipped=$((skipped + s))
}

# Counted COMMAND...
Counted() {
  "$@" > "$temporary/log" 2>&1
  Count "$temporary/log" $? "$*"
}

if [ "$device" = cuda ]; then
  export NNCPP_REQUIRE_CUDA=1
  gpu=$(nvidia-smi --query-gpu=name,compute_cap,driver_version \
    --format=csv,noheader 2> /dev/null | head -n 1)
  if [ -z "$gpu" ]; then
    Fail "nvidia-smi shows no GPU"
    Summary
    exit 1
  fi
  mode=$(nvidia-smi --query-gpu=compute_mode --format=csv,noheader \
    2> /dev/null | head -n 1)
else
  mode=Default
  gpu="no GPU, 9.0"
  Skip "kernels, compute-sanitizer and measurements of them: $device"
fi
arch=$(cut -d, -f2 <<< "$gpu" | tr -d ' .')
echo "GPU: $gpu"
command -v nvcc > /dev/null || PATH=$PATH:/usr/local/cuda/bin

Step "building for $arch"
bare=(VARIANT=gpu BARE=1 CUDA=1 CUDA_ARCHS="$arch")
if [ "$device" = cuda ]; then
  if ! Make "${bare[@]}" cuda gpu-tests > "$temporary/build" 2>&1; then
    tail -n 30 "$temporary/build"
    Fail "the kernels do not build"
    Summary
    exit 1
  fi
  cp build/libnncpp_cuda.so build/gpu/
  Pass
fi
if VARIANT=release CXX="${CXX:-g++}" tests/support/packages.sh need build \
  > /dev/null 2>&1; then
  if Make CUDA=0 program > "$temporary/build" 2>&1; then
    cp build/release/nncpp build/nncpp
  else
    tail -n 30 "$temporary/build"
    Fail "the program does not build"
  fi
fi
program=build/nncpp
data=build/gpu-data
[ -d "$data" ] || data=tests/data
text=$(FirstFile "$data/enwik6" "$data/alice29.txt")

# It ends by itself, with its counts, before the outer limit.
StartArchives() {
  local seconds
  seconds=$(Left 200)
  timeout $((seconds + 15)) nice tests/support/gpu_archives.sh "$program" \
    "$text" "$device" 120 "$seconds" > "$temporary/archives" 2>&1 &
  archives=$!
}

# Beside what follows, since much of it is the CPU's; after it, where a GPU is
# for one process at a time.
archives=
if [ -x "$program" ] && "$program" --version > /dev/null; then
  runs=1
  [ "$mode" != Default ] || StartArchives
else
  runs=
  Skip "no program: carry build/nncpp, or install libxxhash, zlib and CLI11"
fi

if [ "$device" = cuda ]; then
  {
    Make "${bare[@]}" gpu-bench > "$temporary/gpu-bench" 2>&1 ||
      Make "${bare[@]}" CUBLAS=0 gpu-bench \
        >> "$temporary/gpu-bench" 2>&1
    Make "${bare[@]}" gpu-bench-lstm \
      > "$temporary/gpu-bench-lstm" 2>&1
  } &
  benches=$!

  Step "every kernel beside the CPU"
  Counted timeout "$(Left 200)" build/gpu/gpu_tests

  Step "compute-sanitizer"
  for tool in memcheck=45 racecheck=80; do
    Counted tests/support/gpu_sanitizer.sh "${tool%=*}" "$(Left "${tool#*=}")" \
      build/gpu/gpu_tests --small
  done
fi

Step "archives, CPU and GPU"
if [ -n "$runs" ]; then
  [ -n "$archives" ] || StartArchives
  wait "$archives"
  Count "$temporary/archives" $? "cross-decoding"
fi

# Part SECONDS COMMAND...: a part of the benchmarks, in a process of its own.
Part() {
  local seconds
  seconds=$(Left "$1")
  shift
  if [ ! -x "$1" ]; then
    tail -n 5 "$temporary/gpu-bench" "$temporary/gpu-bench-lstm"
    Skip "$*: not measured: it does not build"
    return
  fi
  timeout "$seconds" "$@"
  local status=$?
  [ $status -eq 0 ] || Skip "$*: not all was measured: status $status"
}

if [ "$device" = cuda ]; then
  wait "$benches"
  Step "measurements"
  echo "$gpu, commit $(git rev-parse --short HEAD 2> /dev/null),\
 $(date -u +%Y-%m-%d): make gpu-check"
  # The libraries' own folders, where Python's packages bring them.
  folders=$(python3 -c 'import glob, nvidia
print(*[d for p in nvidia.__path__ for d in sorted(glob.glob(p + "/*/lib"))],
      sep=":")' 2> /dev/null)
  [ -z "$folders" ] ||
    export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folders"
  Part 40 build/gpu/gpu_bench limits > "$temporary/limits"
  cat "$temporary/limits"
  for part in products wgmma steps updates; do
    Part 40 build/gpu/gpu_bench $part
  done
  Part 60 build/gpu/gpu_bench_lstm
fi

Step "whole program"
last_step=0
if [ -n "$runs" ]; then
  touch "$temporary/limits"
  Counted tests/support/gpu_rates.sh "$program" "$data" "$device" \
    "$(Left 200)" "$temporary/limits"
fi
Step "done"
Summary
