#!/usr/bin/env bash
# All the tests: native on every instruction set of this machine, then Java.  Called by `gpa test`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
cd "$root"

step() { printf '\n== %s\n' "$*"; }

step "build, Release, warnings as errors"
mvn -B -q -ntp package -DskipTests -Dnative.tests=ON
cmake --build "$build" -j "$(nproc)"
touch java/gpa4j-cli/target/.built jmh/target/.built

step "convert the golden checkpoint"
export GPA_GOLDENS_MODEL=$build/goldens.gguf
./gpa convert tests/data/goldens/checkpoint -o "$GPA_GOLDENS_MODEL" --type f32
export GPA_GOLDENS_QUANTISED=$build/goldens-q4_k_m.gguf
./gpa quantize "$GPA_GOLDENS_MODEL" -o "$GPA_GOLDENS_QUANTISED" --type q4_k_m

# Endurance is a matter of threads and memory, not of kernels, and CUDA's kernels are not the CPU's: once is enough. The reference's loops
# take long: they compute the goldens, and leave what requests do to each other to the tables that users have.
left_out=none
for isa in $("$build/tests/native/isa_list"); do
  step "native tests, GPA_ISA=$isa"
  filter='*'
  [[ $isa == reference ]] && filter='-*Sharing.*:Determinism.*:Streams.*:Batching.*'
  (cd "$build" && GTEST_FILTER=$filter GPA_ISA=$isa ctest -j "$(nproc)" --output-on-failure --no-tests=error -E "^$left_out\$")
  left_out='(endurance|cuda.*)'
done

step "Java tests"
mvn -B -ntp verify -Dnative.skip=true
