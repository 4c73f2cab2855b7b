// Devices and queues: memory, copies, several queues, what fails and how it is told.
#include <cstring>
#include <new>
#include <numeric>
#include <thread>

#include "cuda_emulation/control.h"
#include "device.h"

namespace gpa::test {
namespace {

using cuda_emulation::fail;

std::vector<int32_t> numbers(size_t count, int32_t first) {
  std::vector<int32_t> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

// Faults can be asked for only of the emulated GPU.
class CudaFailure : public testing::Test {
 protected:
  void SetUp() override {
    if (!emulated()) GTEST_SKIP() << "not emulated";
    device();
  }
  void TearDown() override {
    cuda_emulation::set_driver(13000, 2);
    cuda_emulation::set_capability(9, 0);
  }

  template <class Function>
  static std::string failure(Function&& f) {
    try {
      f();
    } catch (const DeviceFailure& e) {
      return e.what();
    }
    return "none";
  }
};

TEST(CudaQueue, whatIsUploadedMayChangeAtOnce) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  Side side(*queue, device().kernels());
  constexpr size_t kCount = 10'000;
  std::vector<int32_t*> arrays;
  std::vector<int32_t> values;
  for (int i = 0; i < 200; ++i) {
    values = numbers(kCount, i);
    arrays.push_back(side.array(values));
    std::fill(values.begin(), values.end(), -1);
  }
  for (int i = 0; i < 200; ++i) ASSERT_EQ(numbers(kCount, i), side.get(arrays[static_cast<size_t>(i)], kCount)) << i;
}

TEST(CudaQueue, uploadsOfAnySizeComeBack) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  EXPECT_FALSE(queue->on_host());
  EXPECT_EQ(1, queue->host().threads());
  Side side(*queue, device().kernels());
  for (const size_t count : {size_t{1}, size_t{16}, size_t{65535}, size_t{65536}, size_t{65537}, size_t{1} << 20}) {
    const std::vector<int32_t> values = numbers(count, 5);
    int32_t* memory = side.array(values);
    EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(memory) % 64);
    EXPECT_EQ(values, side.get(memory, static_cast<int64_t>(count)));
  }
  queue->upload(nullptr, nullptr, 0);
  queue->download(nullptr, nullptr, 0);
  queue->release(nullptr);
}

TEST(CudaQueue, copiesRowsApart) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  Side side(*queue, device().kernels());
  int32_t *from = side.array(numbers(12, 0)), *to = side.array(std::vector<int32_t>(10, -1));
  queue->copy(to, 5 * 4, from + 1, 6 * 4, 3 * 4, 2);
  EXPECT_EQ((std::vector<int32_t>{1, 2, 3, -1, -1, 7, 8, 9, -1, -1}), side.get(to, 10));
  queue->copy(to, 4, from, 4, 4, 10);
  EXPECT_EQ(numbers(10, 0), side.get(to, 10));
  queue->copy(to, 0, from + 11, 0, 4, 1);
  EXPECT_EQ(11, side.get(to, 1)[0]);
  queue->copy(to, 0, from, 0, 0, 5);
}

TEST(CudaQueue, releasedMemoryTakesEffectInOrder) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  Side side(*queue, device().kernels());
  int32_t* kept = side.array(std::vector<int32_t>(100, -1));
  const std::vector<int32_t> values = numbers(100, 3);
  void* early = queue->allocate(400);
  queue->upload(early, values.data(), 400);
  queue->copy(kept, 0, early, 0, 400, 1);
  queue->release(early);
  EXPECT_EQ(values, side.get(kept, 100));
}

// Larger than what goes through the queue's own pinned memory.
TEST(CudaQueue, memoryOfTheHostIsWrittenByTheGpuItself) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  Side side(*queue, device().kernels());
  constexpr size_t kCount = 200'000, kBytes = kCount * sizeof(int32_t);
  const std::vector<int32_t> values = numbers(kCount, 7);
  int32_t* const array = side.array(values);
  auto* const memory = static_cast<int32_t*>(queue->host().allocate(kBytes));
  const auto pageable_copies = [] { return emulated() ? cuda_emulation::pageable_copies() : 0; };
  const int before = pageable_copies();
  queue->download(memory, array, kBytes);
  EXPECT_EQ(values, std::vector<int32_t>(memory, memory + kCount));
  queue->download(memory + 5, array, 8);
  EXPECT_EQ((std::vector<int32_t>{7, 8}), std::vector<int32_t>(memory + 5, memory + 7));
  EXPECT_EQ(before, pageable_copies());
  std::vector<int32_t> pageable(kCount);
  queue->download(pageable.data(), array, kBytes);
  EXPECT_EQ(values, pageable);
  EXPECT_EQ(before + emulated(), pageable_copies());
  queue->host().release(memory);
}

TEST(CudaQueue, memoryOfTheHostIsUsedAgain) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  ThreadPool& host = queue->host();
  void *const large = host.allocate(1 << 20), *const small = host.allocate(1);
  EXPECT_NE(large, small);
  host.release(large);
  host.release(small);
  void *const again = host.allocate(1000), *const half = host.allocate(1 << 19);
  EXPECT_EQ(small, again);  // not the large one
  EXPECT_EQ(large, half);
  host.release(half);
  void* const quarter = host.allocate(1 << 18);
  EXPECT_NE(large, quarter);  // which would waste the rest
  for (void* memory : {again, quarter, static_cast<void*>(nullptr)}) host.release(memory);
}

TEST(CudaQueue, queuesOfOneDeviceWorkAtOnce) {
  std::vector<std::thread> threads;
  std::vector<std::string> wrong(4);
  for (size_t i = 0; i < wrong.size(); ++i) {
    threads.emplace_back([i, &wrong] {
      const std::unique_ptr<Queue> queue = device().make_queue(2);
      Side side(*queue, device().kernels());
      for (int32_t n = 0; n < 20; ++n) {
        const Floats x(1000, static_cast<float>(n) - static_cast<float>(i));
        float* y = side.floats(1000);
        device().kernels().activate(*queue, {side.array(x), 1000, Activation::kRelu, y});
        if (side.get(y, 1000) != Floats(1000, x[0] < 0 ? 0.0f : x[0])) wrong[i] = "wrong at " + std::to_string(n);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::vector<std::string>(wrong.size()), wrong);
}

TEST(CudaDevice, adoptedMemoryIsAnOperandWhereverItPoints) {
  const std::unique_ptr<Device> other = device_library().open(0);
  // Of odd size and place, and larger than what is uploaded at once.
  std::vector<float> weights(5'000'001);
  std::iota(weights.begin(), weights.end(), 0.0f);
  const Floats small = {5, 6, 7};
  other->adopt(weights.data() + 1, (weights.size() - 1) * sizeof(float));
  other->adopt(small.data(), small.size() * sizeof(float));
  const std::unique_ptr<Queue> queue = other->make_queue(1);
  Side side(*queue, other->kernels());
  EXPECT_EQ(5000000.0f, side.get(&weights.back(), 1)[0]);
  float* y = side.floats(3);
  other->kernels().affine(*queue, {&weights[1'500'000], 1, 3, small.data(), nullptr, &weights[1], y});
  EXPECT_EQ((Floats{1'500'000.0f * 5 + 1, 1'500'001.0f * 6 + 2, 1'500'002.0f * 7 + 3}), side.get(y, 3));
}

TEST(CudaDevice, aDeviceThatIsNotThereIsNamed) {
  const int count = device_library().count();
  for (const int index : {count, -1}) {
    try {
      device_library().open(index);
      FAIL() << index;
    } catch (const DeviceFailure& e) {
      EXPECT_EQ("cuda:" + std::to_string(index) + ": no such device: this machine has " + std::to_string(count) + ", numbered from 0",
                std::string(e.what()));
    }
  }
}

TEST(CudaQueue, memoryThatNoDeviceHasIsBadAlloc) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  EXPECT_THROW(queue->allocate(size_t{1} << 50), std::bad_alloc);
  Side side(*queue, device().kernels());
  EXPECT_EQ(numbers(5, 1), side.get(side.array(numbers(5, 1)), 5));
}

TEST(CudaDevice, saysItsNameAndWhichThereAre) {
  EXPECT_EQ(kDeviceAbi, device_library().abi);
  EXPECT_GE(device_library().count(), 1);
  EXPECT_EQ(0u, device().name().find("cuda:0 (")) << device().name();
  EXPECT_STREQ("cuda", device().kernels().name);
}

TEST_F(CudaFailure, aDriverThatIsMissingOrTooOldIsNamed) {
  cuda_emulation::set_driver(0, 0);
  EXPECT_EQ(0, device_library().count());
  EXPECT_EQ("cuda: no driver: install NVIDIA's for CUDA 13.0 or newer", failure([] { device_library().open(0); }));
  cuda_emulation::set_driver(12020, 1);
  EXPECT_EQ(0, device_library().count());
  EXPECT_EQ("cuda: the driver is too old: it serves CUDA up to 12.2, this library needs 13.0", failure([] { device_library().open(0); }));
  cuda_emulation::set_driver(13000, 0);
  EXPECT_EQ("cuda: no GPU: no CUDA-capable device is detected", failure([] { device_library().open(0); }));
}

TEST_F(CudaFailure, aGpuForWhichThereIsNoCodeIsNamed) {
  cuda_emulation::set_capability(7, 5);
  EXPECT_EQ(0, device_library().count());
  EXPECT_EQ("cuda:1 (Emulated GPU): this library has no code for a GPU of compute capability 7.5", failure([] { device_library().open(1); }));
  cuda_emulation::set_capability(8, 9);
  EXPECT_EQ(2, device_library().count());
  fail("cudaFuncGetAttributes", 1, cudaErrorNoKernelImageForDevice);
  EXPECT_EQ("cuda:0 (Emulated GPU): this library has no code for a GPU of compute capability 8.9", failure([] { device_library().open(0); }));
  fail("cudaFuncGetAttributes", 1, cudaErrorLaunchFailure);
  EXPECT_EQ("cuda:0 (Emulated GPU): cudaFuncGetAttributes: unspecified launch failure", failure([] { device_library().open(0); }));
  EXPECT_EQ("none", failure([] { device_library().open(0); }));
}

TEST_F(CudaFailure, anErrorNamesTheDeviceAndTheCall) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  Side side(*queue, device().kernels());
  float* y = side.floats(4);
  fail("launch", 1, cudaErrorNoKernelImageForDevice);
  EXPECT_EQ("cuda:0 (Emulated GPU): cudaLaunchKernelEx: no kernel image is available for execution on the device",
            failure([&] { device().kernels().activate(*queue, {y, 4, Activation::kRelu, y}); }));
  fail("cudaStreamSynchronize", 1, cudaErrorIllegalAddress);
  EXPECT_EQ("cuda:0 (Emulated GPU): cudaStreamSynchronize: an illegal memory access was encountered", failure([&] { queue->wait(); }));
  const std::vector<int32_t> values(100'000);
  void* memory = side.array(values);
  fail("cudaMemcpyAsync", 2, cudaErrorLaunchFailure);
  EXPECT_EQ("cuda:0 (Emulated GPU): cudaMemcpyAsync: unspecified launch failure",
            failure([&] { queue->upload(memory, values.data(), 400'000), queue->upload(memory, values.data(), 400'000); }));
}

TEST_F(CudaFailure, memoryThatRunsOutIsBadAllocAndTheQueueLives) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  fail("cudaMallocAsync", 1, cudaErrorMemoryAllocation);
  EXPECT_THROW(queue->allocate(4), std::bad_alloc);
  Side side(*queue, device().kernels());
  EXPECT_EQ(numbers(5, 1), side.get(side.array(numbers(5, 1)), 5));
}

TEST_F(CudaFailure, pinnedMemoryThatRunsOutIsTakenFromWhatIsKept) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  ThreadPool& host = queue->host();
  fail("cudaMallocHost", 1, cudaErrorMemoryAllocation);
  EXPECT_THROW(host.allocate(100), std::bad_alloc);
  host.release(host.allocate(1 << 20));
  fail("cudaMallocHost", 1, cudaErrorMemoryAllocation);
  host.release(host.allocate(100));
}

// Whichever of its allocations fails, nothing is left behind.
TEST_F(CudaFailure, aQueueOrAnAdoptionThatFailsLeavesNothing) {
  const int before = cuda_emulation::allocations();
  const Floats weights(10'000, 1.0f);
  const std::unique_ptr<Device> other = device_library().open(1);
  for (int nth = 1; nth <= 2; ++nth) {
    fail("cudaMallocHost", nth, cudaErrorMemoryAllocation);
    EXPECT_THROW(other->adopt(weights.data(), 40'000), std::bad_alloc);
  }
  fail("cudaMalloc", 1, cudaErrorMemoryAllocation);
  EXPECT_THROW(other->adopt(weights.data(), 40'000), std::bad_alloc);
  fail("cudaMemcpyAsync", 1, cudaErrorLaunchFailure);
  EXPECT_THROW(other->adopt(weights.data(), 40'000), DeviceFailure);
  fail("cudaMallocHost", 1, cudaErrorMemoryAllocation);
  EXPECT_THROW(other->make_queue(1), std::bad_alloc);
  fail("cudaEventCreateWithFlags", 3, cudaErrorLaunchFailure);
  EXPECT_THROW(other->make_queue(1), DeviceFailure);
  EXPECT_EQ(before, cuda_emulation::allocations());
  other->adopt(weights.data(), 40'000);
  EXPECT_EQ(before + 1, cuda_emulation::allocations());
}

TEST_F(CudaFailure, opsOnlyGiveWork) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  Side side(*queue, device().kernels());
  float* y = side.array(Floats(4, -1.0f));
  queue->wait();
  const int before = cuda_emulation::launches();
  device().kernels().activate(*queue, {y, 4, Activation::kRelu, y});
  EXPECT_EQ(before, cuda_emulation::launches());
  EXPECT_EQ(Floats(4), side.get(y, 4));
  EXPECT_EQ(before + 1, cuda_emulation::launches());
}

}  // namespace
}  // namespace gpa::test
