# tests/cli/parts.sh -- archives in parts: chained, independent, damaged.
. "$ROOT/tests/cli/helpers.bash"

head -c 3000 "$TEST_DATA/alice29.txt" > text
c() { "$NNCPP" c -q --no-prep --profile tiny "$@"; }

echo "-- chained"
c --parts 4 text a.nncpp
Files
Run d -q a.nncpp back
Same text back
"$NNCPP" d -q a.nncpp - | cmp - text && echo "same on standard output"
Run t a.nncpp
Run l a.nncpp | sed -n '/^file/,/^ratio/p; /^blocks/p; /^part/p'
Run l --json a.nncpp | sed -n '/"file"/p; /"original_xxh128"/p; /"part/p'
xxh128sum < text 2> /dev/null | sed 's/ .*//' > sum
if [ -s sum ]; then
  "$NNCPP" l a.nncpp | grep -q "$(cat sum)" || echo "another hash"
fi
rm sum
Run l a.nncpp.003 | grep -e '^file' -e '^original bytes' -e '^part'

echo "-- one part of a chain alone"
Run d a.nncpp.001 x
Run t a.nncpp.003
Run d - x < a.nncpp.002
Files

echo "-- independent, each decodes alone, by processes side by side"
c --part-size 1000 --independent text i.nncpp
for part in 1 2 3; do
  "$NNCPP" d -q i.nncpp.00$part piece$part &
done
wait
cat piece1 piece2 piece3 | cmp - text && echo same
rm -f piece? i.nncpp.001
Run d -q i.nncpp.002 piece2
head -c 2000 text | tail -c 1000 | cmp - piece2 && echo "a neighbour is lost"
Run d i.nncpp x
rm -f i.nncpp.00? piece2 back
c --part-size 1000 --independent text i.nncpp
Run d -q i.nncpp back
Same text back
Run l i.nncpp | grep -e '^original' -e '^part'
Run d --checkpoint ck i.nncpp x
rm back

echo "-- one missing, after another, twice, too many, of another set"
mv a.nncpp.003 kept
Run d a.nncpp x
Run t a.nncpp
Run l a.nncpp
cp a.nncpp.004 a.nncpp.003
Run d a.nncpp x
cp a.nncpp.002 a.nncpp.003
Run d a.nncpp x
c --parts 4 --cells 9 text other.nncpp
cp other.nncpp.003 a.nncpp.003
Run d a.nncpp x
rm other.nncpp.*
head -c 2999 text > less
c --parts 4 less other.nncpp
cp other.nncpp.003 a.nncpp.003
Run d a.nncpp x
cp i.nncpp.003 a.nncpp.003
Run d a.nncpp x
c text whole.nncpp
cp whole.nncpp a.nncpp.003
Run d a.nncpp x
mv kept a.nncpp.003
mv a.nncpp.001 kept
Run d a.nncpp x
mv kept a.nncpp.001
mv a.nncpp.004 kept
Run d a.nncpp x
mv kept a.nncpp.004
cp a.nncpp.004 a.nncpp.005
Run d a.nncpp x
rm a.nncpp.005
printf x >> a.nncpp.002
Run d a.nncpp x
truncate -s -1 a.nncpp.002
Run t a.nncpp
rm -f other.nncpp.* i.nncpp.* whole.nncpp less
Files

echo "-- what comes before damage"
printf '\377\000' | dd of=a.nncpp.003 bs=1 seek=250 conv=notrunc 2> /dev/null
Run d a.nncpp x
Run d --salvage a.nncpp x
cmp x.incomplete <(head -c 1500 text) && echo "half of it"
rm -f x.incomplete a.nncpp.*

echo "-- of unknown size"
Run c -q --no-prep --profile tiny --part-size 1k - p.nncpp < <(cat text)
Files
Run d -q p.nncpp back
Same text back
rm p.nncpp.* back
Run c -q --no-prep --profile tiny --part-size 1500 - p.nncpp < <(cat text)
Files
"$NNCPP" d -q p.nncpp - | cmp - text && echo same
rm p.nncpp.*
: > empty
c --parts 2 empty e.nncpp
Run d -q e.nncpp back
Same empty back
Run c -q --no-prep --profile tiny --part-size 1 - e2.nncpp < empty
Run t e2.nncpp
rm e.nncpp.* e2.nncpp.* back empty

echo "-- an existing set"
c --parts 3 text a.nncpp
Run c --parts 2 text a.nncpp
Run c -q --no-prep --profile tiny -f --parts 2 text a.nncpp
Files
Run t a.nncpp
Run d -f a.nncpp a.nncpp.002
rm a.nncpp.001
Run c --parts 2 text a.nncpp
rm a.nncpp.002
echo mine > a.nncpp
Run c -f --parts 2 text a.nncpp
rm a.nncpp

echo "-- refused at once"
Run c --parts 0 text a.nncpp
Run c --parts 1000 text a.nncpp
Run c --part-size 0 text a.nncpp
Run c --part-size 2 text a.nncpp
Run c --parts 2 --part-size 9 text a.nncpp
Run c --independent text a.nncpp
Run c --one-part --checkpoint ck text a.nncpp
Run c --one-part --parts 2 text a.nncpp
Run c --parts 2 - a.nncpp < <(cat text)
Run c --parts 2 text -
Run c --parts 2 --checkpoint a.nncpp.002 text a.nncpp
Run c --parts 2 --checkpoint a.nncpp.001.part text a.nncpp
Run d --parts 2 a.nncpp
Run d no-such-set x
Files
