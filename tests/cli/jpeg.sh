# tests/cli/jpeg.sh -- the scans of JPEG files have models of their own, where
# there are any.
cp "$TEST_DATA/picture.jpeg" picture
head -c 3000 "$TEST_DATA/alice29.txt" > text
Jpeg() { nncpp l "$1" | grep '^jpeg:'; }
nncpp c -q -2 picture
Jpeg picture.nncpp
nncpp d -q picture.nncpp back && cmp back picture
nncpp c -q -2 - piped < picture
Jpeg piped
nncpp c -q -2 --jpeg 0 picture without
Jpeg without
[ "$(stat -c %s picture.nncpp)" -lt "$(stat -c %s without)" ] && echo smaller
nncpp c -q -2 text
Jpeg text.nncpp
nncpp c -q -1 picture fast
Jpeg fast
cat text text text text text text text text text text text text text \
  text text text text picture > both
nncpp c -q -2 both
Jpeg both.nncpp
nncpp c -q -2 --jpeg 1 both third
Jpeg third
nncpp d -q third fourth && cmp both fourth
nncpp c -1 --jpeg 1 picture fifth
