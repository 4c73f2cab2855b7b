#!/usr/bin/env bash
# All the tests: native on every instruction set of this machine, then Java.  Called by `gpa test`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
cd "$root"

step() { printf '\n== %s\n' "$*"; }

step "build, Release, warnings as errors"
generator=$(command -v ninja >/dev/null && echo Ninja || echo "Unix Makefiles")
[[ -e $build/CMakeCache.txt ]] && cmake -S . -B "$build" -DGPA_TESTS=ON >/dev/null || cmake -S . -B "$build" -G "$generator" -DGPA_TESTS=ON >/dev/null
cmake --build "$build" -j "$(nproc)"
mvn -B -q -ntp package -DskipTests
touch java/gpa4j-cli/target/.built

step "convert the golden checkpoint"
export GPA_GOLDENS_MODEL=$build/goldens.gguf
./gpa convert tests/data/goldens/checkpoint -o "$GPA_GOLDENS_MODEL" --type f32

for isa in $("$build/tests/native/isa_list"); do
  step "native tests, GPA_ISA=$isa"
  (cd "$build" && GPA_ISA=$isa ctest --output-on-failure --no-tests=error)
done

step "Java tests"
mvn -B -ntp verify -Dgpa.native.skip=true
