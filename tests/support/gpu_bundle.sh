#!/usr/bin/env bash
# tests/support/gpu_bundle.sh -- gathers what gpu_check.sh needs elsewhere.
#
# `make gpu-check` builds kernels and tests where the GPU is. The program needs
# libraries that may be missing there, and its input may be, so both go along:
# carry build/nncpp and build/gpu-data. So do the headers of cuDNN, which only
# the benchmark wants.
set -euo pipefail
data=${NNCPP_DATA:-../shared/data}

mkdir -p build/gpu-data
for file in enwik6 enwik3M; do
  [ -f "$data/$file" ] || continue
  cp "$data/$file" build/gpu-data/
done
cp tests/data/alice29.txt build/gpu-data/
for folder in /usr/local/cuda/include /usr/include; do
  [ -f "$folder/cudnn.h" ] || continue
  mkdir -p build/gpu-data/include
  cp "$folder"/cudnn*.h build/gpu-data/include
  break
done
ls -l build/nncpp build/gpu-data
