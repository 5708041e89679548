#!/usr/bin/env bash
# tests/support/gpu_rates.sh -- symbols a second of the whole program.
#
# gpu_rates.sh PROGRAM DATA [DEVICE [SECONDS [LIMITS]]]  codes heads of files of
# the folder DATA on DEVICE (cuda) in about SECONDS (150): two lengths of
# each, so that the start is subtracted. LIMITS is what `gpu_bench limits`
# printed. Of the largest profile it also tells what part of the roofline that
# is, and what the kernels' times are. LARGE, HEAD and SMALL (that profile, its
# symbols, the bytes for others) make it fit for a rehearsal on a CPU.
#
# gpu_rates.sh --project  prints the former of `key value` lines.
set -uo pipefail
source "$(dirname "$0")/common.sh"

# The roofline of the Transformer of `key value` lines on standard input, and
# the hours of enwik8 and enwik9. A segment has R = streams * steps symbols and
# is bounded by
#   c  (6 W + 12 A) R / rate + 24 N / copy
#   d  steps * max((2 W + 2 M) / copy, (2 W + 4 A) streams / rate)
#      + (4 W + 8 A) R / rate + 24 N / copy
# where W are the weights of products, N all parameters, A = layers * positions
# * cells what attention multiplies for a symbol, M = 2 * streams * A the keys
# and values, in halves; 24 bytes a parameter: gradient, weight and moment read,
# both and two halves written. A symbol that is replayed, in segments as large,
# costs what coding one costs.
Project() {
  awk '
    { x[$1] = $2 }
    function Known(key) { return (key in x) && x[key] + 0 > 0 }
    function Hours(name, bytes, symbols, c, d) {
      symbols = bytes / x["bytes_per_symbol"]
      c = Known("rate_c") ? symbols / x["rate_c"] / 3600 : 0
      d = Known("rate_d") ? symbols / x["rate_d"] / 3600 : 0
      printf "| %s, %.0f M symbols | %s | %s | %s | %s |\n", name,
        symbols / 1e6, Figure("%.1f", c), Figure("%.1f", d),
        Figure("%.1f", 2 * c), Figure("%.1f", d > 0 && c > 0 ? d + c : 0)
    }
    function Figure(format, value) {
      return value > 0 ? sprintf(format, value) : "not measured"
    }
    function Row(name, rate, seconds, roof) {
      roof = seconds > 0 ? R / seconds : 0
      printf "| %s | %s | %s | %s |\n", name, Figure("%.0f", rate),
        Figure("%.0f", roof), Figure("%.2f", (roof > 0 ? rate / roof : 0))
    }
    function Larger(a, b) { return a > b ? a : b }
    END {
      C = x["cells"]; L = x["layers"]; F = x["inner"]; V = x["alphabet"]
      B = x["streams"]; T = x["steps"]; R = B * T
      W = L * (4 * C * C + 3 * C * F) + V * C
      N = W + L * C * x["positions"] + x["recent"] * V * C
      A = L * x["positions"] * C; M = 2 * B * A
      if (Known("copy_tb_s") && Known("fp16_top_s")) {
        copy = x["copy_tb_s"] * 1e12; rate = x["fp16_top_s"] * 1e12
        c = (6 * W + 12 * A) * R / rate + 24 * N / copy
        d = T * Larger((2 * W + 2 * M) / copy, (2 * W + 4 * A) * B / rate) + \
          (4 * W + 8 * A) * R / rate + 24 * N / copy
      }
      printf "\n%.0f M parameters, %.0f M of them in products; %d streams, " \
        "%d steps\n\n", N / 1e6, W / 1e6, B, T
      print "| | symbols/s | roofline | fraction |\n|---|---|---|---|"
      Row("c", x["rate_c"], c); Row("d", x["rate_d"], d)
      print "\nroofline of a segment of R symbols: c (6 W + 12 A) R / fp16 " \
        "+ 24 N / copy; d steps * max((2 W + 2 M) / copy, (2 W + 4 A) " \
        "streams / fp16) + (4 W + 8 A) R / fp16 + 24 N / copy"
      if (Known("rate_c") && Known("rate_d"))
        printf "c / d: %.2f\n", x["rate_c"] / x["rate_d"]
      printf "\nhours, at %.2f bytes a symbol; replay: each symbol once more " \
        "in segments as large\n\n", x["bytes_per_symbol"]
      print "| file | c | d | c, replay | d, replay |\n|---|---|---|---|---|"
      Hours("enwik8", 1e8); Hours("enwik9", 1e9)
    }'
}
if [ "${1:-}" = --project ]; then
  Project
  exit
fi

MakeTemporary
program=$1 data=$2 device=${3:-cuda} budget=${4:-150} limits=${5:-/dev/null}
started=$SECONDS

Left() { echo $((budget - (SECONDS - started))); }

# Seconds of COMMAND..., in `took`; its words are kept.
Take() {
  local left begin status
  left=$(Left)
  [ "$left" -ge 1 ] || { why="no time is left"; return 1; }
  begin=$(date +%s.%N)
  timeout "$left" "$@" > "$temporary/words" 2>&1
  status=$?
  took=$(awk -v a="$begin" -v b="$(date +%s.%N)" 'BEGIN { print b - a }')
  [ $status -eq 0 ] && return 0
  why="status $status after $took s: $(tail -n 1 "$temporary/words")"
  return 1
}

# Code NAME FILE COUNT UNIT OPTION...: c and d of COUNT symbols of UNIT bytes;
# their seconds, in `c` and `d`.
Code() {
  local name=$1 file=$2 count=$3 unit=$4
  shift 4
  c=0 d=0
  head -c $((count * unit)) "$file" > "$temporary/input"
  Take "$program" c -f -q --device "$device" --no-self-check --no-primer \
    --profile "$name" "$@" "$temporary/input" "$temporary/archive" || return 1
  cp "$temporary/words" "$temporary/words.c"
  c=$took
  Take "$program" d -f -q --device "$device" "$temporary/archive" \
    "$temporary/back" || return 1
  cp "$temporary/words" "$temporary/words.d"
  d=$took
  Check "$name: another original" cmp "$temporary/input" "$temporary/back"
}

# Rate COUNT SHORT LONG: COUNT symbols in LONG - SHORT seconds.
Rate() {
  awk -v n="$1" -v a="$2" -v b="$3" \
    'BEGIN { if (b > a) printf "%.1f", n / (b - a); else print 0 }'
}

# Pace NAME FILE SHORT UNIT OPTION...: symbols a second, in `rate_c` and
# `rate_d`, by SHORT symbols and by as many times that as fit in half the time
# left, if those take as long for a symbol. 0: not measured.
Pace() {
  local name=$1 file=$2 short=$3 unit=$4 most times c1 d1
  shift 4
  rate_c=0 rate_d=0
  most=$(($(stat -c %s "$file") / unit / short))
  if ! Code "$name" "$file" "$short" "$unit" "$@"; then
    Skip "$name, $short symbols: c $c s, d $d s: $why"
    return 1
  fi
  c1=$c d1=$d
  echo "$name, $short symbols: c $c1 s, d $d1 s, start included"
  times=$(awk -v left="$(Left)" -v c="$c1" -v d="$d1" -v most="$most" 'BEGIN {
    n = int(left / 2 / (c + d)); if (n > 10) n = 10; if (n > most) n = most
    print n
  }')
  if [ "$times" -lt 2 ]; then
    Skip "$name: no time for more symbols, so its rate is not measured"
    return 1
  fi
  if ! Code "$name" "$file" $((short * times)) "$unit" "$@"; then
    Skip "$name, $((short * times)) symbols: c $c s, d $d s: $why"
    return 1
  fi
  echo "$name, $((short * times)) symbols: c $c s, d $d s, start included"
  rate_c=$(Rate $((short * (times - 1))) "$c1" "$c")
  rate_d=$(Rate $((short * (times - 1))) "$d1" "$d")
}

# Kernels NAME FILE COUNT UNIT OPTION...: the longest kernels of c and of d, and
# the share of the update.
Kernels() {
  local verb
  if ! NNCPP_CUDA_TIMES=1 Code "$@"; then
    Skip "the kernels' times of $1: $why"
    return
  fi
  for verb in c d; do
    echo
    echo "Kernels of $verb, $1, $3 symbols, the start's among them"
    echo
    head -n 16 "$temporary/words.$verb"
    tail -n 1 "$temporary/words.$verb"
  done
}

large=${LARGE:-nncp} head=${HEAD:-32768}
if [ -f "$data/enwik3M" ] && "$program" prep train -q --min-frequency 8 \
  --dictionary-words 16384 "$data/enwik3M" "$temporary/words16" &&
  "$program" prep encode -q --dictionary "$temporary/words16" \
    "$data/enwik3M" "$temporary/symbols"; then
  file=$temporary/symbols unit=2
  options=(--symbols u16 --alphabet 16384)
else
  echo "no enwik3M: symbols are bytes"
  file=$(FirstFile "$data/enwik6" "$data/alice29.txt")
  unit=1 options=()
fi

Pace "$large" "$file" "$head" "$unit" "${options[@]}"
if [ -f "$temporary/archive" ]; then
  {
    # "name": whole number, of the configuration
    "$program" l --json "$temporary/archive" |
      sed -nE 's/^ *"([a-z-]+)": ([0-9]+),?$/\1 \2/p'
    echo "rate_c $rate_c"
    echo "rate_d $rate_d"
    echo "bytes_per_symbol $(stat -c %s "$data/enwik3M" "$file" |
      awk -v unit=$unit '{ s[NR] = $1 }
        END { print unit == 2 ? 2 * s[1] / s[2] : 1 }')"
    cat "$limits"
  } > "$temporary/keys"
  Project < "$temporary/keys"
  Kernels "$large" "$file" "$head" "$unit" "${options[@]}"
fi

text=$(FirstFile "$data/enwik3M" "$data/alice29.txt")
rows=()
for name in default transformer lstm; do
  Pace "$name" "$text" "${SMALL:-20000}" 1 &&
    rows+=("| $name | $rate_c | $rate_d |")
done
echo
echo "Whole program, bytes/s, start subtracted"
echo
echo "| profile | c | d |"
echo "|---|---|---|"
printf '%s\n' ${rows[@]+"${rows[@]}"}
Summary
