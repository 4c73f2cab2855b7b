// Keys and values of running sequences, in pages that a pool hands out. A page holds kKvPageTokens tokens of all layers:
// [layers][keys, values][kKvPageTokens][kv_heads * head_dim] f32.
// Source: Kwon et al. 2023 (PagedAttention).
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

namespace gpa {

constexpr int64_t kKvPageTokens = 64;

struct KvShape {
  int64_t layers;
  int64_t kv_heads;
  int64_t head_dim;

  int64_t width() const { return kv_heads * head_dim; }
  int64_t plane() const { return kKvPageTokens * width(); }  // keys or values of one layer
  int64_t page_floats() const { return layers * 2 * plane(); }
};

constexpr int64_t kv_pages(int64_t tokens) { return (tokens + kKvPageTokens - 1) / kKvPageTokens; }

// Allocates pages when they are first needed and keeps them for the next sequence. One thread at a time.
class KvPool {
 public:
  KvPool(KvShape shape, int64_t max_pages) : shape_(shape), max_pages_(max_pages) {}

  const KvShape& shape() const { return shape_; }
  int64_t pages_made() const { return static_cast<int64_t>(pages_.size()); }
  int64_t pages_free() const { return static_cast<int64_t>(free_.size()); }

  // A page, contents undefined. Errors: CAPACITY (max_pages are in use), OUT_OF_MEMORY.
  float* take();
  void give(float* page) noexcept;

 private:
  KvShape shape_;
  int64_t max_pages_;
  std::vector<std::unique_ptr<float, void (*)(void*)>> pages_;
  std::vector<float*> free_;
};

// What one sequence has in the cache. Its pages go back to the pool, which must outlive it.
class KvSequence {
 public:
  explicit KvSequence(KvPool& pool) : pool_(pool) {}
  ~KvSequence();
  KvSequence(const KvSequence&) = delete;
  KvSequence& operator=(const KvSequence&) = delete;

  int64_t length() const { return length_; }  // tokens stored
  // Takes pages until `tokens` fit. Errors as KvPool::take().
  void reserve(int64_t tokens);
  // Counts `tokens` stored tokens more; they must be reserved.
  void advance(int64_t tokens) { length_ += tokens; }

  // Where the key (value) of a reserved token begins: [kv_heads, head_dim].
  float* key(int64_t layer, int64_t token) { return row(2 * layer, token); }
  float* value(int64_t layer, int64_t token) { return row(2 * layer + 1, token); }
  // Page tables of one layer as attention reads them; valid until the next call of either.
  const float* const* key_pages(int64_t layer) { return table(2 * layer, &key_table_); }
  const float* const* value_pages(int64_t layer) { return table(2 * layer + 1, &value_table_); }

 private:
  float* row(int64_t plane, int64_t token) {
    return pages_[static_cast<size_t>(token / kKvPageTokens)] + plane * pool_.shape().plane() +
           token % kKvPageTokens * pool_.shape().width();
  }
  const float* const* table(int64_t plane, std::vector<const float*>* out);

  KvPool& pool_;
  int64_t length_ = 0;
  std::vector<float*> pages_;
  std::vector<const float*> key_table_, value_table_;
};

}  // namespace gpa
