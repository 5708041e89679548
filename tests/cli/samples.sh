# tests/cli/samples.sh -- numbers are predicted as pictures and sounds are,
# where the input looks like that.
LC_ALL=C awk 'BEGIN { for (y = 0; y < 60; ++y) for (x = 0; x < 100; ++x)
  printf "%c", 1 + (x * 2 + y * 5 + int(x * y / 9) + x * x * y % 3) % 250 }' \
  > picture
head -c 9000 "$TEST_DATA/alice29.txt" > text
Samples() { nncpp l "$1" | grep '^samples:'; }
nncpp c -q -2 picture
Samples picture.nncpp
nncpp d -q picture.nncpp back && cmp back picture
nncpp c -q -2 - piped < picture
Samples piped
nncpp c -q -2 --samples 0 picture without
Samples without
[ "$(stat -c %s picture.nncpp)" -lt "$(stat -c %s without)" ] && echo smaller
# Pixels of one bit, and of colours by their numbers, which are those of letters
# here.
LC_ALL=C awk 'BEGIN { for (i = 0; i < 9000; ++i) { y = int(i / 25); b = 0
  for (k = 0; k < 8; ++k) { x = i % 25 * 8 + k
    d = int(((x - 90) ^ 2 + (y - 150) ^ 2) / 2500)
    b = b * 2 + (d + int((x + y) / 40)) % 2 }
  printf "%c", b } }' > bits
LC_ALL=C awk 'BEGIN { for (i = 0; i < 15000; ++i) {
  s = (s * 4093 + 12345) % 65536; c = int(s / 256) % 64
  if (i < 150 || c == 0) p[i] = s % 3 ? 64 : 35 + s * 7 % 90
  else p[i] = p[i - (c == 1 ? 1 : 150)]
  printf "%c", p[i] } }' > colours
for file in bits colours; do
  nncpp c -q -2 "$file"
  Samples "$file.nncpp"
  nncpp d -q "$file.nncpp" back -f && cmp back "$file"
done
nncpp c -q -2 --no-primer text
Samples text.nncpp
nncpp c -q -1 picture fast
Samples fast
nncpp c -q -2 --no-primer --samples 1 text third
Samples third
nncpp d -q third fourth && cmp text fourth
# Not where there is no room for their models.
# Limited IN OPTION...: what c needs without them is its limit.
Limited() {
  local most
  # shellcheck disable=SC2002
  most=$(cat picture | nncpp c -vf "$@" fits --samples 0 2>&1 |
    sed -n 's/,//g; s/^memory needed: *\([0-9]*\).*/\1/p')
  # shellcheck disable=SC2002
  cat picture | nncpp c -qf "$@" limited -M "$most"
  cmp fits limited && Samples limited
}
Limited - -2
Limited picture -2 --no-self-check --mixing-bits 18 --ngram-bits 18
nncpp c -1 --samples 1 picture fifth
