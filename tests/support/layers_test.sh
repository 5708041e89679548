#!/usr/bin/env bash
# tests/support/layers_test.sh -- the dependency law holds, and is enforced.
set -uo pipefail
source "$(dirname "$0")/common.sh"
layers=$(dirname "$0")/layers.sh

Check "the tree keeps the law of layers" "$layers" .

# Allowed or Refused FILE INCLUDE: in a tree with this one line.
MakeTemporary
Tree() {
  rm -rf "$temporary/tree"
  mkdir -p "$temporary/tree/$(dirname "$1")"
  printf '#include %s\n' "$2" > "$temporary/tree/$1"
}
Allowed() {
  Tree "$@"
  Check "layers.sh should let $1 include $2" "$layers" "$temporary/tree"
}
Refused() {
  Tree "$@"
  Refuse "layers.sh should not let $1 include $2" \
    "$layers" "$temporary/tree" > /dev/null
}

Allowed src/base/a.cc '"src/base/b.h"'
Allowed src/base/a.cc '<vector>'
Allowed src/base/a.cc '<zlib.h>'
Allowed src/base/a.cc '<sys/stat.h>'
Refused src/base/a.cc '"src/coder/b.h"'
Refused src/base/a.cc '"a.h"'
Refused src/base/a.cc '<CLI/CLI.hpp>'
Allowed src/coder/a.cc '"src/base/b.h"'
Refused src/coder/a.cc '"kernels/numerics.h"'
Refused src/coder/a.cc '<xxhash.h>'
Refused src/format/a.h '"src/coder/b.h"'
Allowed preproc/a.cc '"src/coder/b.h"'
Refused preproc/a.cc '"src/format/b.h"'
Allowed kernels/cpu/a.cc '"kernels/backend.h"'
Allowed kernels/cpu/a.cc '<immintrin.h>'
Refused kernels/cpu/a.cc '"src/model/b.h"'
Allowed kernels/cuda/a.cu '<cuda_runtime.h>'
Allowed kernels/cuda/a.cu '"kernels/numerics.h"'
Refused kernels/cuda/a.cu '"src/model/b.h"'
Refused kernels/cpu/a.cc '<cuda_runtime.h>'
Refused src/codec/a.cc '<cuda_runtime.h>'
Allowed src/model/a.cc '"kernels/backend.h"'
Allowed src/model/a.cc '"kernels/numerics.h"'
Refused src/model/a.cc '"kernels/cpu/product.h"'
Refused src/model/a.cc '<immintrin.h>'
Refused src/model/a.cc '"src/codec/b.h"'
Allowed src/codec/a.cc '"kernels/cpu/cpu_backend.h"'
Refused src/codec/a.cc '"src/cli/b.h"'
Allowed src/cli/a.cc '<CLI/CLI.hpp>'
Refused src/cli/a.cc '"tests/support/b.h"'
Refused src/other/a.cc '<vector>'
Tree src/codec/a.cc '<vector>'
echo 'int main() {}' >> "$temporary/tree/src/codec/a.cc"
Refuse "layers.sh should find a second main" \
  "$layers" "$temporary/tree" > /dev/null
Summary
