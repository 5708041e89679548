# tests/cli/device.sh -- where to compute; the archive does not depend on it.
. "$ROOT/tests/cli/helpers.bash"

head -c 400 "$TEST_DATA/alice29.txt" > text
"$NNCPP" c -q --profile tiny --device cpu text
"$NNCPP" c -q --profile tiny --device auto text - | cmp - text.nncpp &&
  "$NNCPP" d -q --device auto text.nncpp - | cmp - text && echo "auto: same"
"$NNCPP" c -v --profile tiny --device cpu text other.nncpp 2>&1 |
  sed -n 's/^device: .*(/(/p'
"$NNCPP" l --device cpu text.nncpp | grep ^file

echo "-- the GPU, or one line and status 1"
if "$NNCPP" c -q --profile tiny --device cuda text gpu.nncpp 2> words; then
  cmp gpu.nncpp text.nncpp && echo sound
else
  [ $? -eq 1 ] && [ "$(wc -l < words)" -eq 1 ] && grep -q '^nncpp: ' words &&
    [ ! -e gpu.nncpp ] && echo sound
fi

echo "-- no such name"
for name in gpu cuda: cuda:x cuda:-1 CPU; do
  Run c --device "$name" text
done
