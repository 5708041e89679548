# tests/cli/group.sh -- nobody else may read an output because of its group.

# As root, but of no group but 65534, and free to hand files to no other.
As() {
  setpriv --bounding-set -chown --regid 65534 --clear-groups "$@"
}
if [ "$(id -u)" -ne 0 ] || ! As true 2> /dev/null; then
  echo "only root, with setpriv, can make files of other groups"
  exit 77
fi
. "$ROOT/tests/cli/helpers.bash"

for mode in 640 664 604 666 750; do
  echo text > t
  chgrp 12345 t
  chmod $mode t
  As "$NNCPP" c -qf --profile tiny t
  stat -c "$mode: %a %g" t.nncpp
  "$NNCPP" c -qf --profile tiny t
  stat -c "$mode, by root: %a %g" t.nncpp
done
echo "-- several files"
echo other > u
chmod 640 t u
"$NNCPP" c -q --profile tiny t u both
stat -c %a both
chgrp 12345 u
As "$NNCPP" c -qf --profile tiny t u both
stat -c %a both
"$NNCPP" c -qf --profile tiny t u both
stat -c '%a %g' both
