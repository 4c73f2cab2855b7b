#!/usr/bin/env bash
# Hostile files for every reader:  run.sh SECONDSs|EXECUTIONS [TARGET…]
#   run.sh 60s          all targets, a minute of fuzzing in all (what CI runs)
#   run.sh 1000000      all targets, so many executions each (networks: a tenth)
#   run.sh 300s gguf    one target
# Needs clang with libFuzzer for the native targets, and installs it by apt-get; where that is not possible they are skipped unless they are
# asked for by name.  Any finding fails it: see README.md beside this file.  Inputs that were found lie in build/fuzz/findings.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/build/fuzz
native_targets=(native-gguf native-model native-network)
java_targets=(safetensors shards torch pickle json yaml voice audio ffmpeg gguf model tokenizer importance quantize llama export config)
cd "$root"

die() { echo "fuzz: $*" >&2; exit 2; }

budget=${1:-}
[[ $budget =~ ^[0-9]+s?$ ]] || die "usage: run.sh SECONDSs|EXECUTIONS [TARGET…]; targets: ${native_targets[*]} ${java_targets[*]}"
wanted=("${@:2}")
[[ ${#wanted[@]} -gt 0 ]] || wanted=("${native_targets[@]}" "${java_targets[@]}")
seconds=0 executions=0
if [[ $budget == *s ]]; then
  seconds=$(((${budget%s} + ${#wanted[@]} - 1) / ${#wanted[@]}))
else
  executions=$budget
fi

install_packages() {
  local sudo=; [[ $(id -u) == 0 ]] || sudo="sudo -n"
  echo "fuzz: installing $*" >&2
  command -v apt-get >/dev/null && $sudo apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq "$@" >&2
}

# clang and its libFuzzer.
have_clang() {
  command -v clang++ >/dev/null || install_packages clang || return 1
  ls "$(clang++ -print-resource-dir)"/lib/*/libclang_rt.fuzzer*.a >/dev/null 2>&1 ||
    install_packages "libclang-rt-$(clang++ -dumpversion | cut -d. -f1)-dev"
}

build_native() {
  cmake -S . -B "$build" -G Ninja -DGPA_FUZZ=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ >"$build/logs/cmake" ||
    die "cmake failed: $build/logs/cmake"
  cmake --build "$build" --target fuzz_gguf fuzz_model fuzz_network make_seeds >"$build/logs/build" || die "the build failed: $build/logs/build"
  mkdir -p "$build"/seeds/{gguf,model}
  "$build/tests/fuzz/native/make_seeds" "$build/seeds"
}

# libFuzzer target, longest input, seeds, largest single allocation in MiB.
run_native() {
  local name=$1 longest=$2 seeds=$3 allocation=$4 log=$build/logs/native-$1 limit=(-max_total_time="$seconds")
  if ((executions > 0)); then limit=(-runs="$executions"); fi
  if ((executions > 0)) && [[ $name == network ]]; then limit=(-runs=$((executions / 10 + 1))); fi
  mkdir -p "$build/corpus/$name"
  if ! ASAN_OPTIONS=quarantine_size_mb=4:malloc_context_size=4:${ASAN_OPTIONS:-} "$build/tests/fuzz/native/fuzz_$name" "${limit[@]}" \
    -max_len="$longest" -len_control=0 -timeout=60 -rss_limit_mb=1024 -malloc_limit_mb="$allocation" -print_final_stats=1 \
    -artifact_prefix="$findings/native-$name-" "$build/corpus/$name" "$seeds" >"$log" 2>&1; then
    grep -aE '^finding|^ERROR|ERROR:|runtime error|SUMMARY' "$log" | head -20 || true
    echo "native-$name: a finding; its log is $log"
    return 1
  fi
  echo "native-$name: $(sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\) second.*/\1 executions in \2 s/p' "$log"); 0 findings"
}

stale() {
  local newest=tests/java/target/test-classes/io/gpa4j/tests/fuzz/FuzzMain.class
  [[ -e $newest && -d java/gpa4j-cli/target/lib ]] || return 0
  [[ -n $(find pom.xml native kernels bindings conversion java tests/java -path '*/target' -prune -o -type f -newer "$newest" -print -quit) ]]
}

build_java() {
  stale || return 0
  mvn -B -q -ntp package -DskipTests -pl tests/java,java/gpa4j-cli -am >"$build/logs/maven" 2>&1 || die "the build failed: $build/logs/maven"
  touch tests/java/target/test-classes/io/gpa4j/tests/fuzz/FuzzMain.class
}

# A small heap: what a header claims must not be allocated.
run_java() {
  java -Xmx128m -XX:+UseSerialGC "-Dorg.bytedeco.javacpp.cachedir=$root/build/javacpp" -Djava.awt.headless=true \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=off -cp "tests/java/target/test-classes:java/gpa4j-cli/target/lib/*" \
    io.gpa4j.tests.fuzz.FuzzMain --executions "$executions" --seconds "$seconds" --findings "$findings" "$@"
}

findings=$build/findings
mkdir -p "$build/logs" "$findings"
java=()
native=()
for target in "${wanted[@]}"; do
  if [[ " ${native_targets[*]} " == *" $target "* ]]; then native+=("$target")
  elif [[ " ${java_targets[*]} " == *" $target "* ]]; then java+=("$target")
  else die "no target '$target'; there are ${native_targets[*]} ${java_targets[*]}"; fi
done

failed=0
if ((${#native[@]} > 0)) && ! have_clang; then
  [[ $# == 1 ]] || die "no clang with libFuzzer, and it cannot be installed"
  echo "native-*: SKIPPED, there is no clang with libFuzzer and it cannot be installed"
  native=()
fi
if ((${#native[@]} > 0)); then build_native; fi
for target in "${native[@]}"; do
  case $target in
    native-gguf) run_native gguf 8192 "$build/seeds/gguf" 64 || failed=1 ;;
    native-model) run_native model 288 "$build/seeds/model" 64 || failed=1 ;;
    native-network) run_native network 288 "$build/seeds/model" 256 || failed=1 ;;
  esac
done
if ((${#java[@]} > 0)); then
  build_java
  run_java "${java[@]}" || failed=1
fi
exit $failed
