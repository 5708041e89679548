#!/usr/bin/env bash
# tests/support/gpu_archives.sh -- archives of every profile, CPU and GPU.
#
# gpu_archives.sh PROGRAM TEXT [DEVICE [SECONDS [ALL]]]  makes an archive of the
# head of TEXT on the CPU and two on DEVICE (cuda), wants the same bytes, and
# opens each on the other. Several profiles at a time; a command gets SECONDS
# (120), and after ALL seconds what is left is skipped. PROFILES replaces the
# list below. LOCK is a file that whoever uses the GPU holds with flock.
set -uo pipefail
source "$(dirname "$0")/common.sh"
MakeTemporary
program=$1 text=$2 device=${3:-cuda} seconds=${4:-120} all=${5:-86400}
lock=${LOCK:-$temporary/one_at_a_time}
at_a_time=5
threads=$((($(Jobs) + at_a_time - 1) / at_a_time + 1))

# Profile, bytes, options. Where a model is slow on a CPU, short streams make
# few bytes fill all of them; the largest one is cut down to what fits beside
# the others in memory.
profiles=${PROFILES:-'
nncp 2500 --stream-symbols 70 --steps 8
tensorflow-compress 12000 --stream-symbols 20 --steps 2 --cells 500
nncp-default 40000
9 40000
transformer 20000
8 20000
7 20000
6 20000
default 40000
5 20000
4 20000
3 20000
2 20000
1 20000
lstm 40000
lstm-compress 20000
tiny 20000
'}

# Seconds left, or N, whichever is less.
Left() {
  local left=$((all > SECONDS ? all - SECONDS : 0))
  echo $((left < $1 ? left : $1))
}

# Cross PROFILE BYTES OPTION...: one archive from both, each opened by the
# other.
Cross() {
  local name=$1 bytes=$2
  shift 2
  local folder=$temporary/$name words=$temporary/$name/words began=$SECONDS
  mkdir -p "$folder"
  head -c "$bytes" "$text" > "$folder/input"
  # Run WHAT ARGUMENT...: the program, and its words where it fails. It stays
  # in this group of processes (--foreground), so that it ends when that does.
  Run() {
    local what=$1 status left
    shift
    {
      # Processes that share a GPU wait long for one another.
      if [[ " $* " = *" --device $device "* ]] &&
        command -v flock > /dev/null; then
        flock -w "$(Left "$all")" 9
      fi
      left=$(Left "$seconds")
      if [ "$left" -lt 1 ]; then
        Skip "$name: $what: no time is left"
        return 1
      fi
      timeout --foreground -k 5 "$left" "$program" "$@" -q -T "$threads" \
        > "$words" 2>&1 9>&-
      status=$?
    } 9> "$lock"
    [ $status -eq 0 ] && { Pass; return 0; }
    if [[ $status = 124 || $status = 137 ]] && [ "$(Left 1)" -lt 1 ]; then
      Skip "$name: $what: not done in time"
      return 1
    fi
    Fail "$name: $what: status $status: $(tail -n 1 "$words")"
    return 1
  }
  # Make WHERE ARCHIVE OPTION...
  Make() {
    local where=$1 archive=$2
    shift 2
    Run "c --device $where" c --device "$where" --no-self-check \
      --no-primer --profile "$name" "$@" "$folder/input" "$archive"
  }
  # Open WHERE ARCHIVE
  Open() {
    Run "d --device $1 of $2" d --device "$1" "$folder/$2" "$folder/back.$1" &&
      Check "$name: another original on $1" \
        cmp "$folder/input" "$folder/back.$1"
  }
  Make cpu "$folder/of_cpu" "$@"
  if Make "$device" "$folder/of_device" "$@"; then
    Check "$name: another archive on $device" \
      cmp "$folder/of_cpu" "$folder/of_device"
    # What is stored would be no test.
    Check "$name: a model coded nothing" \
      grep -q '"stored_blocks": 0' <("$program" l --json "$folder/of_device")
    Make "$device" "$folder/again" "$@" &&
      Check "$name: another archive the second time" \
        cmp "$folder/of_device" "$folder/again"
    mv "$folder/of_device" "$folder/archive"
    Open cpu archive
  fi
  if [ -f "$folder/of_cpu" ]; then
    mv "$folder/of_cpu" "$folder/archive"
    rm -f "$folder/back.$device"
    Open "$device" archive
  fi
  rm -rf "$folder"
  echo "profile $name, $bytes bytes${*:+ $*}: $((SECONDS - began)) s"
}

known=$("$program" help | grep -A 40 -e '--profile NAME' |
  grep -oE '^ +[a-z0-9-]+$' | tr -d ' ')
for profile in $known; do
  grep -q "^$profile " <<< "$profiles" ||
    Skip "profile $profile: $(basename "$0") does not know how long it takes"
done

while read -r name bytes options; do
  [ -n "$name" ] || continue
  grep -qx -- "$name" <<< "$known" ||
    { Skip "there is no profile $name"; continue; }
  while [ "$(jobs -rp | wc -l)" -ge "$at_a_time" ]; do wait -n; done
  [ "$(Left 1)" -ge 1 ] || { Skip "profile $name: no time is left"; continue; }
  # shellcheck disable=SC2086  # options are words
  {
    passed=0 failed=0 skipped=0
    Cross "$name" "$bytes" $options > "$temporary/$name.log"
    echo "$passed $failed $skipped" > "$temporary/$name.count"
    cat "$temporary/$name.log"
  } &
done <<< "$profiles"
wait

for log in "$temporary"/*.log; do
  [ -f "$log" ] || continue
  read -r p f s < "${log%.log}.count" || { p=0 f=1 s=0; }
  passed=$((passed + p))
  failed=$((failed + f))
  skipped=$((skipped + s))
done
Summary
