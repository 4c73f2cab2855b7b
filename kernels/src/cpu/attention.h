// Attention in tiles of rows x kBlock keys with a running softmax (Milakov & Gimelshein 2018; Dao et al. 2022).
// A row is one query of one head; the rows of a part share a key/value head, so that its keys are read once for all.
// Tiles begin at multiples of kBlock whatever the batch, and a tile that a row does not see leaves it untouched bit
// by bit: a query's result depends on nothing but its own visible keys.
#pragma once
#include "cpu/few_rows.h"
#include "cpu/math.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int64_t kMostAttentionRows = 96;

struct AttentionPart {
  const AttentionArgs& a;
  const AttentionSequence& sequence;
  int64_t kv_head;
  int64_t first_query, queries;
  int64_t group;  // query heads of a key/value head
  int64_t rows = 0;  // queries * group, heads fastest
  int64_t depth_blocks = 0, value_panels = 0;
  // In scratch: scaled queries [depth_blocks][rows][kARow], scores [rows][kARow], one packed panel of keys,
  // one panel of values, sums [rows][value_panels * kPanel], then per row: visible keys, maximum, total.
  float *query = nullptr, *score = nullptr, *packed = nullptr, *sum = nullptr, *most = nullptr, *total = nullptr;
  int64_t* visible = nullptr;

  int64_t sum_row() const { return value_panels * kPanel; }
  int64_t query_of(int64_t row) const { return first_query + row / group; }
  int64_t head_of(int64_t row) const { return kv_head * group + row % group; }
};

// Absent lanes repeat `rest`.
inline Vec load_first_or(const float* from, int64_t lanes, float rest) {
  float all[kWidth];
  Vec::broadcast(rest).store(all);
  Vec::load_first(from, lanes).store_first(all, lanes);
  return Vec::load(all);
}

inline int64_t visible_keys(const AttentionArgs& a, const AttentionSequence& sequence, int64_t query) {
  const int64_t position = query + sequence.position;
  if (a.mask == Mask::kFull) return sequence.keys;
  int64_t end = position + 1;
  if (a.mask == Mask::kBlockCausal) end = larger(end, (position / a.block + 1) * a.block);
  return smaller(end, sequence.keys);
}

// rows[s] = where key (or value) first + s of a head begins, for `keys` <= kBlock keys; offset: k_offset or v_offset. Pages are walked,
// not divided.
template <DType type>
inline void find_rows(const AttentionPart& p, int64_t offset, int64_t first, int64_t keys, const char** rows) {
  const AttentionArgs& a = p.a;
  const int64_t stride = dtype_bytes(type, a.kv_stride), begin = dtype_bytes(type, offset + p.kv_head * a.head_dim);
  int64_t page = first / a.page_tokens, token = first % a.page_tokens;
  for (int64_t s = 0, count; s < keys; s += count, ++page, token = 0) {
    const char* row = static_cast<const char*>(p.sequence.pages[page]) + begin + token * stride;
    count = smaller(keys - s, a.page_tokens - token);
    for (int64_t i = 0; i < count; ++i) rows[s + i] = row + i * stride;
  }
}

// score[row][s] = scale * q row . key first + s for `keys` keys.
template <DType type>
void score_keys(const AttentionPart& p, int64_t first, int64_t keys) {
  const AttentionArgs& a = p.a;
  const char* rows[kBlock];
  find_rows<type>(p, a.k_offset, first, keys, rows);
  for (int64_t s = 0; s < keys; s += kPanel) {
    const void* from[2][kWidth];
    for (int r = 0; r < kPanel; ++r) from[r / kWidth][r % kWidth] = s + r < keys ? rows[s + r] : nullptr;
    for (int64_t block = 0; block < p.depth_blocks; ++block) {
      const int64_t begin = block * kBlock, depth = smaller(kBlock, a.head_dim - begin);
      pack_rows<type>(from[0], begin, depth, p.packed);
      pack_rows<type>(from[1], begin, depth, p.packed + kWidth);
      multiply_panel(p.query + block * p.rows * kARow, p.rows, p.packed, depth, p.score + s, kARow, block > 0);
    }
  }
}

// Turns a row's scores into weights e^(score - maximum), keeps the running maximum and total; zero where unseen.
inline void softmax_row(const AttentionPart& p, int64_t row, int64_t first, int64_t keys) {
  float* score = p.score + row * kARow;
  const int64_t seen = larger<int64_t>(0, smaller(keys, p.visible[row] - first));
  zero_floats(score + seen, keys - seen);
  if (seen == 0) return;
  Vec most = Vec::broadcast(p.most[row]);
  for_vectors(seen, [&](int64_t s, int64_t lanes) {
    // Absent lanes must not read as 0, which may be larger than every score.
    most = max(most, lanes == kWidth ? Vec::load(score + s) : load_first_or(score + s, lanes, score[0]));
  });
  const float maximum = reduce_max(most);
  const Vec shift = Vec::broadcast(maximum);
  Vec total = Vec::zero();
  for_vectors(seen, [&](int64_t s, int64_t lanes) {
    Vec weight = exp(load_lanes(score + s, lanes) - shift);
    store_lanes(score + s, lanes, weight);
    if (lanes < kWidth) weight = Vec::load_first(score + s, lanes);
    total = total + weight;
  });
  if (first > 0 && maximum > p.most[row]) {
    const Vec factor = exp(Vec::broadcast(p.most[row] - maximum));
    float lanes[kWidth];
    factor.store(lanes);
    p.total[row] *= lanes[0];
    float* sum = p.sum + row * p.sum_row();
    for (int64_t i = 0; i < p.sum_row(); i += kWidth) (Vec::load(sum + i) * factor).store(sum + i);
  }
  p.most[row] = maximum;
  p.total[row] += reduce_add(total);
}

// sum[row] (+)= weights[row] . values.
template <DType type>
void add_values(const AttentionPart& p, int64_t first, int64_t keys) {
  const AttentionArgs& a = p.a;
  const char* rows[kBlock];
  find_rows<type>(p, a.v_offset, first, keys, rows);
  for (int64_t panel = 0; panel < p.value_panels; ++panel) {
    const int64_t column = panel * kPanel, count = smaller<int64_t>(kPanel, a.head_dim - column);
    if (count < kPanel) zero_floats(p.packed, keys * kPanel);
    for (int64_t s = 0; s < keys; ++s) {
      for_vectors(count, [&](int64_t i, int64_t lanes) {
        store_lanes(p.packed + s * kPanel + i, lanes, load_weights<type>(rows[s], column + i, lanes));
      });
    }
    multiply_panel(p.score, p.rows, p.packed, keys, p.sum + column, p.sum_row(), first > 0);
  }
}

inline bool few_rows(const AttentionPart& p) { return p.rows <= kMostFewRows && p.a.head_dim <= kBlock && p.a.head_dim % kPanel == 0; }

// score_keys() of few rows.
template <DType type>
void score_few_rows(const AttentionPart& p, int64_t first, int64_t keys) {
  const char* rows[kBlock];
  find_rows<type>(p, p.a.k_offset, first, keys, rows);
  // Nobody reads the scores of keys that are not there.
  for (int64_t s = keys; s < round_up(keys, kKeysAtOnce); ++s) rows[s] = rows[keys - 1];
  FewRows<type>::kScore[p.rows - 1](p.query, rows, keys, p.a.head_dim, p.score);
}

// add_values() of few rows.
template <DType type>
void add_values_of_few_rows(const AttentionPart& p, int64_t first, int64_t keys) {
  const char* rows[kBlock];
  find_rows<type>(p, p.a.v_offset, first, keys, rows);
  FewRows<type>::kAdd[p.rows - 1](p.score, rows, keys, p.a.head_dim, p.sum, p.sum_row(), first > 0);
}

template <DType type>
void attend(const AttentionPart& p) {
  const AttentionArgs& a = p.a;
  const float* queries = a.q + p.sequence.first_row * a.q_stride;
  int64_t keys = 0;
  for (int64_t row = 0; row < p.rows; ++row) {
    p.visible[row] = visible_keys(a, p.sequence, p.query_of(row));
    keys = larger(keys, p.visible[row]);
    p.most[row] = -__builtin_inff();
    p.total[row] = 0;
    const float* q = queries + p.query_of(row) * a.q_stride + p.head_of(row) * a.head_dim;
    const Vec scale = Vec::broadcast(a.scale);
    for (int64_t block = 0; block < p.depth_blocks; ++block) {
      const float* from = q + block * kBlock;
      float* to = p.query + (block * p.rows + row) * kARow;
      for_vectors(smaller(kBlock, a.head_dim - block * kBlock), [&](int64_t i, int64_t lanes) {
        store_lanes(to + i, lanes, load_lanes(from + i, lanes) * scale);
      });
    }
  }
  const bool few = few_rows(p);
  for (int64_t first = 0; first < keys; first += kBlock) {
    const int64_t count = smaller(kBlock, keys - first);
    few ? score_few_rows<type>(p, first, count) : score_keys<type>(p, first, count);
    for (int64_t row = 0; row < p.rows; ++row) softmax_row(p, row, first, count);
    few ? add_values_of_few_rows<type>(p, first, count) : add_values<type>(p, first, count);
  }
  for (int64_t row = 0; row < p.rows; ++row) {
    const Vec total = Vec::broadcast(p.total[row]);
    const float* sum = p.sum + row * p.sum_row();
    float* y = a.y + (p.sequence.first_row + p.query_of(row)) * a.y_stride + p.head_of(row) * a.head_dim;
    for_vectors(a.head_dim, [&](int64_t i, int64_t lanes) { store_lanes(y + i, lanes, load_lanes(sum + i, lanes) / total); });
  }
}

// How the queries of one sequence are cut: `blocks` blocks of up to `queries`, times the key/value heads.
struct AttentionCut {
  int64_t queries, blocks, first_part;
};

inline AttentionCut cut_attention(const AttentionArgs& a, const AttentionSequence& sequence, int threads) {
  // Packing a key costs as much as some ten rows' products: parts are as high as the threads allow.
  int64_t queries = larger<int64_t>(1, smaller(sequence.queries, kMostAttentionRows / (a.heads / a.kv_heads)));
  while (queries > 16 && a.count * a.kv_heads * ceil_div(sequence.queries, queries) < 2 * threads) queries = ceil_div(queries, 2);
  return {queries, ceil_div(sequence.queries, queries), 0};
}

inline void attend_part(ThreadPool& pool, const AttentionArgs& a, const AttentionSequence& sequence, const AttentionCut& cut, int64_t part,
                        int thread) {
  const int64_t group = a.heads / a.kv_heads, rows = cut.queries * group;
  const int64_t depth_blocks = ceil_div(a.head_dim, kBlock), value_panels = ceil_div(a.head_dim, kPanel);
  const int64_t floats = rows * (depth_blocks * kARow + kARow + value_panels * kPanel + 2) + kBlock * kPanel;
  const size_t bytes = static_cast<size_t>(floats) * sizeof(float) + static_cast<size_t>(rows) * sizeof(int64_t);
  // The last blocks of a causal mask see most keys: they go first, so that no thread ends long after the others.
  const int64_t block = cut.blocks - 1 - part / a.kv_heads;
  AttentionPart p{a, sequence, part % a.kv_heads, block * cut.queries, smaller(cut.queries, sequence.queries - block * cut.queries), group};
  p.depth_blocks = depth_blocks;
  p.value_panels = value_panels;
  p.visible = static_cast<int64_t*>(pool.scratch(thread, bytes));
  p.rows = p.queries * group;
  p.packed = reinterpret_cast<float*>(p.visible + rows);
  p.query = p.packed + kBlock * kPanel;
  p.score = p.query + rows * depth_blocks * kARow;
  p.sum = p.score + rows * kARow;
  p.most = p.sum + rows * value_panels * kPanel;
  p.total = p.most + rows;
  a.kv_type == DType::kF16 ? attend<DType::kF16>(p) : attend<DType::kF32>(p);
}

void attention(ThreadPool& pool, const AttentionArgs& a) {
  auto* cuts = static_cast<AttentionCut*>(pool.shared(static_cast<size_t>(a.count) * sizeof(AttentionCut)));
  int64_t parts = 0;
  for (int64_t i = 0; i < a.count; ++i) {
    cuts[i] = cut_attention(a, a.sequences[i], pool.threads());
    cuts[i].first_part = parts;
    parts += cuts[i].blocks * a.kv_heads;
  }
  run_parts(pool, parts, [&](int64_t part, int thread) {
    int64_t low = 0, high = a.count;  // the last sequence that begins at or before the part
    while (high - low > 1) {
      const int64_t middle = (low + high) / 2;
      (cuts[middle].first_part <= part ? low : high) = middle;
    }
    attend_part(pool, a, a.sequences[low], cuts[low], part - cuts[low].first_part, thread);
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
