#include "layers/context.h"

#include <algorithm>
#include <cstddef>
#include <new>

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

// Of `wanted` bytes, or `least` where those are not to be had.
Arena::Block make_block(Queue& queue, size_t wanted, size_t least) {
  for (const size_t size : {wanted, least}) {
    try {
      return {Buffer(queue, size), size};
    } catch (const std::bad_alloc&) {
    }
  }
  fail(GPA_ERROR_OUT_OF_MEMORY, "no memory for %zu bytes of activations", least);
}

}  // namespace

Arena::Scope::~Scope() {
  arena_.operands_.place = operands_;
  arena_.host_.place = host_;
}

Matrix Arena::matrix_in(Space& space, int64_t rows, int64_t cols) {
  return {static_cast<float*>(space.allocate(matrix_bytes(rows, cols))), rows, cols};
}

int32_t* Arena::ints_in(Space& space, int64_t count) { return static_cast<int32_t*>(space.allocate(matrix_bytes(1, count))); }

void* Arena::Space::allocate(size_t bytes) {
  bytes = (std::max<size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
  if (place.block < blocks.size() && blocks[place.block].size - place.used >= bytes) {
    void* memory = static_cast<char*>(blocks[place.block].memory.get()) + place.used;
    place.used += bytes;
    return memory;
  }
  // The blocks behind the current one hold nothing: take the first, or a bigger one in its place.
  const size_t next = blocks.empty() ? 0 : place.block + 1;
  if (next >= blocks.size() || blocks[next].size < bytes) {
    const size_t wanted = std::max({bytes, kMinBlock, next > 0 ? blocks[next - 1].size : 0});
    generation += 1;
    blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(next), blocks.end());
    blocks.push_back(make_block(*queue, wanted, bytes));
  }
  place = {next, bytes};
  return blocks[next].memory.get();
}

Matrix Context::upload(const Matrix& host) const {
  // Ops only read it.
  void* operand = const_cast<void*>(uploaded(host.data, matrix_bytes(host.rows, host.cols)));
  return {static_cast<float*>(operand), host.rows, host.cols};
}

const int32_t* Context::upload(const int32_t* host, int64_t count) const {
  return static_cast<const int32_t*>(uploaded(host, matrix_bytes(1, count)));
}

Matrix Context::download(const Matrix& operand) const {
  void* host = const_cast<void*>(downloaded(operand.data, matrix_bytes(operand.rows, operand.cols)));
  return {static_cast<float*>(host), operand.rows, operand.cols};
}

const int32_t* Context::download(const int32_t* operand, int64_t count) const {
  return static_cast<const int32_t*>(downloaded(operand, matrix_bytes(1, count)));
}

const void* Context::uploaded(const void* host, size_t bytes) const {
  if (queue.on_host()) return host;
  void* operand = arena.bytes(bytes);
  queue.upload(operand, host, bytes);
  return operand;
}

const void* Context::downloaded(const void* operand, size_t bytes) const {
  if (queue.on_host()) return operand;
  void* host = arena.host_bytes(bytes);
  queue.download(host, operand, bytes);
  return host;
}

void Context::trace(const char* name, const Matrix& m) const {
  check_stop();
  if (!trace_fn) return;
  Arena::Scope scope(arena);
  const Matrix host = download(m);
  report(name, GPA_F32, m.rows, m.cols, host.data);
}

void Context::report(const char* name, gpa_dtype type, int64_t rows, int64_t cols, const void* data) const {
  const gpa_tensor tensor{name, type, rows, cols, data};
  if (trace_fn(trace_user, &tensor) != 0) fail(GPA_ERROR_CANCELLED, "stopped by the observer at %s", name);
}

void Context::refuse_stopped() const { fail(GPA_ERROR_CANCELLED, "cancelled"); }

}  // namespace gpa
