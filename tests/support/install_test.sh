#!/usr/bin/env bash
# tests/support/install_test.sh -- make install and uninstall, in a temporary.
set -uo pipefail
source "$(dirname "$0")/common.sh"
MakeTemporary

make=${MAKE:-make}
export CUDA_ARCHS=90  # one is quicker than all
destination=$temporary/place
Check "make install" "$make" --no-print-directory -s install \
  DESTDIR="$destination" PREFIX=/usr
share=$destination/usr/share
for file in "$share/man/man1/nncpp.1" \
  "$share/bash-completion/completions/nncpp" \
  "$share/zsh/site-functions/_nncpp" \
  "$share/fish/vendor_completions.d/nncpp.fish" \
  "$share/nncpp/nncpp.magic" "$share/doc/nncpp/LICENSE"; do
  Check "not installed: ${file#"$destination"}" [ -s "$file" ]
done
program=$destination/usr/bin/nncpp
Check "the installed program does not start" "$program" --version
Check "the installed bash completion has a mistake" \
  bash -n "$share/bash-completion/completions/nncpp"
# FILE PROGRAM, in a bash of its own
complete_profile='source "$1"; COMP_WORDS=("$2" c --profile tin); COMP_CWORD=3
  _nncpp; [ "${COMPREPLY[*]}" = tiny ]'
Check "bash completes no profile" bash -c "$complete_profile" bash \
  "$share/bash-completion/completions/nncpp" "$program"

# file(1) knows an archive by the fragment.
printf 'hello, hello\n' > "$temporary/text"
if ! "$program" c --profile tiny "$temporary/text" "$temporary/archive"; then
  Fail "the installed program does not compress"
elif ! command -v file > /dev/null; then
  Skip "file(1) is not installed"
else
  said=$(file -b -m "$share/nncpp/nncpp.magic" "$temporary/archive")
  Check "file(1) calls an archive '$said'" grep -qi nncpp <<< "$said"
fi

Check "make uninstall" "$make" --no-print-directory -s uninstall \
  DESTDIR="$destination" PREFIX=/usr
left=$(find "$destination" ! -type d)
Check "make uninstall left $left" [ -z "$left" ]
Summary
