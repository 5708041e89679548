#!/usr/bin/env bash
# tests/golden/make_golden.sh -- makes golden archives that are not there yet.
#
# Those that are there stay as they are, for ever: tests/golden/frozen has their
# hashes. The damaged archives and some of the fuzzers' are made of them. Run
# from the project's root after `make all`.
set -euo pipefail

golden=tests/golden damaged=tests/damaged
program=$(realpath "${NNCPP:-build/nncpp}")
made=$(mktemp)
rm -f "$damaged"/*.nncpp

# Make NAME OPTION... < original
Make() {
  local name=$1
  shift
  cat > "$made"
  [ ! -e "$golden/$name.orig" ] || return 0
  "$program" c -qf "$@" "$made" "$golden/$name.nncpp"
  cat "$made" > "$golden/$name.orig"
  (cd "$golden" && sha256sum "$name".* >> frozen)
}

text=tests/data/alice29.txt
Make empty --profile tiny < /dev/null
head -c 1 "$text" | Make one_byte --profile tiny
head -c 3000 "$text" | Make text_tiny --profile tiny
head -c 4200 "$text" | Make text_default
for level in 1 2 3 4 5 6 7 8 9; do
  head -c 700 "$text" | Make "level_$level" --profile "$level"
done
head -c 3000 "$text" | Make text_fast --profile 1 --mixing-bits 12
# The second half repeats the first, from farther back than matches look.
{ head -c 1500 "$text"; head -c 1500 "$text"; } | Make tables --profile tiny \
  --mixing 2 --streams 1 --mixing-bits 15 --match-bits 10 --direct-bits 11 \
  --no-primer
head -c 3000 "$text" | Make text_mixed --profile tiny --mixing 2 \
  --mixing-bits 12 --stream-symbols 1000 --cells 12
head -c 3000 "$text" | Make blocks --profile tiny --block-symbols 700 \
  --streams 3 --stream-symbols 64 --layers 2 --cells 21 --ngram-orders 0
head -c 3000 "$text" | Make transformer --profile tiny --model 1 --cells 40 \
  --heads 2 --inner 30 --positions 20 --recent 3 --block-symbols 1000 \
  --streams 3 --layers 2 --learning-rate 2e-3 --head-norms 1 --output-rate 2
{
  head -c 500 "$text"
  # Bytes that do not shrink: a linear congruence's high bits.
  awk 'BEGIN { x = 1; for (i = 0; i < 500; ++i) {
    x = (x * 1103515245 + 12345) % 2147483648
    printf "%c", 33 + int(x / 65536) % 94 } }' | gzip -9n
} | Make stored --profile tiny --block-symbols 256

head -c 1500 "$text" | Make replay --profile tiny --replay-period 500 \
  --replay-passes 2 --block-symbols 1000
# As tests/codec/golden_test.cc asks for again.
head -c 5000 "$text" | Make words --profile tiny --dictionary-words 100 \
  --min-frequency 4 --no-primer
head -c 4200 "$text" | Make primed --profile tiny
head -c 4200 "$text" | Make library --profile tiny
head -c 1200 "$text" | Make library_mixed --profile tiny --mixing 2 \
  --mixing-bits 12
head -c 3000 "$text" | Make mixed_words --profile tiny --mixing 2 \
  --mixing-bits 12 --dictionary-words 100 --min-frequency 4 --no-primer
# Records of eight bytes, for the contexts of what is no text.
LC_ALL=C awk 'BEGIN { for (i = 1; i <= 250; ++i) printf "%c%c%c%c%c%c%c%c", 1,
  i % 7 + 128, i % 251 + 1, i % 5 + 200, 2, i * i % 255 + 1, 255, 3 }' |
  Make records
# Bytes N...: these bytes.
Bytes() { printf "$(printf '\\x%02x' "$@")"; }

# Program MACHINE: the header of one for such a machine, then calls of three
# functions and uses of a variable from many places.
Program() {
  local i at=20
  # Operand TARGET END: four bytes, from the byte after the instruction.
  Operand() {
    local d=$(($1 - $2))
    Bytes $((d & 255)) $((d >> 8 & 255)) $((d >> 16 & 255)) $((d >> 24 & 255))
  }
  printf '\x7fELF\x02\x01\x01%11s' ''
  Bytes "$1" 0
  for ((i = 0; i < 120; ++i, at += 25)); do
    Bytes 0x48 0x89 0xdf 0xe8
    Operand $((5000 + i * i % 3 * 100)) $((at + 8))
    Bytes 0x8b 0x05
    Operand 9000 $((at + 14))
    Bytes $((i * 37 % 200)) 0xc7 0x05
    Operand 9000 $((at + 25))
    Bytes 1 0 0 0
  done
}
Program 0x3e | Make addresses --profile tiny --block-symbols 1000
Program 0x03 | Make addresses_calls --profile tiny --block-symbols 1000
# The same for ARM64: calls, pages, and two words that have no address.
{
  printf '\x7fELF\x02\x01\x01%11s' ''
  Bytes 183 0
  for ((i = 0, at = 20; i < 150; ++i, at += 16)); do
    call=$((0x94000000 | (5000 + i * i % 3 * 100 - at) / 4 & 0x3ffffff))
    page=$((0x90000000 | (3 - at / 4096) << 5))
    for word in $call 0xaa0003e1 $page $((0xf9400000 | i * 37 % 200 << 10)); do
      Bytes $((word & 255)) $((word >> 8 & 255)) $((word >> 16 & 255)) \
        $((word >> 24 & 255))
    done
  done
} | Make addresses_arm64 --profile tiny --block-symbols 999
Make jpeg --profile tiny --mixing 2 --mixing-bits 12 --streams 1 \
  --block-symbols 1200 < tests/data/picture.jpeg
# Deflated streams: of zlib's header, as Adobe ends them; a member of a ZIP; of
# gzip; one that zlib would not make so; by all levels and memory levels.
# shellcheck disable=SC2016
head -c 12000 "$text" | perl -MCompress::Zlib -e 'undef $/; my $text = <STDIN>;
  sub Stream {
    my ($at, $bytes, $level, $bits, $memory, $partial) = @_;
    my $d = deflateInit(-Level => $level, -WindowBits => $bits,
                        -MemLevel => $memory);
    my $out = $d->deflate(substr($text, $at, $bytes));
    $out .= $d->flush(Z_PARTIAL_FLUSH) if $partial;
    return $out . $d->flush();
  }
  print "%PDF\n", Stream(0, 3000, 9, 14, 9, 1), "\nPK\3\4\24\0\0\0\10\0",
    "\0" x 16, "\1\0\0\0n", Stream(2500, 1500, 1, -15, 8, 0),
    Stream(3500, 1000, 6, 31, 8, 0), "\x78\x9c\1\100\0\277\377",
    substr($text, 0, 64), "\0" x 4;
  for my $i (1 .. 9) {
    print Stream(900 * $i, 1500, $i, 15 - $i % 7, 10 - $i, $i % 2);
  }' | Make streams --profile tiny --block-symbols 24000
# Streams of others: a picture whose rows have all filters, in chunks; one in
# pieces that ended at once; one with a stored block; one that is cut.
# shellcheck disable=SC2016
head -c 12000 "$text" | perl -MCompress::Zlib -e 'undef $/; my $text = <STDIN>;
  sub Stream {
    my ($level, $strategy, @pieces) = @_;
    my $d = deflateInit(-Level => $level, -Strategy => $strategy);
    my $out = "";
    for my $piece (@pieces) {
      my $some = $d->deflate($piece);
      my $more = $d->flush(Z_SYNC_FLUSH);
      $out .= $some . $more;
    }
    return $out . $d->flush();
  }
  my $rows = "";
  for my $i (0 .. 29) { $rows .= chr($i % 6) . substr($text, 90 * $i, 90); }
  my $d = deflateInit(-Level => 6, -Strategy => Z_FILTERED);
  my $picture = $d->deflate($rows) . $d->flush();
  print "\x89PNG\r\n\x1a\n", pack("NA4NNCCCCCN", 13, "IHDR", 30, 30, 8, 2, 0, 0,
    0, 1);
  while (length $picture) {
    my $chunk = "IDAT" . substr($picture, 0, 500, "");
    print pack("N", length($chunk) - 4), $chunk, pack("N", crc32($chunk));
  }
  my ($x, $noise) = (1, "");
  for my $i (1 .. 700) {
    $x = ($x * 1103515245 + 12345) % 2147483648;
    $noise .= chr($x / 65536 % 256);
  }
  my @pieces = (substr($text, 3000, 1500), substr($text, 4500, 1500));
  print Stream(6, Z_DEFAULT_STRATEGY, @pieces),
    Stream(9, Z_DEFAULT_STRATEGY, $pieces[1], $noise, $pieces[0]),
    substr(Stream(4, Z_DEFAULT_STRATEGY, substr($text, 6000, 6000)), 0, 2000);
  ' | Make streams_any --profile tiny --mixing 2 --mixing-bits 12 --streams 1 \
  --block-symbols 60000
# Numbers, measured at 4096 and 8192: rows of three colours; two channels of
# two bytes, the low one first, from an odd place on; rows of two bytes, the
# high one first.
samples=(--profile tiny --mixing 2 --mixing-bits 15 --streams 1
  --block-symbols 4001 --samples 1)
LC_ALL=C awk 'BEGIN { for (i = 0; i < 9000; ++i) {
  k = i % 3; x = int(i / 3) % 40; y = int(i / 120)
  printf "%c", 1 + (x * (5 - k) + y * (2 + 3 * k) + i * i % (5 + k)) % 240
} }' | Make samples "${samples[@]}"
LC_ALL=C awk 'BEGIN { printf "S"; for (i = 0; i < 4500; ++i) {
  t = int(i / 2)
  v = 9000 * sin(t / 13 + i % 2) + 4000 * sin(t / 3.7) + i * i % 61
  v = int(v + 65536) % 65536
  printf "%c%c", v % 256, v / 256
} }' | Make samples_sound "${samples[@]}"
LC_ALL=C awk 'BEGIN { for (i = 0; i < 4500; ++i) {
  x = i % 50; y = int(i / 50)
  v = 3000 + x * (50 - x) * 9 + y * (90 - y) * 7 + i * i % 23 + x * y % 19
  printf "%c%c", v / 256, v % 256
} }' | Make samples_big "${samples[@]}"
# Pixels of one bit in rows of 25 bytes, measured at 4096 and 8192.
LC_ALL=C awk 'BEGIN { for (i = 0; i < 9000; ++i) {
  y = int(i / 25); b = 0
  for (k = 0; k < 8; ++k) { x = i % 25 * 8 + k
    d = (x - 90) ^ 2 + (y - 150) ^ 2
    b = b * 2 + (int(d / 2500) + int((x + y) / 40)) % 2
  }
  printf "%c", b
} }' | Make bitmap --profile tiny --mixing 2 --mixing-bits 15 --streams 1 \
  --block-symbols 4001 --samples 2
words=$(mktemp)
head -c 3000 "$text" | "$program" prep train -f --dictionary-words 90 \
  --min-frequency 3 - "$words"
head -c 3000 "$text" | "$program" prep encode --dictionary "$words" - - |
  Make symbols --profile tiny --symbols u16
rm "$words"
head -c 1000 "$text" | Make chained --profile tiny --parts 3
rm "$made"

corpus=tests/fuzz/corpus/decompress
rm -f "$corpus"/*
for name in addresses bitmap blocks jpeg library one_byte replay samples \
  stored streams symbols text_fast text_mixed transformer; do
  cp "$golden/$name.nncpp" "$corpus/$name"
done
files=$(mktemp -d)
head -c 60 "$text" > "$files/first"
head -c 150 "$text" | tail -c 90 > "$files/second"
(cd "$files" && "$program" c -q --profile tiny first second all.nncpp)
cp "$files/all.nncpp" "$corpus/two-files"
"$program" c -q --profile tiny --parts 2 --independent "$files/second" \
  "$files/set.nncpp"
cp "$files/set.nncpp.002" "$corpus/independent-part"
rm -r "$files"
cp "$corpus"/{two-files,independent-part} tests/fuzz/corpus/archive
cp "$golden/chained.nncpp.002" tests/fuzz/corpus/archive/chained-part

cp "$golden/text_tiny.nncpp" "$damaged/trailing_byte.nncpp"
printf '\0' >> "$damaged/trailing_byte.nncpp"
head -c 200 "$golden/text_tiny.nncpp" > "$damaged/truncated.nncpp"
head -c 7 "$golden/text_tiny.nncpp" > "$damaged/magic_only.nncpp"
: > "$damaged/empty.nncpp"
cp "$text" "$damaged/not_an_archive.nncpp"
truncate -s 500 "$damaged/not_an_archive.nncpp"
{
  head -c 300 "$golden/text_tiny.nncpp"
  printf 'XXXX'
  tail -c +305 "$golden/text_tiny.nncpp"
} > "$damaged/overwritten.nncpp"
cat "$golden/one_byte.nncpp" "$golden/one_byte.nncpp" > "$damaged/twice.nncpp"
ls -l "$golden" "$damaged"
