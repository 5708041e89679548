# tests/cli/files.sh -- several files in one archive.
. "$ROOT/tests/cli/helpers.bash"

mkdir -p in/deep
head -c 700 "$TEST_DATA/alice29.txt" > in/a.txt
: > in/empty
head -c 1500 "$TEST_DATA/alice29.txt" | tail -c 800 > in/deep/b.txt
head -c 300 "$TEST_DATA/picture.png" > in/last.png
cd in || exit 1
c() { "$NNCPP" c -q --no-prep --profile tiny "$@"; }
tree() { (cd "$1" && find . | sort | tr '\n' ' ' && echo); }

c ./a.txt empty deep/b.txt last.png ../all.nncpp
cd .. || exit 1
Run l all.nncpp | sed -n '/^file/p; /^original/p; /^  /p'
Run l --json all.nncpp | sed -n '/"files"/,/\]/p'
Run t all.nncpp
Run d -q all.nncpp out
diff -r in out && echo same
Run d -q all.nncpp
diff -r in all && echo "same in the folder of its name"
tree all

echo "-- the permissions of the archive"
for mode in 600 755; do
  chmod $mode all.nncpp
  Run d -qf all.nncpp all
  Run d -qf --only a.txt all.nncpp one
  stat -c %a all/a.txt all/deep/b.txt all/empty one
done
rm one

echo "-- existing files"
Run d all.nncpp out
Run d -qf all.nncpp out
diff -r in out && echo same
rm -r out
mkdir out
echo mine > out/last.png
Run d all.nncpp out
tree out
rm -r out all

echo "-- one of them"
Run d -q --only deep/b.txt all.nncpp
cmp b.txt in/deep/b.txt && echo same
"$NNCPP" d -q --only a.txt all.nncpp - | cmp in/a.txt - && echo same
Run d -q --only empty all.nncpp e
stat -c '%s bytes' e
Run d --only deep/b.txt all.nncpp
rm b.txt e
Run d --only b.txt all.nncpp
echo "-- decoded up to it only: the rest is damaged"
cp all.nncpp cut.nncpp
c --block-symbols 500 in/a.txt in/deep/b.txt in/last.png cut.nncpp -f
printf '\377\377' | dd of=cut.nncpp bs=1 conv=notrunc 2> /dev/null \
  seek=$(($(stat -c %s cut.nncpp) - 60))
Run d -q --only in/a.txt cut.nncpp a
cmp a in/a.txt && echo same
Run d --only in/last.png cut.nncpp last
Run d cut.nncpp cut
tree cut
rm -r cut a

echo "-- names that do not stay in the folder"
Run c in/a.txt ../x y.nncpp
touch one two
Run c one "$PWD/two" y.nncpp 2>&1 | sed "s|$PWD|/FOLDER|"
Run c one in/../two y.nncpp
Run c one two one y.nncpp
Run c one ./one y.nncpp
touch $'bad\nname'
Run c one $'bad\nname' y.nncpp
Run c one in y.nncpp
Run c one - y.nncpp
mkfifo fifo
Run c one fifo y.nncpp
Run c one missing y.nncpp
Run c -f one two one
rm -f one two fifo bad*

echo "-- a way that is no folder, or a link"
mkdir out elsewhere
ln -s ../elsewhere out/deep
Run d all.nncpp out
rm out/deep
echo > out/deep
Run d all.nncpp out
Run d all.nncpp in/a.txt
ln -s elsewhere link
Run d -q all.nncpp link
diff -r in elsewhere && echo "the folder itself may be a link"
rm -r out elsewhere link

echo "-- damage leaves complete files and nothing else"
head -c 1000 all.nncpp > short.nncpp
Run d short.nncpp out
Run d --only a.txt short.nncpp a

echo "-- what does not go together"
Run d all.nncpp -
Run d - out < all.nncpp
Run d --salvage all.nncpp out
Run d --checkpoint ck all.nncpp out
Run c --parts 2 in/a.txt in/empty y.nncpp
c in/a.txt single.nncpp
Run d --only a.txt single.nncpp
rm -f cut.nncpp short.nncpp single.nncpp
Files

echo "-- permissions are those that all of them give"
chmod 640 in/a.txt
chmod 604 in/empty
c in/a.txt in/empty mode.nncpp
stat -c %a mode.nncpp

echo "-- stopped and continued"
"$NNCPP" c -q --no-prep --profile tiny --checkpoint ck \
  --checkpoint-every 1e-6s --block-symbols 256 \
  in/a.txt in/deep/b.txt in/last.png r.nncpp
c --block-symbols 256 in/a.txt in/deep/b.txt in/last.png s.nncpp
Same r.nncpp s.nncpp
