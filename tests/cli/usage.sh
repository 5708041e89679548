# tests/cli/usage.sh -- every mistake on the command line: one line, status 1.
. "$ROOT/tests/cli/helpers.bash"

echo text > t
Run
Run x t
Run --nonsense c t
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
Files
