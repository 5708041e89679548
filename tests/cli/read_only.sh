# tests/cli/read_only.sh -- folders and files that permissions protect.
if [ "$(id -u)" -eq 0 ]; then
  echo "permissions do not stop root"
  exit 77
fi
. "$ROOT/tests/cli/helpers.bash"

echo text > t
mkdir closed
chmod 555 closed
Run c -q --profile tiny t closed/t.nncpp
chmod 000 t
Run c -q --profile tiny t
chmod 755 closed
chmod 644 t
Files
