# tests/cli/own_files.sh -- no output is a file that the run reads.
. "$ROOT/tests/cli/helpers.bash"

head -c 3000 "$TEST_DATA/alice29.txt" > text
cp text kept
"$NNCPP" c -q --profile tiny text
cp text.nncpp kept.nncpp

echo "-- the unfinished output"
cp text out.part
Run c -qf --profile tiny --checkpoint ck out.part out
ln text hard.part
Run c -qf --profile tiny --checkpoint ck text hard
Run c -qf --profile tiny --checkpoint ck - hard < text
ln -f text set.002.part
Run c -qf --profile tiny --checkpoint ck --parts 2 text set
ln text.nncpp back.part
Run d -qf --checkpoint ck text.nncpp back
Same out.part kept
rm out.part hard.part set.002.part back.part

echo "-- the file of --prime and the dictionary"
head -c 200 text > prime
cp prime kept.prime
Run prep train -q --min-frequency 2 text words
cp words kept.words
Run c -qf --profile tiny --prime prime text prime
Run c -qf --profile tiny --prime prime text ./prime
Run c -qf --profile tiny --prime prime --checkpoint prime text out
Run c -qf --profile tiny --prime prime --checkpoint prime --resume text out
Run c -qf --profile tiny --dictionary words text words
Run prep encode -qf --dictionary words text words
Run prep decode -qf --dictionary words text words
"$NNCPP" c -qf --profile tiny --prime prime text - 1<> prime
echo "[status $?]"
ln prime out.part
Run c -qf --profile tiny --prime prime --checkpoint ck text out
rm out.part
ln -s words link
Run c -qf --profile tiny --dictionary words text link
Run c -q --profile tiny --prime prime text primed
Run d -qf --prime prime primed prime
ln prime out.incomplete
Run d -qf --salvage --prime prime primed out
rm out.incomplete link primed

echo "-- a checkpoint"
ln text ck
Run c -qf --profile tiny --checkpoint ck text out
Run c -qf --profile tiny --checkpoint ck text kept out
rm ck

echo "-- later parts of a set that is replaced"
"$NNCPP" split -q --parts 4 text set
cp set.003 kept.003
Run split -qf --parts 2 set.003 set
ln -f prime set.003
Run c -qf --profile tiny --parts 2 --prime prime text set
ln -f words set.003
Run c -qf --profile tiny --parts 2 --dictionary words text set
Files
mv -f kept.003 set.003
mkfifo set.005
cp text set.006
Run split -qf --parts 2 text set
Files
Run join set.001 out
rm set.005
Run join -q set back
Same back text
Run join -qf set set.002

echo "-- the archive among its files"
mkdir folder
cp text folder/a
(cd folder && cp a b && "$NNCPP" c -q --profile tiny a b c && mv c b)
Run d -qf folder/b folder

echo "-- all is as it was"
Same text kept
Same text.nncpp kept.nncpp
Same prime kept.prime
Same words kept.words
Files
