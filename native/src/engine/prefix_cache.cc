#include "engine/prefix_cache.h"

#include <algorithm>

namespace gpa {

int64_t common_prefix(std::span<const int32_t> a, std::span<const int32_t> b) {
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
}

PrefixCache::PrefixCache(KvPool& pool, int64_t max_pages) : pool_(pool), max_pages_(max_pages) {
  pool_.on_shortage([this] { return forget_oldest(); });
}

PrefixCache::~PrefixCache() {
  pool_.on_shortage({});
  while (forget_oldest()) {
  }
}

std::pair<PrefixCache::Entries::iterator, int64_t> PrefixCache::best(std::span<const int32_t> prompt) {
  std::pair<Entries::iterator, int64_t> found{entries_.end(), kLeastShared - 1};
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    const int64_t common = common_prefix(entry->ids, prompt);
    if (common > found.second) found = {entry, common};
  }
  return found;
}

int64_t PrefixCache::share(std::span<const int32_t> prompt, KvSequence& sequence) {
  const auto [entry, common] = best(prompt.first(prompt.size() - 1));
  if (entry == entries_.end()) return 0;
  entries_.splice(entries_.begin(), entries_, entry);
  shrink(*entry, common);
  sequence.borrow(entry->pages, common);
  return common;
}

void PrefixCache::shrink(Entry& entry, int64_t tokens) noexcept {
  entry.ids.resize(static_cast<size_t>(tokens));
  for (; static_cast<int64_t>(entry.pages.size()) > kv_pages(tokens); --pages_) {
    pool_.give(entry.pages.back());
    entry.pages.pop_back();
  }
}

void PrefixCache::keep(std::span<const int32_t> prompt, const KvSequence& sequence) {
  const int64_t tokens = std::min(static_cast<int64_t>(prompt.size()), max_pages_ * kKvPageTokens);
  if (tokens < kLeastShared || best(prompt).first != entries_.end()) return;
  const auto pages = sequence.pages().first(static_cast<size_t>(kv_pages(tokens)));
  while (pages_ + static_cast<int64_t>(pages.size()) > max_pages_ && forget_oldest()) {
  }
  entries_.push_front({{prompt.begin(), prompt.begin() + tokens}, {pages.begin(), pages.end()}});
  for (KvPage* page : pages) pool_.hold(page);
  pages_ += static_cast<int64_t>(pages.size());
}

bool PrefixCache::forget_oldest() noexcept {
  if (entries_.empty()) return false;
  for (KvPage* page : entries_.back().pages) pool_.give(page);
  pages_ -= static_cast<int64_t>(entries_.back().pages.size());
  entries_.pop_back();
  return true;
}

}  // namespace gpa
