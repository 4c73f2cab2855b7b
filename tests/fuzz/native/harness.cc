#include "harness.h"

#include <sanitizer/allocator_interface.h>
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

extern "C" {
void* __real_mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset);
int __real_munmap(void* address, size_t length);
}

namespace gpa::fuzz {
namespace {

size_t page_up(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

// Heap in use by this process, watched between reset_peak() and peak_bytes().
std::atomic<int64_t> live_bytes{0}, most_bytes{0};

void on_malloc(const volatile void*, size_t size) {
  const int64_t now = live_bytes.fetch_add(static_cast<int64_t>(size)) + static_cast<int64_t>(size);
  int64_t most = most_bytes.load();
  while (now > most && !most_bytes.compare_exchange_weak(most, now)) {
  }
}

void on_free(const volatile void* memory) {
  if (memory) live_bytes.fetch_sub(static_cast<int64_t>(__sanitizer_get_allocated_size(const_cast<const void*>(memory))));
}

double cpu_millis() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

}  // namespace

void finding(const char* what) {
  std::fprintf(stderr, "finding: %s\n", what);
  std::abort();
}

MemoryFile::MemoryFile() : fd_(memfd_create("fuzz.gguf", MFD_CLOEXEC)) {
  if (fd_ < 0) finding("memfd_create failed");
  path_ = "/proc/self/fd/" + std::to_string(fd_);
}

MemoryFile::~MemoryFile() { close(fd_); }

void MemoryFile::write(std::string_view content) {
  if (ftruncate(fd_, 0) != 0) finding("ftruncate failed");
  for (size_t at = 0; at < content.size();) {
    const ssize_t wrote = pwrite(fd_, content.data() + at, content.size() - at, static_cast<off_t>(at));
    if (wrote <= 0) finding("pwrite failed");
    at += static_cast<size_t>(wrote);
  }
}

Limits limits_for(size_t input_bytes) { return {50, (size_t{1} << 20) + 32 * input_bytes}; }

void within(const Limits& limits, const std::function<void()>& body) {
  static const bool hooked = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0;
  if (!hooked) finding("the heap cannot be watched");
  double fastest = 0;
  for (int run = 0; run < 4; ++run) {
    const int64_t before = live_bytes.load();
    most_bytes.store(before);
    const double begin = cpu_millis();
    body();
    const double took = cpu_millis() - begin;
    fastest = run == 0 ? took : std::min(fastest, took);
    const int64_t peak = most_bytes.load() - before;
    if (peak > static_cast<int64_t>(limits.peak_bytes)) {
      std::fprintf(stderr, "%lld bytes of heap, at most %zu are allowed\n", static_cast<long long>(peak), limits.peak_bytes);
      finding("too much memory");
    }
    if (fastest <= limits.cpu_millis) return;
  }
  std::fprintf(stderr, "%.1f ms, at most %.1f are allowed\n", fastest, limits.cpu_millis);
  finding("too slow");
}

void check_status(gpa_status status, const gpa_error& error, const char* path, std::initializer_list<gpa_status> allowed) {
  if (status == GPA_OK) return;
  if (error.code != status) finding("the error's code is not the status");
  if (std::find(allowed.begin(), allowed.end(), status) == allowed.end()) {
    std::fprintf(stderr, "status %d: %s\n", status, error.message);
    finding("a status that no file should cause");
  }
  if (std::strncmp(error.message, path, std::strlen(path)) != 0) {
    std::fprintf(stderr, "message: %s\n", error.message);
    finding("a message that does not begin with the path");
  }
  for (const char* c = error.message; *c; ++c) {
    if (*c < 0x20 || *c > 0x7e) finding("a message that is not printable");
  }
}

}  // namespace gpa::fuzz

// The library maps files read-only; everything else passes.
extern "C" void* __wrap_mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  if (fd < 0) return __real_mmap(address, length, protection, flags, fd, offset);
  const size_t pages = gpa::fuzz::page_up(length), guard = gpa::fuzz::page_up(1);
  if (pages < length) return MAP_FAILED;
  auto* begin = static_cast<char*>(__real_mmap(nullptr, pages + guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (begin == MAP_FAILED) return MAP_FAILED;
  if (__real_mmap(begin, length, protection, flags | MAP_FIXED, fd, offset) == MAP_FAILED) {
    __real_munmap(begin, pages + guard);
    return MAP_FAILED;
  }
  __asan_poison_memory_region(begin + length, pages - length);
  return begin;
}

extern "C" int __wrap_munmap(void* address, size_t length) {
  const size_t pages = gpa::fuzz::page_up(length), guard = gpa::fuzz::page_up(1);
  __asan_unpoison_memory_region(static_cast<char*>(address) + length, pages - length);
  return __real_munmap(address, pages + guard);
}
