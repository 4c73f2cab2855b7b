#!/usr/bin/env bash
# The native tests on an emulated 64-bit ARM:  run.sh [kernels|networks|engine]…   (default: kernels)
# Cross-builds and runs them under qemu-user; of the kernels only the neon tables, which is what an emulator has time for. Installs what
# it needs by apt-get; where that is not possible it says so and is skipped.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/build/arm
parts=("$@")
[[ ${#parts[@]} -gt 0 ]] || parts=(kernels)

skip() { echo "arm: skipped: $*"; exit 0; }

install_packages() {
  local sudo=; [[ $(id -u) == 0 ]] || sudo="sudo -n"
  echo "arm: installing $*" >&2
  command -v apt-get >/dev/null && $sudo apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq "$@" >&2
}

command -v aarch64-linux-gnu-g++ >/dev/null && command -v qemu-aarch64 >/dev/null && [[ -d /usr/src/googletest ]] ||
  install_packages g++-aarch64-linux-gnu qemu-user libgtest-dev nlohmann-json3-dev ||
  skip "there is no cross compiler aarch64-linux-gnu-g++ with qemu-aarch64 and GoogleTest's source, and none can be installed"

launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
configure() { cmake -G Ninja -DCMAKE_TOOLCHAIN_FILE="$root/tests/arm/toolchain.cmake" -DCMAKE_BUILD_TYPE=Release "${launcher[@]}" "$@" >/dev/null; }

configure -S /usr/src/googletest -B "$build/googletest" -DBUILD_GMOCK=OFF -DCMAKE_INSTALL_PREFIX="$build/prefix"
cmake --build "$build/googletest" --target install -j "$(nproc)" >/dev/null
configure -S "$root" -B "$build/native" -DGPA_TESTS=ON -DCMAKE_PREFIX_PATH="$build/prefix"
cmake --build "$build/native" -j "$(nproc)" --target "${parts[@]/#/test_}" isa_list

run_on() { QEMU_LD_PREFIX=/usr/aarch64-linux-gnu qemu-aarch64 -cpu "$@"; }
# Each processor gets the best that it can run: Neoverse N1 has no matrix products, Cortex-A72 no dot products either.
for chosen in max:neon_i8mm neoverse-n1:neon cortex-a72:portable; do
  best=$(run_on "${chosen%:*}" "$build/native/tests/native/isa_list" | head -1)
  [[ $best == "${chosen#*:}" ]] || { echo "arm: ${chosen%:*} runs $best, not ${chosen#*:}" >&2; exit 1; }
done
for part in "${parts[@]}"; do
  echo "arm: test_$part"
  filter='*'
  # The tables differ in rounded products alone.
  [[ $part == kernels ]] && filter='*neon:Select.*:*TwinsTest*:*BlockTypesTest.rounded*i8mm:*BlockTypesTest.manyMaps*i8mm:*BlockTypesTest.convolutions*i8mm'
  shards=$(nproc)
  for ((shard = 0; shard < shards; shard++)); do
    GTEST_TOTAL_SHARDS=$shards GTEST_SHARD_INDEX=$shard run_on max "$build/native/tests/native/test_$part" --gtest_brief=1 --gtest_filter="$filter" &
  done
  failed=0
  for ((shard = 0; shard < shards; shard++)); do wait -n || failed=1; done
  ((failed == 0)) || exit 1
done
