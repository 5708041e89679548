#!/usr/bin/env bash
# tests/support/faults.sh -- runs that fail, stop and are killed lose nothing.
#
# faults.sh PROGRAM [STRIDE]  injects a fault into every STRIDE-th call of the
# file layer (tests/faults/inject.cc) and does the other trials as often in
# proportion; 1 is all. Every line counts its trials; the sums that were run
# are in docs/reliability.md.
set -uo pipefail
source "$(dirname "$0")/common.sh"
# Memory, where there is such a folder: the trials sync a great deal.
[ -w /dev/shm ] && export TMPDIR=/dev/shm
MakeTemporary

program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
stride=${2:-40}
root=$(pwd)
alice=$root/tests/data/alice29.txt
inject=$temporary/inject.so
if ! ${CXX:-g++} -std=c++20 -O1 -shared -fPIC -o "$inject" \
  tests/faults/inject.cc -ldl; then
  Fail "tests/faults/inject.cc does not compile"
  Summary
  exit
fi
mkdir "$temporary/work"
cd "$temporary/work" || exit 1
pieces=(--block-symbols 256 --stream-symbols 64)

# One kilobyte for one fault a run, twenty for moments in time; and one for
# checkpoints so large that they reach the disk beside the work.
head -c 1000 "$alice" > ../few
head -c 20000 "$alice" > ../many
head -c 1000 "$alice" > ../large
Model() { # SIZE: fills `model`
  model=(--profile tiny "${pieces[@]}")
  [ "$1" != large ] ||
    model=(--profile 1 --mixing-bits 20 --no-primer "${pieces[@]}")
}
for size in few many large; do
  Model $size
  "$program" c -qT1 "${model[@]}" ../$size ../$size.nncpp
  "$program" c -qT1 "${model[@]}" --parts 2 ../$size ../$size.set
done

# Begin DIRECTION SIZE and Command DIRECTION SIZE: fill `command`, what it
# makes, `outputs`, and `expected`. p compresses into parts.
Command() {
  outputs=(out)
  case $1 in
    p)
      command=(c -qT1 --no-self-check --parts 2 ../"$2" out)
      outputs=(out.001 out.002) expected=../$2.set
      ;;
    c) command=(c -qT1 --no-self-check ../"$2" out) expected=../$2.nncpp ;;
    d) command=(d -qT1 ../"$2".nncpp out) expected=../$2 ;;
  esac
  # Where memory ends while a library is opened, dlopen itself may crash.
  command+=(--device cpu)
}
Begin() {
  Command "$@"
  Model "$2"
  [ "$1" = d ] || command+=("${model[@]}")
}

# Faulty CALLS:N:ACTION: runs the command; says in `status` how it ended and in
# `came` whether the N-th call came.
Faulty() {
  rm -f ../mark
  # A process of its own, so that the shell does not tell of its death.
  { (
    export LD_PRELOAD=$inject NNCPP_FAULT=$1 NNCPP_FAULT_MARK=../mark
    exec "$program" "${command[@]}"
  ) > ../log 2>&1; } 2> /dev/null
  status=$?
  came=no
  [ -e ../mark ] && came=yes
}

# Whether all of the output is there, and right.
Right() {
  local output
  for output in "${outputs[@]}"; do
    cmp -s "$output" "$expected${output#out}" || return 1
  done
}

# Wrong WHAT: a trial that did not end as it must.
Wrong() {
  bad=$((bad + 1))
  [ $bad -gt 3 ] || { echo "  $trial: $1 (status $status)"; cat ../log; ls -A; }
}

# After a failure there is no output, or a complete one; and no temporary.
CheckLeft() {
  local left
  [ "$(wc -l < ../log)" -eq 1 ] && grep -q '^nncpp: ' ../log ||
    Wrong "not one line of error"
  local output options=()
  for output in "${outputs[@]}"; do
    options+=(! -name "$output")
    if [ -e "$output" ] && ! cmp -s "$output" "$expected${output#out}"; then
      Wrong "a wrong output"
    fi
    [ "$1" = - ] || options+=(! -name "$output.part")
  done
  # Without checkpoints, all parts are there or none.
  if [ "$1" = - ] && [ -e out.001 ]; then Right || Wrong "a part of a set"; fi
  left=$(find . -type f "${options[@]}" ! -name "$1")
  [ -z "$left" ] || Wrong "left behind: $left"
  rm -f -- *.part-*
}

# Goes on from whatever is left to the end, without faults.
FinishRun() {
  if [ ! -e "${outputs[-1]}" ]; then
    if [ -e ck ]; then
      Command "$@"
      "$program" "${command[@]}" --checkpoint ck --resume > ../log 2>&1
    else
      Begin "$@"
      "$program" "${command[@]}" --checkpoint ck -f > ../log 2>&1
    fi
    status=$?
    [ $status -eq 0 ] || Wrong "could not go on"
  fi
  Right || Wrong "a wrong output"
}

# Tell NAME: closes a family of trials.
Tell() {
  echo "$1: $trials trials, $bad wrong"
  if [ $bad -eq 0 ] && [ $trials -gt 0 ]; then Pass; else Fail "$1"; fi
  trials=0 bad=0
}
trials=0 bad=0

# Of `families` and `actions`, each call up to the `all`-th and every `step`-th
# from there.
FailingCalls() { # DIRECTION SIZE [--checkpoint ...]
  local direction=$1 size=$2 calls action n
  shift 2
  for calls in "${families[@]}"; do
    for action in "${actions[@]}"; do
      if [ $action = short ] && [[ $calls != read && $calls != write ]]; then
        continue
      fi
      for ((n = 1; ; n += n < all ? 1 : step)); do
        rm -rf ./*
        Begin "$direction" "$size"
        command+=("$@")
        trial="$* $direction $calls:$n:$action"
        Faulty "$calls:$n:$action"
        [ $came = yes ] || break
        trials=$((trials + 1))
        if [ $status -eq 0 ]; then
          Right || Wrong "a wrong output"
          # An unlink of a checkpoint, or of one on its way, that fails leaves
          # it; that is all.
          [ $calls != unlink ] || rm -f ck.part-*
          [ -z "$(find . -type f ! -name 'out*' ! -name ck)" ] &&
            [ -z "$(find . -name '*.part*')" ] || Wrong "left behind"
        elif [ $status -ne 1 ]; then
          Wrong "a wrong status"
        elif [ $# -eq 0 ]; then
          # The temporary stays when it is unlink that fails.
          [ $calls = unlink ] || CheckLeft -
        elif [ -e ck ]; then
          CheckLeft ck
          FinishRun "$direction" "$size"
        else
          CheckLeft -
        fi
      done
    done
  done
}

families=(open read write sync truncate rename unlink meta)
actions=(ENOSPC ENOSPC+ EIO EINTR short)
all=5 step=$stride
for direction in c d p; do FailingCalls $direction few; done
Tell "every call failing, plain"
for direction in c d p; do
  FailingCalls $direction few --checkpoint ck --checkpoint-every 1
done
Tell "every call failing, with checkpoints"
families=(write sync rename unlink meta)
actions=(ENOSPC ENOSPC+ EIO)
all=1 step=$((1 + stride / 5))
for direction in c d p; do
  FailingCalls $direction large --checkpoint ck --checkpoint-every 1e-6s
done
Begin p large
rm -rf ./*
"$program" "${command[@]}" --checkpoint ck --one-part 2> /dev/null
Check "large checkpoints are not large" [ "$(stat -c %s ck)" -ge $((16 << 20)) ]
Tell "every call failing, with large checkpoints"

KilledAtCalls() { # SIZE
  local direction action n
  for direction in c d p; do
    for action in kill after; do
      for ((n = 1; ; n += stride)); do
        rm -rf ./*
        Begin $direction "$1"
        command+=(--checkpoint ck --checkpoint-every 1e-6s)
        trial="$direction any:$n:$action"
        Faulty any:$n:$action
        [ $came = yes ] || break
        trials=$((trials + 1))
        [ $status -eq 137 ] || Wrong "not killed"
        FinishRun $direction "$1"
      done
    done
  done
}
KilledAtCalls few
Tell "killed at every call"
KilledAtCalls large
Tell "killed at every call, with large checkpoints"

# A run that is killed over and over, each time going on by another form of the
# arithmetic and with another number of threads, from the moments of a fixed
# sequence.
mapfile -t forms < <(CpuForms)
RANDOM=7
Interrupted() { # DIRECTION SIGNAL
  local kills=0 options delay pid
  rm -rf ./*
  Begin "$1" many
  while [ ! -e "${outputs[-1]}" ]; do
    options=(--checkpoint ck --checkpoint-every 0.02s -T$((RANDOM % 2 + 1)))
    if [ -e ck ]; then
      Command "$1" many
      options+=(--resume)
    else
      Begin "$1" many
      options+=(-f)
    fi
    trial="$1 $2 number $kills"
    delay=$(printf '0.%03d' $((RANDOM % (30 + kills * 20) % 1000)))
    NNCPP_CPU=${forms[RANDOM % ${#forms[@]}]} env --default-signal=INT \
      "$program" "${command[@]}" "${options[@]}" > ../log 2>&1 &
    pid=$!
    sleep "$delay"
    kill -s "$2" $pid 2> /dev/null
    wait $pid
    status=$?
    case $2:$status in
      *:0) break ;;
      KILL:137 | INT:130 | TERM:143) ;;
      *) Wrong "a wrong status" && break ;;
    esac
    kills=$((kills + 1))
    trials=$((trials + 1))
    [ $2 = KILL ] || [ -z "$(find . -name '*.part-*')" ] ||
      Wrong "left a temporary behind"
  done 2> /dev/null
  Right || Wrong "a wrong output"
}
wanted=$((400 / stride + 6))
for signal in KILL INT TERM; do
  while [ $trials -lt $wanted ] && [ $bad -eq 0 ]; do
    for direction in c d p; do Interrupted $direction $signal; done
  done
  Tell "SIG$signal at random moments"
done

for direction in c d; do
  for options in "" "--checkpoint ck"; do
    for ((n = 1; ; n += n < 150 ? 1 + stride / 4 : 10 * stride)); do
      rm -rf ./*
      Begin $direction few
      # shellcheck disable=SC2206
      command+=($options)
      trial="$direction $options alloc:$n"
      Faulty alloc:$n:null
      [ $came = yes ] || break
      trials=$((trials + 1))
      # Before main, and in the functions of the library that parses the
      # command line which may not throw, the run-time library ends the program:
      # before any work.
      if [[ $status = 134 || $status = 3 ]] && [ "$(ls -A | wc -l)" -eq 0 ] &&
        grep -q '^terminate called' ../log; then
        continue
      fi
      # Where the library can do without (messages, sorting), so can the run.
      if [ $status -eq 0 ]; then
        Right || Wrong "a wrong output"
        continue
      fi
      [ $status -eq 1 ] || Wrong "a wrong status"
      if [ -e ck ]; then CheckLeft ck; else CheckLeft -; fi
    done
  done
done
Tell "failing allocations"

# Two runs at once on one output: one wins, the file is whole.
for ((i = 0; i < 40 / stride + 4; ++i)); do
  for options in "" "--checkpoint ck"; do
    rm -rf ./*
    Begin c few
    # shellcheck disable=SC2206
    command+=($options)
    trials=$((trials + 1))
    trial="two runs $options"
    "$program" "${command[@]}" > ../log 2>&1 &
    first=$!
    "$program" "${command[@]}" > ../log2 2>&1
    status=$?
    wait $first
    [ $((status + $?)) -eq 1 ] || Wrong "not exactly one winner"
    Right || Wrong "a wrong output"
    [ "$(ls -A)" = out ] || Wrong "left behind"
  done
done
Tell "two runs on one output"

# A disk that is full in the middle, and then is not.
mkdir ../disk
if mount -t tmpfs -o size=1m tmpfs ../disk 2> /dev/null; then
  trap 'umount "$temporary/disk"; rm -rf "$temporary"' EXIT
  cd ../disk || exit 1
  for ((kilobytes = 100; kilobytes < 1000; kilobytes += 10 + stride)); do
    for direction in c d; do
      rm -rf ./*
      mount -o remount,size=${kilobytes}k .
      Begin $direction few
      trials=$((trials + 1))
      trial="$direction on ${kilobytes}k"
      "$program" "${command[@]}" --checkpoint ck --checkpoint-every 1 \
        > ../log 2>&1
      status=$?
      if [ $status -eq 1 ]; then
        if [ -e ck ]; then CheckLeft ck; else CheckLeft -; fi
      elif [ $status -ne 0 ]; then
        Wrong "a wrong status"
      fi
      mount -o remount,size=8m .
      FinishRun $direction few
    done
  done
  cd ../work || exit 1
  Tell "full disk"
else
  Skip "full disk: this system lets nobody mount a tmpfs"
fi
Summary
