// Device memory: each allocation lies at the end of pages of its own, between pages that may not be touched, and can be touched only
// while work of a stream is done. It starts as NaN, and so does what is left of its pages, which no kernel may write.
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iterator>
#include <map>

#include "cuda_emulation/control.h"
#include "state.h"

namespace cuda_emulation {
namespace {

constexpr size_t kPage = 4096, kAlignment = 256, kGuard = 1 << 20, kQuarantine = 512;
constexpr unsigned char kPoison = 0xff;

struct Allocation {
  unsigned char *map, *pages, *data;
  size_t map_bytes, page_bytes, bytes;
};

struct Memory {
  std::map<const unsigned char*, Allocation> live;  // by the begin of the data
  std::map<void*, size_t> pinned;
  std::deque<Allocation> freed;
  int open = 0;
  size_t used = 0, capacity = size_t{16} << 30;
};
// The environment may say how much memory there is, for programs that cannot call set_capacity().
Memory& memory() {
  static auto* const state = [] {
    auto* made = new Memory;
    if (const char* bytes = std::getenv("GPA_CUDA_EMULATION_BYTES")) made->capacity = std::strtoull(bytes, nullptr, 10);
    return made;
  }();
  return *state;
}

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

void protect(const Allocation& a, int protection) {
  if (mprotect(a.pages, a.page_bytes, protection) != 0) fatal("mprotect failed");
}

cudaError_t make(void** out, size_t bytes) {
  Memory& m = memory();
  *out = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (bytes > m.capacity || m.used + bytes > m.capacity) return set_error(cudaErrorMemoryAllocation);
  Allocation a{};
  a.bytes = bytes;
  a.page_bytes = round_up(bytes, kPage);
  a.map_bytes = a.page_bytes + 2 * kGuard;
  void* map = mmap(nullptr, a.map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (map == MAP_FAILED) return set_error(cudaErrorMemoryAllocation);
  a.map = static_cast<unsigned char*>(map);
  a.pages = a.map + kGuard;
  a.data = a.pages + a.page_bytes - round_up(bytes, kAlignment);
  protect(a, PROT_READ | PROT_WRITE);
  std::memset(a.pages, kPoison, a.page_bytes);
  if (!m.open) protect(a, PROT_NONE);
  m.live[a.data] = a;
  m.used += bytes;
  *out = a.data;
  return cudaSuccess;
}

Allocation take(const char* call, void* data) {
  Memory& m = memory();
  const auto found = m.live.find(static_cast<unsigned char*>(data));
  if (found == m.live.end()) fatal("%s: %p was not allocated, or is free already", call, data);
  const Allocation a = found->second;
  m.live.erase(found);
  return a;
}

// Freed memory stays untouchable for a while, so that late uses are found.
void bury(const Allocation& a) {
  Memory& m = memory();
  protect(a, PROT_NONE);
  madvise(a.pages, a.page_bytes, MADV_DONTNEED);
  m.freed.push_back(a);
  if (m.freed.size() <= kQuarantine) return;
  munmap(m.freed.front().map, m.freed.front().map_bytes);
  m.freed.pop_front();
}

// The allocation in whose pages, or in the guards of them, the address lies.
const Allocation* near(const unsigned char* address) {
  const auto& live = memory().live;
  auto found = live.upper_bound(address);
  for (int tries = 0; tries < 2; ++tries) {
    if (found != live.end() && address >= found->second.map && address < found->second.map + found->second.map_bytes) return &found->second;
    if (found == live.begin()) break;
    --found;
  }
  return nullptr;
}

bool was_freed(const unsigned char* address) {
  for (const Allocation& a : memory().freed)
    if (address >= a.map && address < a.map + a.map_bytes) return true;
  return false;
}

void on_fault(int number, siginfo_t* info, void*) {
  const auto* address = static_cast<const unsigned char*>(info->si_addr);
  char who[200] = "the host", text[400];
  describe_running(who, sizeof who);
  const Allocation* a = near(address);
  int length = 0;
  if (a) {
    length = std::snprintf(text, sizeof text, "emulated CUDA: %s touches byte %td of device memory of %zu bytes\n", who, address - a->data, a->bytes);
  } else {
    length = std::snprintf(text, sizeof text, "emulated CUDA: %s touches %p%s\n", who, info->si_addr, was_freed(address) ? ", freed device memory" : "");
  }
  if (write(2, text, static_cast<size_t>(length)) < 0) _exit(1);
  signal(number, SIG_DFL);
}

}  // namespace

void open_memory() {
  if (memory().open++) return;
  for (const auto& [data, a] : memory().live) protect(a, PROT_READ | PROT_WRITE);
}

void close_memory() {
  if (--memory().open) return;
  for (const auto& [data, a] : memory().live) protect(a, PROT_NONE);
}

void check_canaries(const char* after) {
  const auto intact = [](const unsigned char* begin, const unsigned char* end) {
    for (; begin < end; ++begin)
      if (*begin != kPoison) return false;
    return true;
  };
  for (const auto& [data, a] : memory().live) {
    if (!intact(a.pages, a.data)) fatal("%s wrote before device memory of %zu bytes", after, a.bytes);
    if (!intact(a.data + a.bytes, a.pages + a.page_bytes)) fatal("%s wrote behind device memory of %zu bytes", after, a.bytes);
  }
}

cudaError_t allocate(const char* call, void** out, size_t bytes) {
  const std::lock_guard guard(lock());
  if (const cudaError_t error = injected(call)) return error;
  return make(out, bytes);
}

cudaError_t allocate_async(const char* call, void** out, size_t bytes, cudaStream_t stream) {
  const std::lock_guard guard(lock());
  if (const cudaError_t error = injected(call)) return error;
  if (capturing(stream)) return set_error(cudaErrorStreamCaptureUnsupported);
  return make(out, bytes);
}

cudaError_t allocate_host(const char* call, void** out, size_t bytes) {
  const std::lock_guard guard(lock());
  if (const cudaError_t error = injected(call)) return error;
  *out = std::aligned_alloc(kPage, round_up(bytes ? bytes : 1, kPage));
  if (!*out) return set_error(cudaErrorMemoryAllocation);
  memory().pinned[*out] = bytes;
  return cudaSuccess;
}

bool on_device(const void* address) {
  const std::lock_guard guard(lock());
  const auto* byte = static_cast<const unsigned char*>(address);
  const Allocation* a = near(byte);
  return a && byte >= a->data && byte < a->data + a->bytes;
}

bool pinned(const void* address) {
  const std::lock_guard guard(lock());
  const auto after = memory().pinned.upper_bound(const_cast<void*>(address));
  if (after == memory().pinned.begin()) return false;
  const auto& [begin, bytes] = *std::prev(after);
  return static_cast<const char*>(address) < static_cast<const char*>(begin) + bytes;
}

int allocations() {
  const std::lock_guard guard(lock());
  return static_cast<int>(memory().live.size());
}

size_t device_bytes() {
  const std::lock_guard guard(lock());
  return memory().used;
}

void set_capacity(size_t bytes) {
  const std::lock_guard guard(lock());
  memory().capacity = bytes;
}

void report_faults() {
  static char stack[64 << 10];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, nullptr);
}

}  // namespace cuda_emulation

using namespace cuda_emulation;

cudaError_t cudaFree(void* data) {
  const std::lock_guard guard(lock());
  if (const cudaError_t error = injected("cudaFree")) return error;
  if (!data) return cudaSuccess;
  const Allocation a = take("cudaFree", data);
  memory().used -= a.bytes;
  bury(a);
  return cudaSuccess;
}

cudaError_t cudaFreeAsync(void* data, cudaStream_t stream) {
  const std::lock_guard guard(lock());
  if (const cudaError_t error = injected("cudaFreeAsync")) return error;
  if (!data) return cudaSuccess;
  const auto found = memory().live.find(static_cast<unsigned char*>(data));
  if (found == memory().live.end()) fatal("cudaFreeAsync: %p was not allocated, or is free already", data);
  memory().used -= found->second.bytes;
  enqueue(stream, [data] { bury(take("cudaFreeAsync", data)); });
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* data) {
  const std::lock_guard guard(lock());
  if (const cudaError_t error = injected("cudaFreeHost")) return error;
  if (!data) return cudaSuccess;
  if (memory().pinned.erase(data) == 0) fatal("cudaFreeHost: %p was not allocated, or is free already", data);
  std::free(data);
  return cudaSuccess;
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  *pool = nullptr;
  return injected("cudaDeviceGetDefaultMemPool");
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return injected("cudaMemPoolSetAttribute"); }
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) { return injected("cudaMemPoolTrimTo"); }
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  const std::lock_guard guard(lock());
  *total = memory().capacity;
  *free = memory().capacity - memory().used;
  return injected("cudaMemGetInfo");
}
