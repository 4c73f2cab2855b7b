#include "limits.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace gpa::bench {
namespace {

constexpr int kThreads = 256;
constexpr int kChains = 8;  // of a thread, independent of each other

__global__ void __launch_bounds__(kThreads) copy_kernel(const float4* from, float4* to, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * kThreads;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < count; i += step) to[i] = from[i];
}

__global__ void __launch_bounds__(kThreads) fma_kernel(float* out, int rounds, float factor) {
  float x[kChains];
  for (int i = 0; i < kChains; ++i) x[i] = static_cast<float>(threadIdx.x + i);
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int i = 0; i < kChains; ++i) x[i] = fmaf(x[i], factor, 1.0f);
  }
  float sum = 0;
  for (int i = 0; i < kChains; ++i) sum += x[i];
  out[blockIdx.x * kThreads + threadIdx.x] = sum;
}

void check(cudaError_t error, const char* call) {
  if (error != cudaSuccess) throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(error));
}

struct Stream {
  cudaStream_t stream = nullptr;

  explicit Stream(int index) {
    check(cudaSetDevice(index), "cudaSetDevice");
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  }
  ~Stream() { cudaStreamDestroy(stream); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Seconds of the fastest of five runs.
  template <class... Parameters, class... Arguments>
  double fastest(void (*kernel)(Parameters...), unsigned blocks, Arguments... arguments) const {
    cudaLaunchConfig_t config{};
    config.gridDim = blocks;
    config.blockDim = kThreads;
    config.stream = stream;
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      check(cudaLaunchKernelEx(&config, kernel, arguments...), "cudaLaunchKernelEx");
      check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
      best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    return best;
  }
};

}  // namespace

Limits measure_limits(int index, bool smoke) {
  const Stream stream(index);
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  const size_t bytes = size_t{1} << (smoke ? 20 : 30);
  float4 *from = nullptr, *to = nullptr;
  check(cudaMalloc(&from, bytes), "cudaMalloc");
  check(cudaMalloc(&to, bytes), "cudaMalloc");
  const auto blocks = static_cast<unsigned>(properties.multiProcessorCount * 8);
  const int rounds = smoke ? 4 : 16384;
  Limits limits;
  limits.copy_bytes = 2.0 * static_cast<double>(bytes) / stream.fastest(copy_kernel, blocks, from, to, static_cast<int64_t>(bytes / sizeof(float4)));
  limits.fma_flop = 2.0 * kChains * rounds * blocks * kThreads / stream.fastest(fma_kernel, blocks, reinterpret_cast<float*>(to), rounds, 0.5f);
  cudaFree(from);
  cudaFree(to);
  return limits;
}

}  // namespace gpa::bench
