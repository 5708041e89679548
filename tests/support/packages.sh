#!/usr/bin/env bash
# tests/support/packages.sh -- finds and installs what a target needs.
#
# packages.sh need GROUP...     fails, naming the command, if one is missing
# packages.sh install GROUP...  installs with apt-get where that is allowed
# Groups: build, unit, test, bench.
set -euo pipefail

cxx=${CXX:-g++}

HasHeader() {
  printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$1" |
    "${cxx%% *}" -x c++ -E -o /dev/null - 2> /dev/null
}

# It is linked as -l:ARCHIVE: the shared object will not do.
HasArchive() {
  [[ $("${cxx%% *}" "-print-file-name=$1" 2> /dev/null) = /* ]]
}

HasCommand() { command -v "$1" > /dev/null; }

# The Debian package, then how one sees that it is not needed any more.
Probe() {
  case $1 in
    g++) HasCommand "${cxx%% *}" ;;
    make) HasCommand make ;;
    libxxhash-dev) HasHeader xxhash.h ;;
    zlib1g-dev) HasHeader zlib.h && HasArchive libz.a ;;
    libcli11-dev) HasHeader CLI/CLI.hpp ;;
    libgtest-dev) HasHeader gtest/gtest.h ;;
    libsimde-dev) HasHeader simde/simde-features.h ;;
    libbenchmark-dev) HasHeader benchmark/benchmark.h ;;
    libopenblas-dev) HasHeader cblas.h ;;
    clang) HasCommand clang++ ;;
    clang-format) HasCommand clang-format ;;
    libclang-rt-14-dev)
      [ -n "$(find "$(clang++ -print-resource-dir 2> /dev/null ||
        echo /nonexistent)" -name 'libclang_rt.fuzzer*' 2> /dev/null)" ] ;;
    file) HasCommand file ;;
  esac
}

PackagesOf() {
  case $1 in
    build) echo make g++ libxxhash-dev zlib1g-dev libcli11-dev ;;
    unit) echo libgtest-dev libsimde-dev ;;
    test) echo clang libclang-rt-14-dev clang-format file ;;
    bench) echo libbenchmark-dev libopenblas-dev ;;
    *) echo "packages.sh: no group $1" >&2; return 1 ;;
  esac
}

missing=()
FindMissing() {
  missing=()
  local group package
  for group in "$@"; do
    for package in $(PackagesOf "$group"); do
      Probe "$package" || missing+=("$package")
    done
  done
}

mode=$1
shift
FindMissing "$@"
[ ${#missing[@]} -eq 0 ] && exit 0

command="apt-get install -y --no-install-recommends ${missing[*]}"
echo "missing: ${missing[*]}" >&2
if [ "$mode" = need ]; then
  echo "run \`make deps\`, or as root: $command" >&2
  exit 1
fi

if ! HasCommand apt-get; then
  echo "no apt-get here; install what Debian calls ${missing[*]}" >&2
  exit 1
elif [ "$(id -u)" = 0 ]; then
  root=()
elif HasCommand sudo && sudo -n true 2> /dev/null; then
  root=(sudo -n)
else
  echo "as root: $command" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# The lists of a fresh system are empty, those of an old one out of date.
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2 || true
# shellcheck disable=SC2086
"${root[@]}" env DEBIAN_FRONTEND=noninteractive $command >&2 || {
  echo "could not install them; as root: $command" >&2
  exit 1
}
FindMissing "$@"
if [ ${#missing[@]} -ne 0 ]; then
  echo "installed, but still not found: ${missing[*]}" >&2
  exit 1
fi
