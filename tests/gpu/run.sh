#!/usr/bin/env bash
# The CUDA backend on this machine's GPU:  run.sh [JSON]   (default: build/gpu/gpu.json)
# GPA_GPU_STEPS names what to do after the build, where time is short; the default is all:
#   tests memcheck racecheck synccheck engine bench api
# Builds it, runs the tests of its ops on the GPU, the same under compute-sanitizer where that is installed, the engine's tasks against the
# reference's ids and waveforms (they want the goldens as a model, $GPA_GOLDENS_MODEL or build/goldens.gguf of `gpa test`), then times the
# ops, and the tasks of the model $GPA_BENCH_MODEL if that is set (a second JSON, api.json beside the first).
# Writes one JSON: what passed, the GPU's limits as measured, and each op against them. Exits with 2 where there is no GPU or no nvcc,
# with 1 where a test failed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/build/gpu
json=${1:-$build/gpu.json}

absent() { echo "gpu: $*" >&2; exit 2; }
command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q '^GPU' || absent "this machine has no NVIDIA GPU, or no driver for it"
nvcc=$(command -v nvcc || ls /usr/local/cuda*/bin/nvcc 2>/dev/null | tail -1 || true)
[[ -x $nvcc ]] || absent "there is no nvcc: install the CUDA Toolkit 13"
architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader -i 0 | tr -d '. ')

generator=()
command -v ninja >/dev/null && generator=(-G Ninja)
cmake -S "$root" -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DGPA_TESTS=ON -DGPA_CUDA=ON \
  -DCMAKE_CUDA_COMPILER="$nvcc" -DCMAKE_CUDA_ARCHITECTURES="$architecture" >&2
cmake --build "$build" -j "$(nproc)" --target gpa_cuda test_cuda bench_cuda test_engine bench_api >&2

export GPA_CUDA_LIBRARY=$build/native/libgpa_cuda.so
export GPA_GOLDENS_MODEL=${GPA_GOLDENS_MODEL:-$root/build/goldens.gguf}
results=()
failed=0
check() {  # check NAME COMMAND…
  local name=$1 outcome=passed
  shift
  echo "gpu: $name" >&2
  "$@" >&2 || { outcome=failed; failed=1; }
  results+=("--result=$name=$outcome")
}

tests=$build/tests/cuda/test_cuda
sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer 2>/dev/null | tail -1 || true)
mkdir -p "$(dirname "$json")"
for step in ${GPA_GPU_STEPS:-tests memcheck racecheck synccheck engine bench api}; do
  case $step in
    tests) check tests "$tests" --gtest_brief=1 ;;
    memcheck | racecheck | synccheck)
      if [[ -x $sanitizer ]]; then
        # Many times slower: without the largest shapes. The test that asks for more memory than there is would be reported as an error.
        check "$step" "$sanitizer" --tool "$step" --error-exitcode 1 "$tests" --gtest_brief=1 \
          --gtest_filter=-CudaSample.aWholeVocabulary:CudaQueue.memoryThatNoDeviceHasIsBadAlloc
      else
        results+=("--result=$step=compute-sanitizer is not installed")
      fi
      ;;
    engine)
      if [[ -e $GPA_GOLDENS_MODEL ]]; then
        check engine "$build/tests/native/test_engine" --gtest_brief=1 --gtest_filter='Tasks.*:EngineFailure.*:Batching.*'
      else
        results+=("--result=engine=there is no model of the goldens")
      fi
      ;;
    api)
      if [[ -n ${GPA_BENCH_MODEL:-} ]]; then
        check api "$build/tests/native/bench_api" --benchmark_out="$(dirname "$json")/api.json" --benchmark_out_format=json
      else
        results+=("--result=api=GPA_BENCH_MODEL is not set")
      fi
      ;;
    bench) ;;
    *) echo "gpu: unknown step $step" >&2; exit 1 ;;
  esac
done

only=()
[[ " ${GPA_GPU_STEPS:-bench} " == *" bench "* ]] || only=(--no-ops)
"$build/tests/gpu/bench_cuda" "$GPA_CUDA_LIBRARY" "${only[@]}" "${results[@]}" >"$json"
echo "gpu: $json" >&2
exit $failed
