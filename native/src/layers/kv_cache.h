// Keys and values of running sequences, in pages that a pool hands out. A page holds kKvPageTokens tokens of all layers:
// [layers][keys, values][kKvPageTokens][kv_heads * head_dim] f32 or f16. Sequences that begin alike may hold the same pages.
// Source: Kwon et al. 2023 (PagedAttention).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "gpa/kernels/types.h"
#include "layers/buffer.h"

namespace gpa {

constexpr int64_t kKvPageTokens = 64;

struct KvShape {
  int64_t layers;
  int64_t kv_heads;
  int64_t head_dim;
  DType type;  // F32 or F16

  // In elements.
  int64_t width() const { return kv_heads * head_dim; }
  int64_t plane() const { return kKvPageTokens * width(); }  // keys or values of one layer
  int64_t key_offset(int64_t layer) const { return 2 * layer * plane(); }
  int64_t value_offset(int64_t layer) const { return key_offset(layer) + plane(); }

  size_t page_bytes() const { return static_cast<size_t>(dtype_bytes(type, layers * 2 * plane())); }
};

constexpr int64_t kv_pages(int64_t tokens) { return (tokens + kKvPageTokens - 1) / kKvPageTokens; }

struct KvPage {
  Buffer memory;
  int64_t holders = 0;
};

// Allocates pages when they are first needed and keeps them for the next sequence. One thread at a time.
class KvPool {
 public:
  // Pages are memory of the queue, which must outlive the pool.
  KvPool(Queue& queue, KvShape shape, int64_t max_pages) : queue_(queue), shape_(shape), max_pages_(max_pages) {}

  Queue& queue() const { return queue_; }
  const KvShape& shape() const { return shape_; }
  int64_t max_pages() const { return max_pages_; }
  int64_t pages_made() const { return static_cast<int64_t>(pages_.size()); }
  int64_t pages_free() const { return static_cast<int64_t>(free_.size()); }
  int64_t pages_shared() const { return shared_; }  // with more than one holder

  // reclaim: asked for pages when all are in use or there is no memory for more; false: it has none to give back.
  void on_shortage(std::function<bool()> reclaim) { reclaim_ = std::move(reclaim); }
  // A page with one holder, contents undefined. Errors: CAPACITY (max_pages are in use), OUT_OF_MEMORY.
  KvPage* take();
  // One holder more.
  void hold(KvPage* page) noexcept;
  // One holder less; without any the page is free.
  void give(KvPage* page) noexcept;

 private:
  bool make_page();

  Queue& queue_;
  KvShape shape_;
  int64_t max_pages_, shared_ = 0;
  std::function<bool()> reclaim_;
  std::vector<std::unique_ptr<KvPage>> pages_;
  std::vector<KvPage*> free_;
};

// What one sequence has in the cache. Its pages go back to the pool, which must outlive it.
class KvSequence {
 public:
  explicit KvSequence(KvPool& pool) : pool_(pool) {}
  ~KvSequence();
  KvSequence(const KvSequence&) = delete;
  KvSequence& operator=(const KvSequence&) = delete;

  int64_t length() const { return length_; }  // tokens stored
  // Holds the first `tokens` tokens of another sequence, which lie in `pages` = kv_pages(tokens) pages. This one must be empty. Whoever
  // took a page from the pool may go on writing behind those tokens; this sequence will write into a copy.
  void borrow(std::span<KvPage* const> pages, int64_t tokens);
  // Takes pages until `tokens` fit, and makes what is to be written its own. Errors as KvPool::take(); the length is then as before.
  void reserve(int64_t tokens);
  // Counts `tokens` stored tokens more; they must be reserved.
  void advance(int64_t tokens) { length_ += tokens; }
  std::span<KvPage* const> pages() const { return pages_; }

  // Where a reserved token stands in its page: key_offset() and value_offset() elements behind it lie its keys and values.
  void* slot(int64_t token) const {
    const KvShape& shape = pool_.shape();
    return static_cast<char*>(pages_[static_cast<size_t>(token / kKvPageTokens)]->memory.get()) +
           dtype_bytes(shape.type, token % kKvPageTokens * shape.width());
  }

 private:
  void copy_last_page();

  KvPool& pool_;
  int64_t length_ = 0;
  std::vector<KvPage*> pages_;
  bool last_is_borrowed_ = false;  // and not full: the next token needs a copy of it
};

}  // namespace gpa
