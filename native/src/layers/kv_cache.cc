#include "layers/kv_cache.h"

#include <new>

#include "error.h"

namespace gpa {

KvPage* KvPool::take() {
  while (free_.empty()) {
    const bool full = pages_made() >= max_pages_;
    if ((!full && make_page()) || (reclaim_ && reclaim_())) continue;
    if (full) fail(GPA_ERROR_CAPACITY, "all %lld pages of the key/value cache are in use", static_cast<long long>(max_pages_));
    fail(GPA_ERROR_OUT_OF_MEMORY, "no memory for a page of %zu bytes of the key/value cache", shape_.page_bytes());
  }
  KvPage* page = free_.back();
  free_.pop_back();
  page->holders = 1;
  return page;
}

// False: there is no memory.
bool KvPool::make_page() {
  free_.reserve(pages_.size() + 1);  // give() must not throw
  try {
    pages_.push_back(std::make_unique<KvPage>(KvPage{Buffer(queue_, shape_.page_bytes())}));
  } catch (const std::bad_alloc&) {
    return false;
  }
  free_.push_back(pages_.back().get());
  return true;
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
  const KvShape& shape = pool_.shape();
  const auto bytes = [&](int64_t elements) { return static_cast<size_t>(dtype_bytes(shape.type, elements)); };
  pool_.queue().copy(own->memory.get(), bytes(shape.plane()), borrowed->memory.get(), bytes(shape.plane()),
                     bytes(length_ % kKvPageTokens * shape.width()), static_cast<size_t>(2 * shape.layers));
  pages_.back() = own;
  last_is_borrowed_ = false;
  pool_.give(borrowed);
}

}  // namespace gpa
