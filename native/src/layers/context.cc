#include "layers/context.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "error.h"

namespace gpa {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kMinBlock = size_t{4} << 20;
constexpr int64_t kMaxBytes = int64_t{1} << 46;

// rows * cols * sizeof(float), or OUT_OF_MEMORY where that is beyond any machine.
size_t matrix_bytes(int64_t rows, int64_t cols) {
  int64_t elements = 0, bytes = 0;
  if (rows < 0 || cols < 0 || __builtin_mul_overflow(rows, cols, &elements) ||
      __builtin_mul_overflow(elements, int64_t{4}, &bytes) || bytes > kMaxBytes) {
    fail(GPA_ERROR_OUT_OF_MEMORY, "activations of %lld x %lld do not fit in memory", static_cast<long long>(rows),
         static_cast<long long>(cols));
  }
  return static_cast<size_t>(bytes);
}

}  // namespace

Matrix Arena::matrix(int64_t rows, int64_t cols) {
  return {static_cast<float*>(allocate(matrix_bytes(rows, cols))), rows, cols};
}

int32_t* Arena::ints(int64_t count) { return static_cast<int32_t*>(allocate(matrix_bytes(1, count))); }

void* Arena::allocate(size_t bytes) {
  bytes = (std::max<size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
  if (block_ < blocks_.size() && blocks_[block_].size - used_ >= bytes) {
    void* memory = blocks_[block_].memory.get() + used_;
    used_ += bytes;
    return memory;
  }
  // The blocks behind the current one hold nothing: take the first, or a bigger one in its place.
  const size_t next = blocks_.empty() ? 0 : block_ + 1;
  if (next >= blocks_.size() || blocks_[next].size < bytes) {
    const size_t wanted = std::max({bytes, kMinBlock, next > 0 ? blocks_[next - 1].size : 0});
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(next), blocks_.end());
    size_t size = wanted;
    void* memory = std::aligned_alloc(kAlignment, size);
    if (!memory) memory = std::aligned_alloc(kAlignment, size = bytes);
    if (!memory) fail(GPA_ERROR_OUT_OF_MEMORY, "no memory for %zu bytes of activations", bytes);
    Block block{{static_cast<char*>(memory), std::free}, size};
    blocks_.push_back(std::move(block));
  }
  block_ = next;
  used_ = bytes;
  return blocks_[next].memory.get();
}

void Context::report(const char* name, gpa_dtype type, int64_t rows, int64_t cols, const void* data) const {
  const gpa_tensor tensor{name, type, rows, cols, data};
  if (trace_fn(trace_user, &tensor) != 0) fail(GPA_ERROR_CANCELLED, "stopped by the observer at %s", name);
}

void Context::refuse_stopped() const { fail(GPA_ERROR_CANCELLED, "cancelled"); }

}  // namespace gpa
