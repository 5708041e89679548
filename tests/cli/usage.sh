# tests/cli/usage.sh -- every mistake on the command line: one line, status 1.
. "$ROOT/tests/cli/helpers.bash"

echo text > t
Run
Run x t
Run --nonsense c t
Run help nosuch
Run help all all
Run c
Run c ''
Run c t u v
Run d t u v
Run c t --nonsense 5
Run c nosuch
Run c .
Run c nosuch/t
Run c t nosuch/t.nncpp
Run c t .
Run c t --profile nosuch 2>&1 | sed 's/; .*/; .../'
Run c t --cells
Run c t --threads -1
Run c t --threads many
Run c t --memory-limit -5
Run c t --memory-limit 5parsecs
Run c t --self-check=perhaps
Run d t
Run d .nncpp
Run d t --profile tiny
Run t nosuch
Run t t --cells 3
Run --self-check l t
Run c t --json
Run l
for value in nan fast -1; do
  Run c t --learning-rate $value 2>&1 | sed 's/give a number from .*/.../'
done
for value in 0 -1 1e3 3x 99999999999999999999; do
  Run c t --cells "$value" 2>&1 | sed 's/give a number from .*/.../'
done
echo "-- digits that are no level"
for wrong in -0 -05 -0x3 -10 -12 -q0; do
  Run c -q --profile tiny $wrong t
  Run c -q --profile tiny t $wrong
done
Run -0 l t
"$NNCPP" c -qT 01 --profile tiny t over
Run c -qf --profile tiny -- t -0
Run c -qf --profile tiny t over -- -q
Run t -q -- -0
Run t -q -- -q
Run t over -- -q
rm -- over -0 -q
echo "-- no name, but after --"
Run c -q --profile tiny ++ t
Run c -q --profile tiny t -- ++
rm ++
echo "-- empty values"
for option in --checkpoint --dictionary --prime --parts --part-size \
  --checkpoint-every --dictionary-words --min-frequency; do
  Run c -q --profile tiny $option '' t
done
Run c -q --profile tiny --checkpoint= t u
Run d --only '' t
Run c -q --profile tiny t ''
Run c -q --profile tiny t t ''
Run d t ''
echo "-- the ends of ranges"
Run c -q --seed 18446744073709551616 t
Run help all | grep 18446744073709551
"$NNCPP" c -q --profile tiny --seed 18446744073709551615 t over
Run l over | grep '^seed'
rm over
for every in 0s 0.0m 0; do
  Run c -q --profile tiny --checkpoint ck --checkpoint-every $every t
done
Files
