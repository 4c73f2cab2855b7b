#include "layers/kv_cache.h"

#include <cstdlib>

#include "error.h"

namespace gpa {

float* KvPool::take() {
  if (free_.empty()) {
    if (pages_made() >= max_pages_) {
      fail(GPA_ERROR_CAPACITY, "all %lld pages of the key/value cache are in use", static_cast<long long>(max_pages_));
    }
    pages_.reserve(pages_.size() + 1);
    free_.reserve(pages_.size() + 1);  // give() must not throw
    const auto bytes = (static_cast<size_t>(shape_.page_floats()) * sizeof(float) + 63) / 64 * 64;
    auto* memory = static_cast<float*>(std::aligned_alloc(64, bytes));
    if (!memory) fail(GPA_ERROR_OUT_OF_MEMORY, "no memory for a page of %zu bytes of the key/value cache", bytes);
    pages_.emplace_back(memory, std::free);
    return memory;
  }
  float* page = free_.back();
  free_.pop_back();
  return page;
}

void KvPool::give(float* page) noexcept { free_.push_back(page); }

KvSequence::~KvSequence() {
  for (float* page : pages_) pool_.give(page);
}

void KvSequence::reserve(int64_t tokens) {
  const auto wanted = static_cast<size_t>(kv_pages(tokens));
  pages_.reserve(wanted);
  while (pages_.size() < wanted) pages_.push_back(pool_.take());
}

const float* const* KvSequence::table(int64_t plane, std::vector<const float*>* out) {
  out->clear();
  for (const float* page : pages_) out->push_back(page + plane * pool_.shape().plane());
  return out->data();
}

}  // namespace gpa
