#include "gpa/kernels/packed_weights.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <vector>

#include "gpa/kernels/kernel_table.h"
#include "gpa/kernels/thread_pool.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gpa {
namespace {

struct Entry {
  const char* data;
  int64_t bytes, row_bytes;
  int64_t offset;  // of its panels in memory
};

constexpr int64_t kHugePage = int64_t{1} << 21, kLine = 64;

constexpr int64_t round_up(int64_t value, int64_t to) { return (value + to - 1) / to * to; }

}  // namespace

struct PackedWeights::State {
  std::vector<Entry> entries;  // by data
  std::unique_ptr<char, decltype(&std::free)> memory{nullptr, std::free};
};

PackedWeights::PackedWeights(const KernelTable& kernels, ThreadPool& pool, const Weight* weights, int64_t count)
    : kernels_(kernels), state_(nullptr) {
  auto state = std::make_unique<State>();
  std::vector<Weight> packed;
  std::copy_if(weights, weights + count, std::back_inserter(packed),
               [&](const Weight& w) { return kernels.pack && w.rows >= kernels.panel_rows(w.type); });
  std::sort(packed.begin(), packed.end(), [](const Weight& a, const Weight& b) { return std::less<>()(a.data, b.data); });
  packed.erase(std::unique(packed.begin(), packed.end(), [](const Weight& a, const Weight& b) { return a.data == b.data; }), packed.end());
  int64_t size = 0;
  for (const Weight& w : packed) {
    const int64_t row_bytes = dtype_bytes(w.type, w.cols);
    state->entries.push_back({static_cast<const char*>(w.data), w.rows * row_bytes, row_bytes, size});
    size += round_up(round_up(w.rows, kernels.panel_rows(w.type)) * row_bytes, kLine);
  }
  if (size > 0) {
    state->memory.reset(static_cast<char*>(std::aligned_alloc(static_cast<size_t>(kHugePage), static_cast<size_t>(round_up(size, kHugePage)))));
    if (!state->memory) throw std::bad_alloc();
#if defined(__linux__)
    madvise(state->memory.get(), static_cast<size_t>(round_up(size, kHugePage)), MADV_HUGEPAGE);
#endif
  }
  for (size_t i = 0; i < packed.size(); ++i) kernels.pack(pool, packed[i], state->memory.get() + state->entries[i].offset);
  state_ = state.release();
}

PackedWeights::~PackedWeights() { delete state_; }

PackedRows PackedWeights::find(const void* data) const {
  const auto* at = static_cast<const char*>(data);
  const auto& entries = state_->entries;
  auto after = std::upper_bound(entries.begin(), entries.end(), at, [](const char* p, const Entry& entry) { return std::less<>()(p, entry.data); });
  if (after == entries.begin()) return {nullptr, 0};
  const Entry& entry = *--after;
  if (at - entry.data >= entry.bytes) return {nullptr, 0};
  return {state_->memory.get() + entry.offset, (at - entry.data) / entry.row_bytes};
}

}  // namespace gpa
