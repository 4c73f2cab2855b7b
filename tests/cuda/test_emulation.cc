// The emulation itself: that it computes what CUDA does, and that it finds what it should find.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_pipeline.h>
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "cuda_emulation/control.h"
#include "cuda_emulation/mma.h"

namespace {

template <class... P, class... A>
cudaError_t launch(cudaStream_t stream, void (*kernel)(P...), dim3 grid, dim3 block, size_t shared, A&&... arguments) {
  const cudaLaunchConfig_t config{grid, block, shared, stream, nullptr, 0};
  return cudaLaunchKernelEx(&config, kernel, std::forward<A>(arguments)...);
}

class Emulation : public testing::Test {
 protected:
  void SetUp() override {
    cuda_emulation::report_faults();
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    ASSERT_EQ(cudaSuccess, cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  }
  void TearDown() override {
    cudaStreamDestroy(stream_);
    cuda_emulation::set_order(cuda_emulation::Order::kForward);
  }

  template <class T>
  T* device(const std::vector<T>& values) {
    T* memory = nullptr;
    EXPECT_EQ(cudaSuccess, cudaMalloc(&memory, values.size() * sizeof(T)));
    EXPECT_EQ(cudaSuccess, cudaMemcpyAsync(memory, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice, stream_));
    EXPECT_EQ(cudaSuccess, cudaStreamSynchronize(stream_));
    return memory;
  }
  template <class T>
  std::vector<T> host(const T* memory, size_t count) {
    std::vector<T> values(count);
    EXPECT_EQ(cudaSuccess, cudaMemcpyAsync(values.data(), memory, count * sizeof(T), cudaMemcpyDeviceToHost, stream_));
    EXPECT_EQ(cudaSuccess, cudaStreamSynchronize(stream_));
    return values;
  }

  cudaStream_t stream_ = nullptr;
};

__global__ void sum_kernel(const float* x, int count, float* y) {
  __shared__ float partial[32];
  float sum = 0;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) sum += x[i];
  for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, lanes);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x >= 32) return;
  sum = threadIdx.x < blockDim.x / 32 ? partial[threadIdx.x] : 0.0f;
  for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_down_sync(0xffffffffu, sum, static_cast<unsigned>(lanes));
  if (threadIdx.x == 0) y[blockIdx.x] = sum;
}

TEST_F(Emulation, aBlockSumsInAnyOrder) {
  std::vector<float> x(1000);
  std::iota(x.begin(), x.end(), 0.0f);
  float *in = device(x), *out = device(std::vector<float>(3));
  for (const auto order : {cuda_emulation::Order::kForward, cuda_emulation::Order::kReverse}) {
    cuda_emulation::set_order(order);
    ASSERT_EQ(cudaSuccess, launch(stream_, sum_kernel, 3, 128, 0, in, 1000, out));
    EXPECT_EQ(std::vector<float>(3, 499500.0f), host(out, 3));
  }
  cudaFree(in);
  cudaFree(out);
}

__global__ void reverse_kernel(int* x, int count) {
  GPA_DYNAMIC_SHARED(int, copy);
  const int i = static_cast<int>(threadIdx.x);
  __pipeline_memcpy_async(copy + i, x + i, 4);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  __syncthreads();
  x[i] = copy[count - 1 - i];
}

TEST_F(Emulation, dynamicSharedMemoryAndAsynchronousCopies) {
  std::vector<int> x(64);
  std::iota(x.begin(), x.end(), 0);
  int* memory = device(x);
  ASSERT_EQ(cudaSuccess, launch(stream_, reverse_kernel, 1, 64, 64 * sizeof(int), memory, 64));
  EXPECT_EQ(std::vector<int>(x.rbegin(), x.rend()), host(memory, 64));
  cudaFree(memory);
}

TEST_F(Emulation, workWaitsUntilSomebodyWaits) {
  float *in = device(std::vector<float>(10, 1.0f)), *out = device(std::vector<float>(1));
  const int before = cuda_emulation::launches();
  ASSERT_EQ(cudaSuccess, launch(stream_, sum_kernel, 1, 32, 0, in, 10, out));
  cudaEvent_t event;
  ASSERT_EQ(cudaSuccess, cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  ASSERT_EQ(cudaSuccess, cudaEventRecord(event, stream_));
  EXPECT_EQ(before, cuda_emulation::launches());
  EXPECT_EQ(cudaErrorNotReady, cudaEventQuery(event));
  cudaStream_t other;
  ASSERT_EQ(cudaSuccess, cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking));
  ASSERT_EQ(cudaSuccess, cudaStreamWaitEvent(other, event));
  ASSERT_EQ(cudaSuccess, cudaStreamSynchronize(other));
  EXPECT_EQ(before + 1, cuda_emulation::launches());
  EXPECT_EQ(cudaSuccess, cudaEventQuery(event));
  cudaStreamDestroy(other);
  cudaEventDestroy(event);
  cudaFree(in);
  cudaFree(out);
}

TEST_F(Emulation, graphsReplayWhatWasCaptured) {
  float *in = device(std::vector<float>(10, 1.0f)), *out = device(std::vector<float>(1));
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  ASSERT_EQ(cudaSuccess, cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  ASSERT_EQ(cudaSuccess, launch(stream_, sum_kernel, 1, 32, 0, in, 10, out));
  float* none = nullptr;
  EXPECT_EQ(cudaErrorStreamCaptureUnsupported, cudaStreamSynchronize(stream_));
  EXPECT_EQ(cudaErrorStreamCaptureUnsupported, cudaMallocAsync(&none, 4, stream_));
  ASSERT_EQ(cudaSuccess, cudaStreamEndCapture(stream_, &graph));
  ASSERT_EQ(cudaSuccess, cudaGraphInstantiate(&exec, graph));
  const int before = cuda_emulation::launches();
  ASSERT_EQ(cudaSuccess, cudaGraphLaunch(exec, stream_));
  ASSERT_EQ(cudaSuccess, cudaGraphLaunch(exec, stream_));
  EXPECT_EQ(10.0f, host(out, 1)[0]);
  EXPECT_EQ(before + 2, cuda_emulation::launches());
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
  cudaFree(in);
  cudaFree(out);
}

TEST_F(Emulation, callsFailWhenTold) {
  cuda_emulation::fail("cudaMalloc", 2, cudaErrorMemoryAllocation);
  float *first = nullptr, *second = nullptr;
  EXPECT_EQ(cudaSuccess, cudaMalloc(&first, 4));
  EXPECT_EQ(cudaErrorMemoryAllocation, cudaMalloc(&second, 4));
  EXPECT_EQ(cudaErrorMemoryAllocation, cudaGetLastError());
  EXPECT_EQ(cudaSuccess, cudaMalloc(&second, 4));
  cudaFree(first);
  cudaFree(second);
  EXPECT_EQ(cudaErrorInvalidValue, launch(stream_, sum_kernel, 1, 32, 49 << 10, nullptr, 0, nullptr));
  EXPECT_EQ(cudaErrorInvalidConfiguration, launch(stream_, sum_kernel, 0, 32, 0, nullptr, 0, nullptr));
}

__global__ void early_return_kernel() {
  if (threadIdx.x == 3) return;
  __syncthreads();
}
__global__ void two_barriers_kernel() {
  if (threadIdx.x < 32)
    __syncthreads();
  else
    __syncthreads();
}
__global__ void half_warp_kernel() {
  if (threadIdx.x < 16) __syncwarp();
}
__global__ void touch_kernel(float* x, int i) { x[i] = 1; }
__global__ void missing_wait_kernel(const float* x, float* y) {
  GPA_DYNAMIC_SHARED(float, copy);
  __pipeline_memcpy_async(copy, x, 4);
  y[0] = copy[0];
}

TEST_F(Emulation, whatCudaForbidsEndsTheProcess) {
  float* x = device(std::vector<float>(5));
  const auto run = [&](auto kernel, auto... arguments) {
    launch(stream_, kernel, 1, 64, 16, arguments...);
    cudaStreamSynchronize(stream_);
  };
  EXPECT_DEATH(run(early_return_kernel), "some threads wait at __syncthreads, others have ended");
  EXPECT_DEATH(run(two_barriers_kernel), "threads wait at different __syncthreads");
  EXPECT_DEATH(run(half_warp_kernel), "lanes wait for others of their warp that do not come");
  EXPECT_DEATH(run(touch_kernel, x, 5), "wrote behind device memory of 20 bytes");
  EXPECT_DEATH(run(touch_kernel, x, 64), "block \\(0, 0, 0\\), thread \\(0, 0, 0\\) touches byte 256 of device memory of 20 bytes");
  EXPECT_DEATH(run(touch_kernel, x, -1), "wrote before device memory of 20 bytes");
  EXPECT_DEATH(*static_cast<volatile float*>(x) = 1, "the host touches byte 0 of device memory of 20 bytes");
  cudaFree(x);
  EXPECT_DEATH(run(touch_kernel, x, 0), "freed device memory");
}

TEST_F(Emulation, asynchronousCopiesAreMadeWhenWaitedFor) {
  float *x = device(std::vector<float>(1, 3.0f)), *y = device(std::vector<float>(1));
  ASSERT_EQ(cudaSuccess, launch(stream_, missing_wait_kernel, 1, 1, 16, x, y));
  EXPECT_TRUE(std::isnan(host(y, 1)[0]));
  cudaFree(x);
  cudaFree(y);
}

TEST_F(Emulation, memoryOfAllDevicesIsGivenBack) {
  const int before = cuda_emulation::allocations();
  float* x = nullptr;
  ASSERT_EQ(cudaSuccess, cudaMallocAsync(&x, 100, stream_));
  EXPECT_TRUE(cuda_emulation::on_device(x + 24));
  EXPECT_FALSE(cuda_emulation::on_device(x + 25));
  ASSERT_EQ(cudaSuccess, cudaFreeAsync(x, stream_));
  cudaStreamSynchronize(stream_);
  EXPECT_EQ(before, cuda_emulation::allocations());
}

// a [16, 16], b [8, 16], c [16, 8]; fragments gathered as the PTX ISA draws them.
__global__ void mma_kernel(const float* a, const float* b, float* c) {
  const int lane = static_cast<int>(threadIdx.x), group = lane / 4, t = lane % 4;
  const auto pair = [](const float* row, int k) { return cuda_emulation::bf16_pair(row[k], row[k + 1]); };
  uint32_t fragment_a[4], fragment_b[2];
  for (int i = 0; i < 4; ++i) fragment_a[i] = pair(a + (group + i % 2 * 8) * 16, 2 * t + i / 2 * 8);
  for (int i = 0; i < 2; ++i) fragment_b[i] = pair(b + group * 16, 2 * t + i * 8);
  float* const places[4] = {c + group * 8 + 2 * t, c + group * 8 + 2 * t + 1, c + (group + 8) * 8 + 2 * t, c + (group + 8) * 8 + 2 * t + 1};
  float sum[4] = {*places[0], *places[1], *places[2], *places[3]};
  cuda_emulation::mma_m16n8k16_bf16(sum, fragment_a, fragment_b);
  for (int i = 0; i < 4; ++i) *places[i] = sum[i];
}

class TensorCore : public Emulation {
 protected:
  std::vector<float> multiply(const std::vector<float>& a, const std::vector<float>& b, const std::vector<float>& c) {
    float *x = device(a), *w = device(b), *y = device(c);
    EXPECT_EQ(cudaSuccess, launch(stream_, mma_kernel, 1, 32, 0, x, w, y));
    std::vector<float> out = host(y, c.size());
    for (float* memory : {x, w, y}) cudaFree(memory);
    return out;
  }
};

TEST_F(TensorCore, bf16Fragments_giveTheProduct) {
  std::vector<float> a(16 * 16), b(8 * 16), c(16 * 8);
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i * 37 % 101) - 50;
  for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i * 53 % 89) - 40;
  for (size_t i = 0; i < c.size(); ++i) c[i] = static_cast<float>(i);
  std::vector<float> want = c;
  for (size_t i = 0; i < want.size(); ++i)
    for (size_t k = 0; k < 16; ++k) want[i] += a[i / 8 * 16 + k] * b[i % 8 * 16 + k];
  EXPECT_EQ(want, multiply(a, b, c));
}

TEST_F(TensorCore, bf16Sums_areTruncatedToTheLargest) {
  std::vector<float> a(16 * 16), b(8 * 16, 1.0f), c(16 * 8);
  const auto set = [&](size_t row, float begin, std::vector<float> products) {
    std::copy(products.begin(), products.end(), a.begin() + static_cast<std::ptrdiff_t>(row * 16));
    c[row * 8 + 3] = begin;
  };
  set(0, 1, {0x1p-23f, 0x1p-24f, 0x1p-24f});      // the last two are lost one by one
  set(1, -1, {0x1p-24f, -0x1.8p-23f});            // towards zero
  set(2, 0x1.fffffep0f, {0x1p-23f, 0x1.8p-22f});  // the carry takes a bit of the sum
  set(3, 0, {0x1p-130f, 0x1p-130f});
  set(4, 0, {INFINITY, 1});
  set(5, 0, {INFINITY, -INFINITY});
  const std::vector<float> got = multiply(a, b, c);
  EXPECT_EQ(1 + 0x1p-23f, got[0 * 8 + 3]);
  EXPECT_EQ(-1 - 0x1p-23f, got[1 * 8 + 3]);
  EXPECT_EQ(2 + 0x1p-22f, got[2 * 8 + 3]);
  EXPECT_EQ(0x1p-129f, got[3 * 8 + 3]);
  EXPECT_EQ(INFINITY, got[4 * 8 + 3]);
  EXPECT_TRUE(std::isnan(got[5 * 8 + 3]));
}

TEST_F(Emulation, halvesAndBytes) {
  EXPECT_EQ(1.5f, __half2float(__float2half_rn(1.5f)));
  EXPECT_EQ(0x3fc0, __bfloat16_as_ushort(__float2bfloat16_rn(1.5f)));
  EXPECT_EQ(-3 * 2 + 4 * 5 + 1, __dp4a(0x0004fd00, 0x00050200, 1));
  EXPECT_EQ(0x05060102u, __byte_perm(0x01020304, 0x05060708, 0x7632));
}

}  // namespace
