// Prompts of late, whose keys and values others that begin alike need not compute again: a voice's prompt, a common instruction.
//
// What is kept of a prompt shrinks to what was shared with the next one, so that of a hundred texts in one voice the voice stays, in one
// page, and nothing else. The least recently used entry gives way when there are too many pages, or when the pool is short.
#pragma once
#include <cstdint>
#include <list>
#include <span>
#include <vector>

#include "layers/kv_cache.h"

namespace gpa {

// Tokens that are worth sharing.
constexpr int64_t kLeastShared = 16;

// Tokens with which both begin.
int64_t common_prefix(std::span<const int32_t> a, std::span<const int32_t> b);

// One thread at a time. The pool must outlive it, and gets its pages back when it is short.
class PrefixCache {
 public:
  // Keeps no more than max_pages pages.
  PrefixCache(KvPool& pool, int64_t max_pages);
  ~PrefixCache();
  PrefixCache(const PrefixCache&) = delete;
  PrefixCache& operator=(const PrefixCache&) = delete;

  // Lets an empty sequence hold as much of a prompt as is known, but for its last token, whose result is asked for. How many tokens
  // it holds then: 0, or kLeastShared and more.
  int64_t share(std::span<const int32_t> prompt, KvSequence& sequence);
  // Keeps a prompt that the sequence holds, unless its beginning is known.
  void keep(std::span<const int32_t> prompt, const KvSequence& sequence);
  // Forgets the entry that was not used for the longest time. False: there is none.
  bool forget_oldest() noexcept;

  bool has_room() const { return max_pages_ > 0; }
  int64_t pages() const { return pages_; }

 private:
  struct Entry {
    std::vector<int32_t> ids;
    std::vector<KvPage*> pages;
  };
  using Entries = std::list<Entry>;

  // The entry with which a prompt has most in common, and how much.
  std::pair<Entries::iterator, int64_t> best(std::span<const int32_t> prompt);
  void shrink(Entry& entry, int64_t tokens) noexcept;

  KvPool& pool_;
  const int64_t max_pages_;
  int64_t pages_ = 0;
  Entries entries_;  // the one used last in front
};

}  // namespace gpa
