// Blocks run one after the other; the threads of a block are fibers that are resumed until all are done.
#include <sys/mman.h>

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <vector>

#include "cuda_emulation/control.h"
#include "cuda_emulation/thread.h"
#include "state.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace cuda_emulation {
namespace {

constexpr size_t kStackBytes = 256 << 10;
constexpr size_t kSharedLimit = 227 << 10;
constexpr size_t kSharedByDefault = 48 << 10;

enum class State { kReady, kAtBarrier, kInWarp, kDone };

struct Copy {
  void* to;
  const void* from;
  size_t size, bytes;
};

struct Thread {
  boost::context::fiber context, scheduler;
  State state;
  uint3 index;
  int number;
  const char* file;
  int line;
  void* argument;
  std::vector<std::vector<Copy>> copies;  // groups, oldest first; the last is not committed yet
};

// Lanes that wait for the others of their mask.
struct Meeting {
  unsigned mask = 0, arrived = 0;
  const char* file = nullptr;
  int line = 0;
};

struct Running {
  std::vector<std::unique_ptr<Thread>> threads;  // kept for the next blocks
  Meeting meetings[32][32];                      // by warp and the first lane of the mask
  int count = 0;
  Thread* current = nullptr;
  const void* kernel = nullptr;
  const std::function<void()>* body = nullptr;
  unsigned char* shared_end = nullptr;  // a page that may not be touched follows
  size_t shared_bytes = 0;
  int launches = 0;
};

// Never destroyed: the fibers never end.
Running& running() {
  static auto* const state = new Running;
  return *state;
}

std::map<const void*, size_t>& shared_limits() {
  static std::map<const void*, size_t> limits;
  return limits;
}

void leave(Thread* self) { self->scheduler = std::move(self->scheduler).resume(); }

boost::context::fiber make_fiber(Thread* self) {
  return boost::context::fiber(std::allocator_arg, boost::context::protected_fixedsize_stack(kStackBytes),
                               [self](boost::context::fiber&& scheduler) {
                                 self->scheduler = std::move(scheduler);
                                 for (;;) {
                                   (*running().body)();
                                   self->state = State::kDone;
                                   leave(self);
                                 }
                                 return std::move(self->scheduler);
                               });
}

void resume(Thread& thread) {
  threadIdx = thread.index;
  running().current = &thread;
  thread.context = std::move(thread.context).resume();
  running().current = nullptr;
}

[[noreturn]] void diverged(const char* why) {
  Running& r = running();
  std::fprintf(stderr, "emulated CUDA: %s in kernel %p, block (%u, %u, %u) of %d threads\n", why, r.kernel, blockIdx.x, blockIdx.y, blockIdx.z, r.count);
  const Thread* last = nullptr;
  for (int i = 0; i < r.count; ++i) {
    const Thread& t = *r.threads[i];
    if (last && last->state == t.state && last->line == t.line) continue;
    const char* states[] = {"can run", "at __syncthreads", "at a warp-wide call", "ended"};
    std::fprintf(stderr, "  from thread %d: %s", i, states[static_cast<int>(t.state)]);
    if (t.state == State::kAtBarrier || t.state == State::kInWarp) std::fprintf(stderr, " (%s:%d)", t.file, t.line);
    std::fprintf(stderr, "\n");
    last = &t;
  }
  std::abort();
}

// Runs the lanes of a warp until each is done or waits for other warps.
void run_warp(int first, int end) {
  Running& r = running();
  for (bool ran = true; ran;) {
    ran = false;
    for (int i = first; i < end; ++i) {
      Thread& t = *r.threads[reverse_order() ? first + end - 1 - i : i];
      if (t.state != State::kReady) continue;
      resume(t);
      ran = true;
    }
  }
  for (int i = first; i < end; ++i)
    if (r.threads[i]->state == State::kInWarp) diverged("lanes wait for others of their warp that do not come");
}

bool same(const char* a, const char* b) { return a == b || std::strcmp(a, b) == 0; }

// True when threads may go on; false when all are done.
bool release_barrier() {
  Running& r = running();
  const Thread& one = *r.threads[0];
  for (int i = 0; i < r.count; ++i) {
    const Thread& t = *r.threads[i];
    if (t.state != one.state) diverged("some threads wait at __syncthreads, others have ended");
    if (t.state == State::kAtBarrier && (t.line != one.line || !same(t.file, one.file)))
      diverged("threads wait at different __syncthreads");
  }
  if (one.state == State::kDone) return false;
  for (int i = 0; i < r.count; ++i) r.threads[i]->state = State::kReady;
  return true;
}

void run_block() {
  Running& r = running();
  if (r.shared_bytes) std::memset(r.shared_end - r.shared_bytes, 0xff, r.shared_bytes);
  for (int i = 0; i < r.count; ++i) {
    Thread& t = *r.threads[i];
    t.state = State::kReady;
    const auto n = static_cast<unsigned>(i);
    t.index = {n % blockDim.x, n / blockDim.x % blockDim.y, n / blockDim.x / blockDim.y};
    if (t.copies.size() != 1 || !t.copies[0].empty()) t.copies.assign(1, {});
  }
  const int warps = (r.count + 31) / 32;
  do {
    for (int i = 0; i < warps; ++i) {
      const int warp = reverse_order() ? warps - 1 - i : i;
      run_warp(warp * 32, warp * 32 + 32 < r.count ? warp * 32 + 32 : r.count);
    }
  } while (release_barrier());
}

unsigned char* shared_memory_end() {
  constexpr size_t kPages = 256 << 10, kGuard = 64 << 10;
  void* pages = mmap(nullptr, kPages + kGuard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) fatal("no memory for shared memory");
  auto* end = static_cast<unsigned char*>(pages) + kPages;
  mprotect(end, kGuard, PROT_NONE);
  return end;
}

size_t shared_limit(const void* kernel) {
  const auto found = shared_limits().find(kernel);
  return found == shared_limits().end() ? kSharedByDefault : found->second;
}

}  // namespace

void run_grid(dim3 grid, dim3 block, size_t shared_bytes, const void* kernel, const std::function<void()>& thread) {
  Running& r = running();
  r.count = static_cast<int>(block.x * block.y * block.z);
  while (static_cast<int>(r.threads.size()) < r.count) {
    r.threads.push_back(std::make_unique<Thread>());
    r.threads.back()->number = static_cast<int>(r.threads.size()) - 1;
    r.threads.back()->context = make_fiber(r.threads.back().get());
  }
  if (!r.shared_end) r.shared_end = shared_memory_end();
  r.shared_bytes = (shared_bytes + 15) / 16 * 16;
  r.kernel = kernel;
  r.body = &thread;
  blockDim = block;
  gridDim = grid;
  const uint64_t blocks = static_cast<uint64_t>(grid.x) * grid.y * grid.z;
  for (uint64_t i = 0; i < blocks; ++i) {
    const uint64_t b = reverse_order() ? blocks - 1 - i : i;
    blockIdx = {static_cast<unsigned>(b % grid.x), static_cast<unsigned>(b / grid.x % grid.y), static_cast<unsigned>(b / grid.x / grid.y)};
    run_block();
  }
  check_canaries("a kernel");
  r.body = nullptr;
  ++r.launches;
}

int launches() {
  const std::lock_guard guard(lock());
  return running().launches;
}

cudaError_t check_launch(dim3 grid, dim3 block, size_t shared_bytes, const void* kernel) {
  const uint64_t threads = static_cast<uint64_t>(block.x) * block.y * block.z;
  const uint64_t blocks = static_cast<uint64_t>(grid.x) * grid.y * grid.z;
  if (threads == 0 || threads > 1024 || block.z > 64 || blocks == 0 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535)
    return cudaErrorInvalidConfiguration;
  return shared_bytes > shared_limit(kernel) ? cudaErrorInvalidValue : cudaSuccess;
}

cudaError_t launch(const cudaLaunchConfig_t& config, const void* kernel, std::function<void()> thread) {
  const std::lock_guard guard(lock());
  if (const cudaError_t error = injected("launch")) return error;
  if (!config.stream) fatal("a launch on the default stream, which waits for all others");
  if (const cudaError_t error = check_launch(config.gridDim, config.blockDim, config.dynamicSmemBytes, kernel)) return set_error(error);
  enqueue(config.stream, [grid = config.gridDim, block = config.blockDim, bytes = config.dynamicSmemBytes, kernel, thread = std::move(thread)] {
    run_grid(grid, block, bytes, kernel, thread);
  });
  return cudaSuccess;
}

cudaError_t allow_shared(const void* kernel, cudaFuncAttribute attribute, int bytes) {
  const std::lock_guard guard(lock());
  if (const cudaError_t error = injected("cudaFuncSetAttribute")) return error;
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (bytes < 0 || static_cast<size_t>(bytes) > kSharedLimit) return set_error(cudaErrorInvalidValue);
  shared_limits()[kernel] = static_cast<size_t>(bytes);
  return cudaSuccess;
}

bool describe_running(char* text, size_t size) {
  const Running& r = running();
  if (!r.current) return false;
  std::snprintf(text, size, "kernel %p, block (%u, %u, %u), thread (%u, %u, %u)", r.kernel, blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x,
                threadIdx.y, threadIdx.z);
  return true;
}

void kernel_error(const char* what) {
  char text[200] = "no kernel";
  describe_running(text, sizeof text);
  fatal("%s in %s", what, text);
}

int lane() { return running().current->number % 32; }

void* dynamic_shared() { return running().shared_end - running().shared_bytes; }

void block_barrier(const char* file, int line) {
  Thread* self = running().current;
  self->state = State::kAtBarrier;
  self->file = file;
  self->line = line;
  leave(self);
}

void warp_collective(unsigned mask, Collective run, void* argument, const char* file, int line) {
  Running& r = running();
  Thread* self = r.current;
  const int first = self->number / 32 * 32, lane = self->number % 32;
  if (!(mask >> lane & 1)) kernel_error("a lane calls a warp-wide function with a mask that does not name it");
  self->state = State::kInWarp;
  self->file = file;
  self->line = line;
  self->argument = argument;
  Meeting& meeting = r.meetings[first / 32][__builtin_ctz(mask)];
  if (meeting.arrived == 0) {
    if (first + 31 - __builtin_clz(mask) >= r.count) kernel_error("a mask names lanes that the block does not have");
    meeting = {mask, 0, file, line};
  } else if (meeting.mask != mask || meeting.line != line || !same(meeting.file, file)) {
    diverged("lanes of a warp wait at different calls, or with different masks");
  }
  meeting.arrived |= 1u << lane;
  if (meeting.arrived != mask) return leave(self);
  meeting.arrived = 0;
  void* arguments[32] = {};
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1) arguments[i] = r.threads[first + i]->argument;
  run(arguments, mask);
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1) r.threads[first + i]->state = State::kReady;
}

void exchange(void* const* arguments, unsigned mask) {
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1)) continue;
    auto* e = static_cast<Exchange*>(arguments[i]);
    if (!(mask >> e->source & 1)) kernel_error("a shuffle reads a lane that the mask does not name");
    e->result = static_cast<const Exchange*>(arguments[e->source])->value;
  }
}

void vote(void* const* arguments, unsigned mask) {
  unsigned ballot = 0;
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1 && static_cast<const Vote*>(arguments[i])->predicate) ballot |= 1u << i;
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1) static_cast<Vote*>(arguments[i])->ballot = ballot;
}

void copy_later(void* to, const void* from, size_t size, size_t bytes) { running().current->copies.back().push_back({to, from, size, bytes}); }

void commit_copies() { running().current->copies.emplace_back(); }

void wait_for_copies(unsigned groups_left) {
  auto& copies = running().current->copies;
  while (copies.size() > groups_left + 1) {
    for (const Copy& copy : copies.front()) {
      std::memcpy(copy.to, copy.from, copy.bytes);
      std::memset(static_cast<unsigned char*>(copy.to) + copy.bytes, 0, copy.size - copy.bytes);
    }
    copies.erase(copies.begin());
  }
}

}  // namespace cuda_emulation
