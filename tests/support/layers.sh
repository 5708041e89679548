#!/usr/bin/env bash
# tests/support/layers.sh -- the dependency law: who may include whom.
#
# layers.sh [ROOT]  prints each #include that breaks the table below, which is
# that of docs/design.md, section 3, and fails when there is one.
set -euo pipefail
cd "${1:-.}"

# A folder, then what it may include besides itself and the standard library.
law='
src/base    <zlib.h> <xxhash.h> <posix>
src/coder   src/base/
src/format  src/base/
preproc     src/base/ src/coder/
kernels     src/base/ src/coder/ <simd> <dlfcn.h>
kernels/cuda src/base/ src/coder/ kernels/ <cuda> <cxxabi.h>
src/model   src/base/ src/coder/ kernels/backend.h kernels/numerics.h
src/model   kernels/mixing.h kernels/environment.h
src/codec   src/base/ src/coder/ src/format/ src/model/ preproc/ kernels/
src/cli     src/base/ src/coder/ src/format/ src/model/ src/codec/ preproc/
src/cli     kernels/ <CLI/> <posix>
'

mapfile -t files < <(find src kernels preproc -type f \
  \( -name '*.h' -o -name '*.cc' -o -name '*.cu' -o -name '*.inc' \) \
  2> /dev/null | sort)
[ ${#files[@]} -gt 0 ] || exit 0

awk -v law="$law" '
  BEGIN {
    lines = split(law, line, "\n")
    for (i = 1; i <= lines; ++i) {
      words = split(line[i], word, " ")
      if (words == 0) continue
      if (!(word[1] in may)) may[word[1]] = word[1] "/"
      for (j = 2; j <= words; ++j) may[word[1]] = may[word[1]] " " word[j]
    }
    # What an angle bracket may hold, by kind.
    posix = "^(unistd|fcntl|signal|sched|pthread|termios|time|errno|dirent|poll"
    posix = posix "|malloc|stdlib|stdio|string)[.]h$|^sys/[a-z]+[.]h$"
    cuda = "^cuda[a-z0-9_]*[.]h$"
    simd = "^([a-z0-9]+intrin|cpuid|arm_neon|arm_acle|fenv)[.]h$"
  }
  function Folder(path,   parts) {
    split(path, parts, "/")
    if (parts[1] == "src" || parts[1] "/" parts[2] == "kernels/cuda")
      return parts[1] "/" parts[2]
    return parts[1]
  }
  function Allowed(target, quoted, folder,   count, allowed, i) {
    if (!quoted && target !~ /[.]h(pp)?$/) return 1  # the standard library
    count = split(may[folder], allowed, " ")
    for (i = 1; i <= count; ++i) {
      if (quoted && index(target, allowed[i]) == 1) return 1
      if (quoted) continue
      if (allowed[i] == "<posix>" && target ~ posix) return 1
      if (allowed[i] == "<simd>" && target ~ simd) return 1
      if (allowed[i] == "<cuda>" && target ~ cuda) return 1
      if (allowed[i] == "<" target ">") return 1
      if (allowed[i] ~ /\/>$/ &&
          index("<" target, substr(allowed[i], 1, length(allowed[i]) - 1)) == 1)
        return 1
    }
    return 0
  }
  /^[ \t]*#[ \t]*include[ \t]*["<]/ {
    target = $0
    sub(/^[^"<]*/, "", target)
    quoted = substr(target, 1, 1) == "\""
    target = substr(target, 2)
    sub(/[">].*/, "", target)
    folder = Folder(FILENAME)
    if (!(folder in may)) {
      printf "%s:%d: no law for the folder %s\n", FILENAME, FNR, folder
      bad = 1
    } else if (!Allowed(target, quoted, folder)) {
      printf "%s:%d: %s may not include %s\n", FILENAME, FNR, folder, target
      bad = 1
    }
  }
  # One main, in src/cli: everything else is a library.
  /^int main\(/ && FILENAME != "src/cli/main.cc" {
    printf "%s:%d: main belongs to src/cli/main.cc\n", FILENAME, FNR
    bad = 1
  }
  END { exit bad }
' "${files[@]}"
