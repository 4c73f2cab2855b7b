#include "layers/kv_cache.h"

#include <cstdlib>
#include <cstring>

#include "error.h"

namespace gpa {

KvPage* KvPool::take() {
  while (free_.empty() && pages_made() >= max_pages_) {
    if (!reclaim_ || !reclaim_()) fail(GPA_ERROR_CAPACITY, "all %lld pages of the key/value cache are in use", static_cast<long long>(max_pages_));
  }
  if (free_.empty()) {
    free_.reserve(pages_.size() + 1);  // give() must not throw
    const auto bytes = (static_cast<size_t>(shape_.page_floats()) * sizeof(float) + 63) / 64 * 64;
    auto* memory = static_cast<float*>(std::aligned_alloc(64, bytes));
    if (!memory) fail(GPA_ERROR_OUT_OF_MEMORY, "no memory for a page of %zu bytes of the key/value cache", bytes);
    std::unique_ptr<float, void (*)(void*)> owned(memory, std::free);
    pages_.push_back(std::make_unique<KvPage>(KvPage{std::move(owned)}));
    free_.push_back(pages_.back().get());
  }
  KvPage* page = free_.back();
  free_.pop_back();
  page->holders = 1;
  return page;
}

void KvPool::hold(KvPage* page) noexcept {
  if (++page->holders == 2) ++shared_;
}

void KvPool::give(KvPage* page) noexcept {
  if (--page->holders == 1) --shared_;
  if (page->holders == 0) free_.push_back(page);
}

KvSequence::~KvSequence() {
  for (KvPage* page : pages_) pool_.give(page);
}

void KvSequence::borrow(std::span<KvPage* const> pages, int64_t tokens) {
  pages_.assign(pages.begin(), pages.end());
  for (KvPage* page : pages_) pool_.hold(page);
  length_ = tokens;
  last_is_borrowed_ = tokens % kKvPageTokens != 0;
}

void KvSequence::reserve(int64_t tokens) {
  if (last_is_borrowed_ && tokens > length_) copy_last_page();
  const auto wanted = static_cast<size_t>(kv_pages(tokens));
  pages_.reserve(wanted);
  while (pages_.size() < wanted) pages_.push_back(pool_.take());
}

void KvSequence::copy_last_page() {
  KvPage* const borrowed = pages_.back();
  if (borrowed->holders == 1) {
    last_is_borrowed_ = false;
    return;
  }
  KvPage* const own = pool_.take();
  const int64_t plane = pool_.shape().plane();
  const auto bytes = static_cast<size_t>(length_ % kKvPageTokens * pool_.shape().width()) * sizeof(float);
  for (int64_t i = 0; i < 2 * pool_.shape().layers; ++i) std::memcpy(own->memory.get() + i * plane, borrowed->memory.get() + i * plane, bytes);
  pages_.back() = own;
  last_is_borrowed_ = false;
  pool_.give(borrowed);
}

const float* const* KvSequence::table(int64_t plane, std::vector<const float*>* out) {
  out->clear();
  for (const KvPage* page : pages_) out->push_back(page->memory.get() + plane * pool_.shape().plane());
  return out->data();
}

}  // namespace gpa
